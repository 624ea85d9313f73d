/** Injection tokens of the order service. */

/** `PlaceOrders`: the group commit of placing. */
export const PLACE_ORDERS = Symbol('orderlog:place-orders');
/** `OrderDesk`: what may be asked of one order. */
export const ORDER_DESK = Symbol('orderlog:order-desk');
/** `Clock` with the stages' deadlines. */
export const CLOCK = Symbol('orderlog:clock');
/** `Items`: which SKUs are offered. */
export const ITEMS = Symbol('orderlog:items');
/** `IntakeDesk`: judges a submitted document and has it placed; for both transports. */
export const INTAKE = Symbol('orderlog:intake');
/** `OrderSummaryQueries`. */
export const ORDER_SUMMARY = Symbol('orderlog:order-summary');
/** `OrderTimelineQueries`. */
export const ORDER_TIMELINE = Symbol('orderlog:order-timeline');
