/** The service's use cases (`Warehouse`). */
export const WAREHOUSE = Symbol('orderlog:warehouse');
/** Acts on the order's facts (`followOrder`). */
export const FOLLOW_ORDER = Symbol('orderlog:follow-order');
/** Draws a pick list on paper (`PickListDocument`). */
export const PICK_LIST_DOCUMENT = Symbol('orderlog:pick-list-document');
/** Queries of the list of fulfillment orders. */
export const FULFILLMENT_ORDER_LIST = Symbol('orderlog:fulfillment-order-list');
/** Queries of the work at hand. */
export const WORK_QUEUE = Symbol('orderlog:work-queue');
