export { alongTheAisles, assumedBin, binCode, binLimits, parseBin, type Bin } from './bin.js';
export { assumedItem, cartonOf, cartons, packageWeight, suggestCarton, type Carton, type ItemSize } from './carton.js';
export type {
  CenterKind,
  FulfillmentOrderEvent,
  PackedShare,
  PickListEntry,
  PickListEvent,
  StockEffect,
  Units,
  WithdrawnUnits,
} from './events.js';
export { fulfillmentOrder, stillToPick, type FulfillmentOrderCommand, type FulfillmentOrderRefusal } from './fulfillment-order.js';
export {
  inPlaces,
  linesIn,
  orderOf,
  places,
  progressOf,
  reportKey,
  requestStatusOf,
  unitsIn,
  unknownFulfillmentOrder,
  workStatusOf,
  type CancellationState,
  type FulfillmentOrder,
  type LineState,
  type PackageState,
  type PickState,
  type Place,
  type Progress,
  type PutBackState,
  type RequestStatus,
  type WorkStatus,
} from './fulfillment-order-state.js';
export { cellCode, cellsPerWall, pickList, type PickList, type PickListCommand, type PickListRefusal } from './pick-list.js';
export { rejectionReasons, shortReasons, type RejectionReason, type ShortReason } from './reasons.js';
export { readScan, type Scan, type ScanReading, type ScanShare } from './scan.js';
