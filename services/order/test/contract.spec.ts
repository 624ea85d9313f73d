import { describe, expect, it } from '@jest/globals';
import { checkPayload, payloadDescriptor } from '@orderlog/contracts';
import { isRefusal } from '@orderlog/decider';
import { order, type FactData, type FactType, type FollowFact, type LineQuantity, type Moment, type OrderCommand, type OrderEvent, type OrderPlacedData } from '@orderlog/order-domain';

const time = '2026-11-02T09:00:00.000Z';
const at: Moment = { now: time, allocateBy: time, fulfillBy: time, deliverBy: time, payBy: time, reviewAt: time, answerBy: time };
const orderId = '01930000-0000-7000-8000-000000000003';
const fulfillmentOrderId = `${orderId}.1.1`;
const boxOf = (n: number): string => `${fulfillmentOrderId}.p${n}`;
const units = (lineId: string, quantity: number): LineQuantity => ({ lineId, sku: `SKU-${lineId}`, quantity });
const lineOf = (lineId: string, quantity: number): OrderPlacedData['lines'][number] => ({
  ...units(lineId, quantity),
  externalId: lineId,
  name: 'Product',
  unitPrice: 1000,
  discount: 0,
  tax: 0,
  total: 1000 * quantity,
  taxLines: [{ name: 'VAT', rate: '0.19', amount: 1 }],
  metadata: { color: 'blue' },
});
const destination = { countryCode: 'DE', region: '', postalCode: '10115', city: 'Berlin' };
const payment = { status: 'paid', reference: 'P', authorizedAmount: 0, capturedAmount: 3500, authorizedUntil: '' };
const placed: OrderPlacedData = {
  orderId,
  channel: 'web',
  externalReference: 'R-1',
  number: '1',
  placedAt: time,
  currency: 'EUR',
  taxIncluded: true,
  customerExternalId: 'C',
  customerType: 'person',
  customerLocale: 'de',
  destination,
  delivery: { method: 'ship', serviceLevel: 'standard', amount: 500, discount: 0, tax: 0, total: 500, promisedBy: '', notBefore: '' },
  lines: [lineOf('1', 2), lineOf('2', 1)],
  discounts: [{ code: 'X', amount: 1 }],
  totals: { lines: 3000, delivery: 500, tax: 0, grandTotal: 3500 },
  payment,
  policy: { split: 'allow', backorder: 'wait', substitution: 'never', releaseOn: 'authorized' },
  giftWrap: false,
  giftHidePrices: false,
  business: { purchaseOrderNumber: '', terms: '' },
  tags: ['a'],
  metadata: { b: 'c' },
  personalDataVersion: 1,
  personalDataDigest: 'd',
  trackingToken: 't',
  receivedAt: time,
  requestDigest: 'r',
  tenantId: 'acme',
};
const place: OrderCommand = { type: 'PlaceOrder', data: { order: placed, unknownSkuLines: [], at } };
const heard = <Type extends FactType>(type: Type, data: FactData[Type]): OrderCommand =>
  // A generic member of the union: the compiler does not put name and data together by itself.
  ({ type: `Follow${type}`, data: { fact: data, factId: `fact of ${type}`, at } }) as unknown as FollowFact;
const both = [units('1', 2), units('2', 1)];
const label = { carrier: 'swift', trackingNumber: 'T', trackingUrl: 'https://carrier.test/T', cost: 1, costCurrency: 'EUR', expectedDelivery: time };

const lives: readonly (readonly OrderCommand[])[] = [
  [
    place,
    { type: 'PlaceHold', data: { holdId: 'h', reason: 'MANUAL', detail: 'x', lineIds: ['1'], at } },
    { type: 'ReleaseHold', data: { holdId: 'h', detail: 'y', at } },
    { type: 'RecordPayment', data: { payment: { ...payment, reference: 'again' }, at } },
    { type: 'ChangeAddress', data: { destination, personalDataVersion: 2, personalDataDigest: 'd', at } },
    heard('RoutingDecided', { attempt: 1, legs: [{ fulfillmentOrderId, centerId: 'berlin', centerKind: 'own', lines: both, shipBy: time, expectedDelivery: time }], serviceLevel: 'standard' }),
    heard('StockReserved', { attempt: 1, epoch: 1, expiresAt: time }),
    heard('FulfillmentOrderAccepted', { fulfillmentOrderId, lines: both }),
    heard('FulfillmentOrderPicked', { fulfillmentOrderId, lines: both }),
    { type: 'RequestCancellation', data: { cancellationId: 'c', lines: [{ lineId: '2', quantity: 1 }], reason: 'customer', note: 'n', at } },
    heard('FulfillmentOrderCancellationRefused', { fulfillmentOrderId, cancellationId: 'c', reason: 'third_party_refused', shares: [units('2', 1)] }),
    heard('PackageClosed', { fulfillmentOrderId, packageId: boxOf(1), lines: [units('1', 2)] }),
    heard('PackageClosed', { fulfillmentOrderId, packageId: boxOf(2), lines: [units('2', 1)] }),
    heard('LabelPurchased', { fulfillmentOrderId, packageId: boxOf(1), lines: [units('1', 2)], ...label }),
    heard('ShipmentHandedOver', {
      fulfillmentOrderId,
      shipmentId: 's',
      carrier: 'swift',
      packages: [
        { packageId: boxOf(1), trackingNumber: 'T', lines: [units('1', 2)] },
        { packageId: boxOf(2), trackingNumber: 'U', lines: [units('2', 1)] },
      ],
    }),
    heard('PackageDelivered', { fulfillmentOrderId, packageId: boxOf(1), lines: [units('1', 2)], deliveredAt: time }),
    heard('PackageLost', { fulfillmentOrderId, packageId: boxOf(2), lines: [units('2', 1)] }),
    { type: 'ResolveUndelivered', data: { packageId: boxOf(2), action: 'cancel', at } },
    { type: 'ReceiveFeedback', data: { score: 4, personalDataVersion: 3, at } },
  ],
  [
    place,
    heard('RoutingInfeasible', { attempt: 1, reason: 'NO_STOCK' }),
    heard('BackorderCovered', { lines: [units('1', 2)] }),
    { type: 'RequestCancellation', data: { cancellationId: 'c', lines: [], reason: 'customer', note: '', at } },
  ],
];

const said = (commands: readonly OrderCommand[]): OrderEvent[] => {
  let state = order.initialState;
  return commands.flatMap((command) => {
    const outcome = order.decide(command, state);
    if (isRefusal(outcome)) throw new Error(`${command.type}: ${outcome.refused}`);
    state = outcome.reduce(order.evolve, state);
    return [...outcome];
  });
};

/** Events that no decision makes yet. */
const later = ['OrderRejected', 'OrderAmended'];

describe('the events of the order', () => {
  const events = lives.flatMap(said);
  it('are all spoken by these lives, but for those of later', () => {
    const names = [...new Set(events.map((event) => event.type))].sort();
    const contract = payloadDescriptor('order', 'OrderPlaced')?.file.messages.map((message) => message.name).filter((name) => name.startsWith('Order')) ?? [];
    expect([...names, ...later].sort()).toStrictEqual([...contract].sort());
  });
  it('have exactly the fields of their contract', () => {
    for (const event of events) {
      expect(checkPayload('order', event.type, event.data)).toBeUndefined();
      const fields = payloadDescriptor('order', event.type)?.fields.map((field) => field.jsonName) ?? [];
      expect([event.type, Object.keys(event.data).sort()]).toStrictEqual([event.type, [...fields].sort()]);
    }
  });
});
