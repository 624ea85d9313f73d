import { describe, expect, it } from '@jest/globals';
import { specification } from '@orderlog/testing';
import type { Contents, ShipmentCommand, ShipmentEvent, ShipmentEventOf } from './index.js';
import { scanRefusal, scansPerPackageMax, shipment } from './index.js';

const given = specification(shipment);

const orderId = '019a0000-0000-7000-8000-000000000003';
const fulfillmentOrderId = `${orderId}.1.1`;
const p1 = `${fulfillmentOrderId}.p1`;
const p2 = `${fulfillmentOrderId}.p2`;
const of = { orderId, fulfillmentOrderId };
const lines: readonly Contents[] = [{ lineId: '1', sku: 'MUG', quantity: 2 }];
const request = {
  centerId: 'sao-paulo',
  serviceLevel: 'standard',
  weightGrams: 800,
  lengthMm: 300,
  widthMm: 200,
  heightMm: 100,
  trackingToken: 'tok',
  expectedDelivery: '2026-11-27T18:00:00.000Z',
};
const destination = { countryCode: 'BR', postalCode: '01310-100', city: 'São Paulo' };
const moved = { countryCode: 'BR', postalCode: '20040-002', city: 'Rio de Janeiro' };
const keyAt = (version: number) => `shipment-${fulfillmentOrderId}/${version}`;

