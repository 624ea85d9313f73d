export {
  backorder,
  cover,
  type Backorder,
  type BackorderCommand,
  type BackorderEvent,
  type BackorderLine,
  type WaitingLine,
} from './backorder.js';
export { item, type Barcode, type Item, type ItemCommand, type ItemEvent, type ItemRecord } from './item.js';
export {
  adjustmentReasons,
  movement,
  type Adjustment,
  type AdjustmentReason,
  type MovementCommand,
  type MovementEvent,
  type MovementRefusal,
  type Receipt,
  type RecordedMovement,
  type StockCount,
} from './movements.js';
export {
  reservation,
  type HeldUnits,
  type PlannedUnits,
  type Reservation,
  type ReservationCommand,
  type ReservationEvent,
  type ReturnedUnits,
  type Shortage,
  type StockEffect,
} from './reservation.js';
export {
  buckets,
  emptyRow,
  enter,
  foldEntries,
  isPossible,
  moved,
  onHand,
  rowOf,
  stockKey,
  type Bucket,
  type Movement,
  type StockEntry,
  type StockRow,
  type StockRows,
} from './stock.js';
