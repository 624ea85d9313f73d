import { evolve } from './evolve-shipment.js';
import { handedOver } from './hand-over.js';
import type { Package } from './package.js';
import type { CarrierScan } from './shipment.js';
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

const meaning = (scan: CarrierScan, { packageId, lines }: Package, { orderId, fulfillmentOrderId }: Shipment): readonly ShipmentEvent[] => {
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

/** Why a scan is not recorded. */
export type ScanRefusal = 'unknown_package' | 'label_voided' | 'unknown_tracking_number' | 'too_many_scans';

/** Says why a scan cannot be recorded, or undefined when it can or was. */
export const scanRefusal = (box: Package | undefined, { scanId, trackingNumber }: Pick<CarrierScan, 'scanId' | 'trackingNumber'>): ScanRefusal | undefined => {
  if (box === undefined) return 'unknown_package';
  if (box.scanIds.has(scanId)) return undefined;
  if (box.label === undefined) return 'label_voided';
  if (box.label.trackingNumber !== trackingNumber) return 'unknown_tracking_number';
  return box.scanIds.size >= scansPerPackageMax ? 'too_many_scans' : undefined;
};

const recordScan = (scan: CarrierScan, state: Shipment): readonly ShipmentEvent[] => {
  const box = state.packages.get(scan.packageId);
  if (box?.label === undefined || box.scanIds.has(scan.scanId) || scanRefusal(box, scan) !== undefined) return [];
  const { orderId, fulfillmentOrderId } = state;
  const recorded: ShipmentEvent = {
    type: 'TrackingScanRecorded',
    data: {
      orderId,
      fulfillmentOrderId,
      packageId: box.packageId,
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
  const implied = handedOver([box], box.label.carrier, state.shipments + 1, { handedOverAt: scan.scannedAt, impliedByScan: true }, state);
  return [recorded, implied, ...meaning(scan, box, state)];
};

/**
 * Records what the carrier told, and what it means if it means anything new: the business state never goes back, so the first of
 * delivered, returned and lost to arrive is final, whatever time the scans carry. Scans that cannot be recorded are passed over
 * (`scanRefusal` says why), so that one of them does not keep the others out.
 */
export const recordScans = (scans: readonly CarrierScan[], state: Shipment): readonly ShipmentEvent[] => {
  const events: ShipmentEvent[] = [];
  let now = state;
  for (const scan of scans) {
    const recorded = recordScan(scan, now);
    events.push(...recorded);
    now = recorded.reduce(evolve, now);
  }
  return events;
};