const request1 = (packageId = p1): ShipmentCommand => ({
  type: 'RequestLabel',
  data: { ...of, ...request, packageId, lines, destination, carriers: ['swift', 'steady'] },
});
const requested = (
  version = 1,
  { packageId = p1, carrier = 'swift', alternatives = ['steady'], to = destination, labelKey = keyAt(version) } = {},
): ShipmentEvent => ({
  type: 'LabelPurchaseRequested',
  data: {
    ...of,
    packageId,
    ...request,
    carrier,
    labelKey,
    lines,
    destinationCountryCode: to.countryCode,
    destinationPostalCode: to.postalCode,
    destinationCity: to.city,
    alternatives,
  },
});
const bought = (version = 1, { packageId = p1, carrier = 'swift', personalDataVersion = 1 } = {}) => ({
  packageId,
  carrier,
  serviceLevel: 'standard',
  trackingNumber: `HA${version}`,
  trackingUrl: `https://swift.example/HA${version}`,
  carrierAccountId: 'acc-1',
  carrierLabelId: `lbl-${version}`,
  cost: 1250,
  costCurrency: 'BRL',
  expectedDelivery: '2026-11-26T18:00:00.000Z',
  expectedDeliveryFrom: '2026-11-25T08:00:00.000Z',
  expectedDeliveryUntil: '2026-11-27T18:00:00.000Z',
  labelKey: keyAt(version),
  personalDataVersion,
});
const record = (...args: Parameters<typeof bought>): ShipmentCommand => ({ type: 'RecordLabel', data: bought(...args) });
const purchased = (...args: Parameters<typeof bought>): ShipmentEvent => ({ type: 'LabelPurchased', data: { ...of, ...bought(...args), lines } });
const voided = (version: number, reason: 'cancelled' | 'address_changed' | 'superseded', packageId = p1): ShipmentEvent => ({
  type: 'LabelVoided',
  data: {
    ...of,
    packageId,
    carrier: 'swift',
    trackingNumber: `HA${version}`,
    carrierLabelId: `lbl-${version}`,
    carrierAccountId: 'acc-1',
    labelKey: keyAt(version),
    reason,
  },
});
const refused = (version: number, carrier: string): ShipmentEvent => ({
  type: 'LabelRefused',
  data: { ...of, packageId: p1, carrier, reason: 'too_heavy', labelKey: keyAt(version) },
});
const failed = (version: number, reason = 'too_heavy'): ShipmentEvent => ({
  type: 'LabelFailed',
  data: { ...of, packageId: p1, reason, labelKey: keyAt(version) },
});
const now = '2026-11-23T12:00:00.000Z';
const handOver = (packageIds: readonly string[], { centerId = 'sao-paulo', carrier = '' } = {}): ShipmentCommand => ({
  type: 'HandOver',
  data: { centerId, carrier, packageIds, now },
});
const handedOver = (
  packages: readonly (readonly [packageId: string, labelVersion: number])[],
  { nth = 1, carrier = 'swift', handedOverAt = now, impliedByScan = false } = {},
): ShipmentEvent => ({
  type: 'ShipmentHandedOver',
  data: {
    ...of,
    centerId: 'sao-paulo',
    shipmentId: `${fulfillmentOrderId}.s${nth}`,
    carrier,
    packages: packages.map(([packageId, version]) => ({ packageId, trackingNumber: `HA${version}`, lines })),
    handedOverAt,
    impliedByScan,
  },
});
const at = '2026-11-24T09:00:00.000Z';
const scanData = (scanId: string, status: ShipmentEventOf<'TrackingScanRecorded'>['data']['status'], trackingNumber = 'HA1') => ({
  packageId: p1,
  trackingNumber,
  scanId,
  status,
  carrierText: 'as told',
  scannedAt: at,
  city: 'Campinas',
  countryCode: 'BR',
  utcOffsetMinutes: -180,
});
const scans = (...all: readonly Parameters<typeof scanData>[]): ShipmentCommand => ({
  type: 'RecordScans',
  data: { scans: all.map((args) => scanData(...args)) },
});
const scan = (...args: Parameters<typeof scanData>): ShipmentCommand => scans(args);
const scanned = (...args: Parameters<typeof scanData>): ShipmentEvent => ({ type: 'TrackingScanRecorded', data: { ...of, ...scanData(...args) } });
const delivered: ShipmentEvent = { type: 'PackageDelivered', data: { ...of, packageId: p1, deliveredAt: at, lines } };
const lost: ShipmentEvent = { type: 'PackageLost', data: { ...of, packageId: p1, lines } };
const cancel = (asked = lines, cancellationId = 'c1'): ShipmentCommand => ({
  type: 'CancelPackage',
  data: { ...of, packageId: p1, cancellationId, lines: asked },
});
const half: readonly Contents[] = [{ lineId: '1', sku: 'MUG', quantity: 1 }];
const cancelled = (cancellationId = 'c1'): ShipmentEvent => ({ type: 'ShipmentCancelled', data: { ...of, packageId: p1, cancellationId, lines } });
const cancellationRefused = (
  reason: 'handed_over' | 'whole_package' | 'already_cancelled',
  asked = lines,
  cancellationId = 'c1',
): ShipmentEvent => ({ type: 'ShipmentCancellationRefused', data: { ...of, packageId: p1, cancellationId, reason, lines: asked } });
const noted = (asked = lines, cancellationId = 'c1'): ShipmentEvent => ({
  type: 'ShipmentCancellationNoted',
  data: { ...of, packageId: p1, cancellationId, lines: asked },
});
const changeAddress = (personalDataVersion = 2): ShipmentCommand => ({
  type: 'ChangeAddress',
  data: { destination: moved, personalDataVersion },
});
const addressChanged: ShipmentEvent = {
  type: 'ShipmentAddressChanged',
  data: { ...of, personalDataVersion: 2, destinationCountryCode: 'BR', destinationPostalCode: '20040-002', destinationCity: 'Rio de Janeiro' },
};
const unknown = 'UnknownPackage';

describe('requesting a label', () => {
  it('asks the first carrier and keeps the others', () => given().when(request1()).thenEvents(requested()));
  it('does nothing when the package arrives twice', () => given(requested()).when(request1()).thenNothing());
  it('gives every package its own key', () => given(requested()).when(request1(p2)).thenEvents(requested(2, { packageId: p2 })));
  it('refuses without any carrier', () =>
    given()
      .when({ type: 'RequestLabel', data: { ...of, ...request, packageId: p1, lines, destination, carriers: [] } })
      .thenRefused('NoCarrier'));
});

