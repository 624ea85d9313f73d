import { describe, expect, it } from '@jest/globals';
import type { TrackedPackage, TrackedScan } from '../../read-models/parcel-tracking/tracked-package.row.js';
import { noParcelPage, trackingPage } from './tracking-page.js';

const box = (over: Partial<TrackedPackage> = {}): TrackedPackage => ({
  packageId: 'p1',
  tenantId: 't',
  orderId: 'o',
  fulfillmentOrderId: 'f',
  centerId: 'c',
  trackingToken: 'tok',
  status: 'handed_over',
  lines: [{ lineId: '1', sku: '<MUG>', quantity: 2 }],
  weightGrams: 1,
  serviceLevel: 'standard',
  destinationCountryCode: 'BR',
  destinationCity: 'Rio & Niterói',
  carrier: 'simpost',
  trackingNumber: 'HA473124829BR',
  trackingUrl: '',
  shipmentId: 's',
  plannedDelivery: '',
  expectedDelivery: '2026-11-26T12:00:00.000Z',
  expectedDeliveryFrom: '2026-11-26T00:00:00.000Z',
  expectedDeliveryUntil: '2026-11-27T12:00:00.000Z',
  packedAt: '2026-11-23T12:00:00.000Z',
  handedOverAt: '2026-11-23T15:00:00.000Z',
  endedAt: null,
  ...over,
});
const scan = (over: Partial<TrackedScan> = {}): TrackedScan => ({
  packageId: 'p1',
  scanId: 's1',
  status: 'out_for_delivery',
  carrierText: 'On the vehicle',
  scannedAt: '2026-11-25T10:05:00.000Z',
  city: 'Rio',
  countryCode: 'BR',
  utcOffsetMinutes: -180,
  ...over,
});
const nobody = () => undefined;

describe('the tracking page', () => {
  it('shows our word, the carrier’s words, local time with zone, and the range of days', () => {
    const page = trackingPage([{ box: box(), scans: [scan()] }], nobody);
    for (const shown of ['Out for delivery', 'On the vehicle', 'Wed 25 Nov, 07:05 (UTC−3)', 'Thursday 26 November', 'Friday 27 November', 'aria-current="step"', 'lang="en"']) {
      expect(page).toContain(shown);
    }
  });
  it('escapes whatever comes from outside', () => {
    const page = trackingPage([{ box: box(), scans: [scan({ carrierText: '<img src=x>', city: '"Rio"' })] }], (sku) => (sku === '<MUG>' ? 'Mug & <b>saucer</b>' : undefined));
    for (const shown of ['&lt;img src=x&gt;', '&quot;Rio&quot;', 'Mug &amp; &lt;b&gt;saucer', 'Rio &amp; Niterói']) expect(page).toContain(shown);
    for (const raw of ['<img', '<MUG>', '<script', 'href=']) expect(page).not.toContain(raw);
  });
  it('says the end of a package in the day of its place', () => {
    const late = scan({ status: 'delivered', scannedAt: '2026-11-26T01:30:00.000Z', carrierText: 'Delivered' });
    const page = trackingPage([{ box: box({ status: 'delivered', endedAt: late.scannedAt }), scans: [late] }], nobody);
    expect(page).toContain('Delivered on <strong>Wednesday 25 November');
  });
  it('counts split parcels and leaves cancelled ones out', () => {
    const parcels = [box({ status: 'delivered', endedAt: '2026-11-25T12:00:00.000Z' }), box({ packageId: 'p2' }), box({ packageId: 'p3', status: 'cancelled', endedAt: '2026-11-25T12:00:00.000Z' })];
    const page = trackingPage(parcels.map((one) => ({ box: one, scans: [] })), nobody);
    expect(page).toContain('comes in 2 parcels');
    expect(page).toContain('Arrived so far: 1 of 2');
    expect(page).toContain('Parcel 3 of 3');
  });
  it('keeps a lost parcel at the step it reached', () => {
    const page = trackingPage([{ box: box({ status: 'lost', endedAt: '2026-11-29T12:00:00.000Z' }), scans: [scan({ status: 'lost' })] }], nobody);
    expect(page).toContain('Lost by the carrier');
    expect(page).not.toContain('aria-current="step"');
  });
  it('has a page for links that lead nowhere', () => expect(noParcelPage()).toContain('No parcel is known by this link'));
});
