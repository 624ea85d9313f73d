import type { Shipment } from '@orderlog/shipping-domain';
import type { TrackedPackage } from '../../read-models/parcel-tracking/tracked-package.row.js';
import type { TrackedParcel } from '../../read-models/parcel-tracking/parcel-tracking.queries.js';

/** A shipment stream as its callers see it. */
export const shipmentResponse = (state: Shipment) => ({
  fulfillmentOrderId: state.fulfillmentOrderId,
  orderId: state.orderId,
  version: state.version,
  packages: [...state.packages.values()].map(({ packageId, status, lines, request, label, purchase, shipmentId, scanIds }) => ({
    id: packageId,
    status,
    centerId: request.centerId,
    serviceLevel: request.serviceLevel,
    weightGrams: request.weightGrams,
    lines,
    carrier: label?.carrier ?? purchase?.carrier,
    trackingNumber: label?.trackingNumber,
    trackingUrl: label?.trackingUrl,
    cost: label === undefined ? undefined : { amount: label.cost, currency: label.costCurrency },
    expectedDelivery: label?.expectedDelivery ?? request.expectedDelivery,
    shipmentId,
    scans: scanIds.size,
  })),
});

/** A package at a dock, or just gone from it. */
export const dockResponse = (box: TrackedPackage) => ({
  id: box.packageId,
  fulfillmentOrderId: box.fulfillmentOrderId,
  orderId: box.orderId,
  centerId: box.centerId,
  carrier: box.carrier,
  trackingNumber: box.trackingNumber,
  weightGrams: box.weightGrams,
  packedAt: box.packedAt,
  lines: box.lines,
});

/** Local time as RFC 3339 with the offset of the place. */
export const localTime = (instant: string, utcOffsetMinutes: number): string => {
  const local = new Date(Date.parse(instant) + utcOffsetMinutes * 60_000).toISOString().slice(0, -1);
  const size = Math.abs(utcOffsetMinutes);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${local}${utcOffsetMinutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
};

/** A package with everything the carrier told. */
export const trackingResponse = ({ box, scans }: TrackedParcel) => ({
  packageId: box.packageId,
  orderId: box.orderId,
  carrier: box.carrier,
  trackingNumber: box.trackingNumber,
  status: box.status,
  lines: box.lines,
  expectedDelivery: box.expectedDelivery,
  expectedDeliveryFrom: box.expectedDeliveryFrom,
  expectedDeliveryUntil: box.expectedDeliveryUntil,
  destination: { city: box.destinationCity, countryCode: box.destinationCountryCode },
  scans: scans.map((scan) => ({
    scanId: scan.scanId,
    status: scan.status,
    text: scan.carrierText,
    scannedAt: localTime(scan.scannedAt, scan.utcOffsetMinutes),
    city: scan.city,
    countryCode: scan.countryCode,
  })),
});