describe('a label that was sold', () => {
  it('is recorded', () => given(requested()).when(record()).thenEvents(purchased()));
  it('is recorded once', () => given(requested(), purchased()).when(record()).thenNothing());
  it('is refused for a package nobody knows', () => given().when(record()).thenRefused(unknown));
  it('is given back when the package was withdrawn meanwhile', () =>
    given(requested(), cancelled()).when(record()).thenEvents(voided(1, 'cancelled')));
  it('is given back once', () => given(requested(), cancelled(), voided(1, 'cancelled')).when(record()).thenNothing());
  it('is given back and bought anew when the address changed meanwhile', () =>
    given(requested(), addressChanged)
      .when(record(1, { personalDataVersion: 1 }))
      .thenEvents(voided(1, 'address_changed'), requested(4, { to: moved })));
  it('is recorded when it was bought with the newest address', () =>
    given(requested(), addressChanged)
      .when(record(1, { personalDataVersion: 2 }))
      .thenEvents(purchased(1, { personalDataVersion: 2 })));
  it('is given back when another purchase is waited for', () =>
    given(requested(), addressChanged, voided(7, 'address_changed'), requested(4, { to: moved }))
      .when(record(1))
      .thenEvents(voided(1, 'superseded')));
});

describe('a carrier that refuses', () => {
  const refuse = (version: number, carrier: string): ShipmentCommand => ({
    type: 'RecordLabelRefusal',
    data: { packageId: p1, labelKey: keyAt(version), carrier, reason: 'too_heavy' },
  });
  const second = requested(3, { carrier: 'steady', alternatives: [] });
  it('is followed by the next', () => given(requested()).when(refuse(1, 'swift')).thenEvents(refused(1, 'swift'), second));
  it('is heard once', () => given(requested(), refused(1, 'swift'), second).when(refuse(1, 'swift')).thenNothing());
  it('fails the label when it was the last', () =>
    given(requested(), refused(1, 'swift'), second).when(refuse(3, 'steady')).thenEvents(refused(3, 'steady'), failed(3)));
  it('is of no interest once the package was withdrawn', () => given(requested(), cancelled()).when(refuse(1, 'swift')).thenNothing());
  it('is refused for a package nobody knows', () => given().when(refuse(1, 'swift')).thenRefused(unknown));
});

describe('a carrier that stays silent', () => {
  const silent: ShipmentCommand = { type: 'RecordSilentCarrier', data: { packageId: p1, labelKey: keyAt(1) } };
  it('fails the label without trying another, which could buy a second one', () =>
    given(requested()).when(silent).thenEvents(failed(1, 'carrier_unreachable')));
  it('is heard once', () => given(requested(), failed(1, 'carrier_unreachable')).when(silent).thenNothing());
  it('changes nothing after all when the label came', () => given(requested(), purchased()).when(silent).thenNothing());
});

describe('trying again after a failure', () => {
  const retry = (carriers = ['swift', 'steady']): ShipmentCommand => ({ type: 'RetryLabel', data: { packageId: p1, carriers } });
  it('uses a new key after refusals', () =>
    given(requested(1, { alternatives: [] }), refused(1, 'swift'), failed(1)).when(retry()).thenEvents(requested(4)));
  it('keeps key and carrier of a purchase that may have happened', () =>
    given(requested(), failed(1, 'carrier_unreachable'))
      .when(retry(['steady']))
      .thenEvents(requested(3, { labelKey: keyAt(1) })));
  it('is refused while a purchase is under way', () => given(requested()).when(retry()).thenRefused('LabelNotFailed'));
  it('is refused without any carrier', () =>
    given(requested(1, { alternatives: [] }), refused(1, 'swift'), failed(1)).when(retry([])).thenRefused('NoCarrier'));
});

