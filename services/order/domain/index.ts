export type { LineCancellation, OrderCommand, OrderRefusal, OrderRequest, RequestData } from './commands.js';
export type {
  Business,
  CancellationShare,
  Delivery,
  Destination,
  Discount,
  Exclusion,
  LineQuantity,
  OrderEvent,
  OrderEventOf,
  OrderPlacedData,
  Payment,
  PlacedLine,
  PlannedFulfillment,
  Policy,
  ReturnedUnits,
  TaxLine,
  Totals,
} from './events.js';
export type { FactData, FactType, FollowFact, Following, Moment } from './facts.js';
export { order } from './order.js';
export { placeOrder, unknownSkuHold, type PlacingRefusal } from './place-order.js';
export { orderTimers, reactions, shippedNotice, type OrderReactions } from './reactions.js';
export type { AnsweredShare, Cancellation, Fulfillment, Hold, LegUnits, LineUnits, Order, Package } from './state.js';
export {
  cancellationStatus,
  fulfillmentStatus,
  orderStatus,
  orderStatuses,
  packageStatus,
  passesPayGate,
  requestStatus,
  stageOf,
  type FulfillmentStatus,
  type OrderStatus,
  type PackageStatus,
  type RequestStatus,
  type Stage,
} from './status.js';
export { quantitiesByLine, tally, unitPlaces, type Quantities, type UnitPlace } from './units.js';
