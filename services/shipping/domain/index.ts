export { contentsOf, coversAll, type Contents, type Destination } from './contents.js';
export { handOverRefusal, type HandOverRefusal } from './hand-over.js';
export { isBeforeHandOver, isWithCarrier, type Label, type Package, type PackageRequest, type PackageStatus } from './package.js';
export { scanStatuses, type LabelPurchased, type LabelPurchaseRequested, type ScanStatus, type ShipmentEvent, type ShipmentEventOf } from './shipment-events.js';
export { fulfillmentOrderOf, shipmentStream, type NotedCancellation, type Shipment } from './shipment-state.js';
export {
  shipment,
  type CancelPackage,
  type CarrierScan,
  type HandOver,
  type RecordLabel,
  type RequestLabel,
  type ShipmentCommand,
  type ShipmentRefusal,
} from './shipment.js';
export { checkDigit, isTrackingNumber, trackingNumber } from './tracking-number.js';
export { scanRefusal, scansPerPackageMax, type ScanRefusal } from './tracking-scan.js';