describe('an address change', () => {
  it('is noted while a purchase is under way', () => given(requested()).when(changeAddress()).thenEvents(addressChanged));
  it('voids a label with the old address and buys anew from its carrier', () =>
    given(requested(), purchased())
      .when(changeAddress())
      .thenEvents(addressChanged, voided(1, 'address_changed'), requested(5, { alternatives: [], to: moved })));
  it('comes too late after hand-over', () => given(requested(), purchased(), handedOver([[p1, 1]])).when(changeAddress()).thenNothing());
  it('does nothing when it is heard twice', () => given(requested(), addressChanged).when(changeAddress()).thenNothing());
  it('does nothing to a stream without packages', () => given().when(changeAddress()).thenNothing());
});

describe('hand-over', () => {
  const second = [requested(3, { packageId: p2 }), purchased(3, { packageId: p2 })];
  it('takes packages of one carrier together', () =>
    given(requested(), purchased(), ...second).when(handOver([p1, p2])).thenEvents(handedOver([[p1, 1], [p2, 3]])));
  it('makes a shipment for each carrier', () =>
    given(requested(), purchased(), requested(3, { packageId: p2 }), purchased(3, { packageId: p2, carrier: 'steady' }))
      .when(handOver([p1, p2]))
      .thenEvents(handedOver([[p1, 1]]), handedOver([[p2, 3]], { nth: 2, carrier: 'steady' })));
  it('numbers a later one on', () =>
    given(requested(), purchased(), ...second, handedOver([[p1, 1]]))
      .when(handOver([p2]))
      .thenEvents(handedOver([[p2, 3]], { nth: 2 })));
  it('does nothing when it is told twice', () => given(requested(), purchased(), handedOver([[p1, 1]])).when(handOver([p1, p1])).thenNothing());
  it('passes over what has no label', () => given(requested()).when(handOver([p1])).thenNothing());
  it('passes over what was withdrawn', () => given(requested(), purchased(), voided(1, 'cancelled'), cancelled()).when(handOver([p1])).thenNothing());
  it('passes over what is in another center', () => given(requested(), purchased()).when(handOver([p1], { centerId: 'rio' })).thenNothing());
  it('passes over what another carrier is to take', () => given(requested(), purchased()).when(handOver([p1], { carrier: 'steady' })).thenNothing());
});

