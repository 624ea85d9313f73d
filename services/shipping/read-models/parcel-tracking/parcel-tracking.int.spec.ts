import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { serviceMigrations } from '@orderlog/backbone';
import type { SqlExecutor } from '@orderlog/event-log';
import type { ShipmentEvent } from '@orderlog/shipping-domain';
import { freshDatabase, projectionSpecification, type FreshDatabase } from '@orderlog/testing';
import { Pool } from 'pg';
import { parcelTracking } from './parcel-tracking.projection.js';

let database: FreshDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await freshDatabase({ service: 'shipping', folders: serviceMigrations('shipping') });
  pool = new Pool({ connectionString: database.adminUrl });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const given = (...events: readonly ShipmentEvent[]) => projectionSpecification(parcelTracking, pool as SqlExecutor)(...events);

const of = { orderId: 'o', fulfillmentOrderId: 'o.1.1', packageId: 'o.1.1.p1' };
const lines = [{ lineId: '1', sku: 'MUG', quantity: 2 }];
const requested: ShipmentEvent = {
  type: 'LabelPurchaseRequested',
  data: {
    ...of,
    centerId: 'c',
    carrier: 'simpost',
    serviceLevel: 'standard',
    labelKey: 'k',
    weightGrams: 800,
    lengthMm: 1,
    widthMm: 1,
    heightMm: 1,
    lines,
    destinationCountryCode: 'BR',
    destinationPostalCode: '20040-002',
    destinationCity: 'Rio de Janeiro',
    trackingToken: 'tok',
    expectedDelivery: '2026-11-27T18:00:00.000Z',
    alternatives: [],
  },
};
const purchased: ShipmentEvent = {
  type: 'LabelPurchased',
  data: {
    ...of,
    carrier: 'simpost',
    serviceLevel: 'standard',
    trackingNumber: 'HA473124829BR',
    trackingUrl: 'u',
    carrierAccountId: 'a',
    carrierLabelId: 'l',
    cost: 1,
    costCurrency: 'BRL',
    lines,
    expectedDelivery: 'e',
    expectedDeliveryFrom: 'f',
    expectedDeliveryUntil: 'u',
    labelKey: 'k',
    personalDataVersion: 1,
  },
};
const handedOver: ShipmentEvent = {
  type: 'ShipmentHandedOver',
  data: {
    orderId: 'o',
    fulfillmentOrderId: 'o.1.1',
    centerId: 'c',
    shipmentId: 'o.1.1.s1',
    carrier: 'simpost',
    packages: [{ packageId: of.packageId, trackingNumber: 'HA473124829BR', lines }],
    handedOverAt: '2026-11-24T08:00:00.000Z',
    impliedByScan: false,
  },
};
const scanned: ShipmentEvent = {
  type: 'TrackingScanRecorded',
  data: {
    ...of,
    trackingNumber: 'HA473124829BR',
    scanId: 's1',
    status: 'in_transit',
    carrierText: 'as told',
    scannedAt: '2026-11-24T09:00:00.000Z',
    city: 'Campinas',
    countryCode: 'BR',
    utcOffsetMinutes: -180,
  },
};
const voided: ShipmentEvent = {
  type: 'LabelVoided',
  data: { ...of, carrier: 'simpost', trackingNumber: 'HA473124829BR', carrierLabelId: 'l', carrierAccountId: 'a', labelKey: 'k', reason: 'cancelled' },
};
const moved: ShipmentEvent = {
  type: 'ShipmentAddressChanged',
  data: { orderId: 'o', fulfillmentOrderId: 'o.1.1', personalDataVersion: 2, destinationCountryCode: 'BR', destinationPostalCode: '24020-005', destinationCity: 'Niterói' },
};

describe('parcel tracking', () => {
  it('follows a package from packed to delivered', async () => {
    const delivered: ShipmentEvent = { type: 'PackageDelivered', data: { ...of, deliveredAt: '2026-11-26T10:00:00.000Z', lines } };
    await given(requested, purchased, handedOver, scanned, delivered).thenRowsLike('tracked_packages_v1', [
      {
        package_id: of.packageId,
        tenant_id: 'tenant-1',
        status: 'delivered',
        tracking_number: 'HA473124829BR',
        shipment_id: 'o.1.1.s1',
        packed_at: new Date('2026-01-01T00:00:01.500Z'),
        handed_over_at: new Date('2026-11-24T08:00:00.000Z'),
        ended_at: new Date('2026-11-26T10:00:00.000Z'),
        lines,
      },
    ]);
  });
  it('keeps every scan once', () =>
    given(requested, purchased, handedOver, scanned).thenRowsLike('tracked_scans_v1', [{ package_id: of.packageId, scan_id: 's1', status: 'in_transit', utc_offset_minutes: -180 }]));
  it('takes a voided label off the package', () =>
    given(requested, purchased, voided, { type: 'ShipmentCancelled', data: { ...of, cancellationId: 'c1', lines } }).thenRowsLike('tracked_packages_v1', [
      { status: 'cancelled', tracking_number: '', carrier: '' },
    ]));
  it('shows the new destination of what has not left', () =>
    given(requested, moved).thenRowsLike('tracked_packages_v1', [{ destination_city: 'Niterói', destination_postal_code: '24020-005' }]));
  it('knows nothing of a package that was withdrawn before it came', () =>
    given({ type: 'ShipmentCancelled', data: { ...of, cancellationId: 'c1', lines } }).thenNoRows());
});
