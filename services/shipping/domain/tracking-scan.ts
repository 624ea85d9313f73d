import { refuse, type Refusal } from '@orderlog/decider';
import { handedOver } from './hand-over.js';
import type { Package } from './package.js';
import type { RecordScan } from './shipment.js';
import type { ScanStatus, ShipmentEvent } from './shipment-events.js';
import type { Shipment } from './shipment-state.js';

/** Scans that are kept of one package; a carrier that sends more is not telling anything new. */
export const scansPerPackageMax = 500;

/** A scan of these kinds can only be of a package that the carrier holds or held. */
const provesHandOver: ReadonlySet<ScanStatus> = new Set([
  'in_transit',
  'out_for_delivery',
  'available_for_pickup',
  'delivered',
  'return_to_sender',
  'failure',
  'lost',
]);

const meaning = (scan: RecordScan, { packageId, lines }: Package, { orderId, fulfillmentOrderId }: Shipment): readonly ShipmentEvent[] => {
  const of = { orderId, fulfillmentOrderId, packageId };
  switch (scan.status) {
    case 'delivered':
      return [{ type: 'PackageDelivered', data: { ...of, deliveredAt: scan.scannedAt, lines } }];
    case 'return_to_sender':
      return [{ type: 'PackageReturnedToSender', data: { ...of, returnedAt: scan.scannedAt, lines } }];
    case 'lost':
      return [{ type: 'PackageLost', data: { ...of, lines } }];
    case 'failure':
      return [{ type: 'DeliveryAttemptFailed', data: { ...of, reason: scan.carrierText, attemptedAt: scan.scannedAt } }];
    default:
      return [];
  }
};

/**
 * Records what the carrier told, and what it means if it means anything new: the business state never goes back, so the first of
 * delivered, returned and lost to arrive is final, whatever time the scans carry.
 */
export const recordScan = (
  scan: RecordScan,
  box: Package,
  state: Shipment,
): readonly ShipmentEvent[] | Refusal<'UnknownTrackingNumber' | 'LabelWasVoided' | 'TooManyScans'> => {
  const { packageId, label } = box;
  if (box.scanIds.has(scan.scanId)) return [];
  if (label === undefined) return refuse('LabelWasVoided', `package ${packageId} has no label in use`);
  if (label.trackingNumber !== scan.trackingNumber) {
    return refuse('UnknownTrackingNumber', `package ${packageId} does not carry ${scan.trackingNumber}`);
  }
  if (box.scanIds.size >= scansPerPackageMax) return refuse('TooManyScans', `package ${packageId} has ${scansPerPackageMax} scans`);
  const { orderId, fulfillmentOrderId } = state;
  const recorded: ShipmentEvent = {
    type: 'TrackingScanRecorded',
    data: {
      orderId,
      fulfillmentOrderId,
      packageId,
      trackingNumber: scan.trackingNumber,
      scanId: scan.scanId,
      status: scan.status,
      carrierText: scan.carrierText,
      scannedAt: scan.scannedAt,
      city: scan.city,
      countryCode: scan.countryCode,
      utcOffsetMinutes: scan.utcOffsetMinutes,
    },
  };
  if (box.status === 'handed_over') return [recorded, ...meaning(scan, box, state)];
  if (box.status !== 'labeled' || !provesHandOver.has(scan.status)) return [recorded];
  const implied = handedOver([box], label.carrier, state.shipments + 1, { handedOverAt: scan.scannedAt, impliedByScan: true }, state);
  return [recorded, implied, ...meaning(scan, box, state)];
};