describe('a carrier scan', () => {
  const out = [requested(), purchased(), handedOver([[p1, 1]])];
  it('is recorded', () => given(...out).when(scan('s1', 'in_transit')).thenEvents(scanned('s1', 'in_transit')));
  it('is recorded once', () => given(...out, scanned('s1', 'in_transit')).when(scan('s1', 'in_transit')).thenNothing());
  it('of a delivery delivers', () => given(...out).when(scan('s1', 'delivered')).thenEvents(scanned('s1', 'delivered'), delivered));
  it('of a failed attempt says so', () =>
    given(...out)
      .when(scan('s1', 'failure'))
      .thenEvents(scanned('s1', 'failure'), {
        type: 'DeliveryAttemptFailed',
        data: { ...of, packageId: p1, reason: 'as told', attemptedAt: at },
      }));
  it('of a loss ends the package', () => given(...out).when(scan('s1', 'lost')).thenEvents(scanned('s1', 'lost'), lost));
  it('of a return ends the package', () =>
    given(...out)
      .when(scan('s1', 'return_to_sender'))
      .thenEvents(scanned('s1', 'return_to_sender'), { type: 'PackageReturnedToSender', data: { ...of, packageId: p1, returnedAt: at, lines } }));
  it('that comes late moves nothing back', () =>
    given(...out, scanned('s2', 'delivered'), delivered)
      .when(scan('s1', 'out_for_delivery'))
      .thenEvents(scanned('s1', 'out_for_delivery')));
  it('of a delivery after a loss is data only', () =>
    given(...out, scanned('s1', 'lost'), lost).when(scan('s2', 'delivered')).thenEvents(scanned('s2', 'delivered')));
  it('proves a hand-over that nobody recorded', () =>
    given(requested(), purchased())
      .when(scan('s1', 'in_transit'))
      .thenEvents(scanned('s1', 'in_transit'), handedOver([[p1, 1]], { handedOverAt: at, impliedByScan: true })));
  it('of a delivery proves the hand-over too', () =>
    given(requested(), purchased())
      .when(scan('s1', 'delivered'))
      .thenEvents(scanned('s1', 'delivered'), handedOver([[p1, 1]], { handedOverAt: at, impliedByScan: true }), delivered));
  it('before transit proves nothing', () =>
    given(requested(), purchased()).when(scan('s1', 'pre_transit')).thenEvents(scanned('s1', 'pre_transit')));
  it('comes in batches, in which each is judged after those before it', () =>
    given(...out)
      .when(scans(['s1', 'in_transit'], ['s2', 'delivered'], ['s1', 'in_transit'], ['s3', 'lost']))
      .thenEvents(scanned('s1', 'in_transit'), scanned('s2', 'delivered'), delivered, scanned('s3', 'lost')));

  const refusalAfter = (past: readonly ShipmentEvent[], ...args: Parameters<typeof scanData>) => {
    given(...past).when(scan(...args)).thenNothing();
    return scanRefusal(past.reduce(shipment.evolve, shipment.initialState).packages.get(p1), scanData(...args));
  };
  it('of another tracking number is refused', () => expect(refusalAfter(out, 's1', 'delivered', 'HA9')).toBe('unknown_tracking_number'));
  it('of a voided label is refused', () =>
    expect(refusalAfter([requested(), purchased(), voided(1, 'cancelled'), cancelled()], 's1', 'in_transit')).toBe('label_voided'));
  it('is refused for a package nobody knows', () => expect(refusalAfter([], 's1', 'in_transit')).toBe('unknown_package'));
  it('is refused when the carrier floods us', () => {
    const many = Array.from({ length: scansPerPackageMax }, (_, n) => scanned(`s${n}`, 'in_transit'));
    expect(refusalAfter([...out, ...many], 'one-more', 'in_transit')).toBe('too_many_scans');
  });
  it('that was recorded is not refused', () => expect(refusalAfter([...out, scanned('s1', 'in_transit')], 's1', 'in_transit')).toBeUndefined());
});

describe('a cancellation', () => {
  it('withdraws a labeled package and voids its label', () =>
    given(requested(), purchased()).when(cancel()).thenEvents(voided(1, 'cancelled'), cancelled()));
  it('withdraws a package that waits for its label', () => given(requested()).when(cancel()).thenEvents(cancelled()));
  it('is refused for a part of a closed package', () =>
    given(requested(), purchased()).when(cancel(half)).thenEvents(cancellationRefused('whole_package', half)));
  it('counts the shares of one line together', () =>
    given(requested()).when(cancel([...half, ...half])).thenEvents(cancelled()));
  it('is refused after hand-over', () =>
    given(requested(), purchased(), handedOver([[p1, 1]])).when(cancel()).thenEvents(cancellationRefused('handed_over')));
  it('is refused when another one withdrew the package', () =>
    given(requested(), cancelled('c0')).when(cancel()).thenEvents(cancellationRefused('already_cancelled')));
  it('does nothing when it is heard twice', () => {
    given(requested(), cancelled()).when(cancel()).thenNothing();
    given(requested(), cancellationRefused('whole_package', half)).when(cancel(half)).thenNothing();
  });
  it('waits for a package that has not arrived', () => given().when(cancel()).thenEvents(noted()));
  it('waits once', () => given(noted()).when(cancel()).thenNothing());
  it('withdraws the package on its arrival, without buying a label', () => given(noted()).when(request1()).thenEvents(cancelled()));
  it('withdraws it for good', () => given(noted(), cancelled()).when(request1()).thenNothing());
  it('for a part is refused on arrival', () =>
    given(noted(half)).when(request1()).thenEvents(requested(2), cancellationRefused('whole_package', half)));
  it('for a part gives way to one for the whole', () =>
    given(noted(half, 'c1'), noted(lines, 'c2'))
      .when(request1())
      .thenEvents(cancellationRefused('already_cancelled', half, 'c1'), cancelled('c2')));
});
