// Orders and facts for the specs of this service. Nothing else imports it.
import type { OrderCommand } from './commands.js';
import type { LineQuantity, OrderPlacedData } from './events.js';
import type { FactData, FactType, FollowFact, Moment } from './facts.js';

/** One moment for a whole spec: deadlines an hour, days and weeks from it. */
export const at: Moment = {
  now: '2026-11-02T09:00:00.000Z',
  allocateBy: '2026-11-02T10:00:00.000Z',
  fulfillBy: '2026-11-05T09:00:00.000Z',
  deliverBy: '2026-12-02T09:00:00.000Z',
  payBy: '2026-11-02T09:30:00.000Z',
  reviewAt: '2026-11-03T09:00:00.000Z',
  answerBy: '2026-11-16T09:00:00.000Z',
};

/** Id of every sample order. */
export const orderId = '01930000-0000-7000-8000-000000000003';
/** Id of a leg of the first attempt, or of another. */
export const legId = (leg: number, attempt = 1): string => `${orderId}.${attempt}.${leg}`;
/** Units of a line; line n is of SKU-n. */
export const units = (lineId: string, quantity: number): LineQuantity => ({ lineId, sku: `SKU-${lineId}`, quantity });

/** An order of lines with these quantities at 10.00 each, 5.00 for the delivery, paid. */
export const sampleOrder = (quantities: readonly number[], changed: Partial<OrderPlacedData> = {}): OrderPlacedData => {
  const lines = quantities.map((quantity, n) => ({
    lineId: `${n + 1}`,
    externalId: `line-${n + 1}`,
    sku: `SKU-${n + 1}`,
    name: `Product ${n + 1}`,
    quantity,
    unitPrice: 1000,
    discount: 0,
    tax: 0,
    total: 1000 * quantity,
    taxLines: [],
    metadata: {},
  }));
  const sum = lines.reduce((total, line) => total + line.total, 0);
  return {
    orderId,
    channel: 'web',
    externalReference: 'R-1',
    number: '',
    placedAt: at.now,
    currency: 'EUR',
    taxIncluded: true,
    customerExternalId: '',
    customerType: 'person',
    customerLocale: '',
    destination: { countryCode: 'DE', region: '', postalCode: '10115', city: 'Berlin' },
    delivery: { method: 'ship', serviceLevel: 'standard', amount: 500, discount: 0, tax: 0, total: 500, promisedBy: '', notBefore: '' },
    lines,
    discounts: [],
    totals: { lines: sum, delivery: 500, tax: 0, grandTotal: sum + 500 },
    payment: { status: 'paid', reference: 'P-1', authorizedAmount: 0, capturedAmount: sum + 500, authorizedUntil: '' },
    policy: { split: 'allow', backorder: 'wait', substitution: 'never', releaseOn: 'authorized' },
    giftWrap: false,
    giftHidePrices: false,
    business: { purchaseOrderNumber: '', terms: '' },
    tags: [],
    metadata: {},
    personalDataVersion: 1,
    personalDataDigest: 'digest',
    trackingToken: 'token',
    receivedAt: at.now,
    requestDigest: 'request',
    tenantId: 'acme',
    ...changed,
  };
};

/** The command that places an order. */
export const place = (order: OrderPlacedData): OrderCommand => ({ type: 'PlaceOrder', data: { order, unknownSkuLines: [], at } });

let facts = 0;
/** The command that a fact becomes; every call is another fact unless it is told its id. */
export const fact = <Type extends FactType>(type: Type, data: FactData[Type], factId = `fact-${(facts += 1)}`): OrderCommand =>
  // A generic member of the union: the compiler does not put name and data together by itself.
  ({ type: `Follow${type}`, data: { fact: data, factId, at } }) as unknown as FollowFact;

/** routing plans these legs: lines by center. */
export const decided = (attempt: number, legs: readonly { readonly centerId: string; readonly lines: readonly LineQuantity[] }[]): OrderCommand =>
  fact('RoutingDecided', {
    attempt,
    legs: legs.map(({ centerId, lines }, n) => ({
      fulfillmentOrderId: legId(n + 1, attempt),
      centerId,
      centerKind: 'own',
      lines,
      shipBy: '2026-11-02T16:00:00.000Z',
      expectedDelivery: '2026-11-04T16:00:00.000Z',
    })),
    serviceLevel: 'standard',
  });
/** inventory leases the plan of an attempt. */
export const reserved = (attempt = 1): OrderCommand => fact('StockReserved', { attempt, epoch: 1, expiresAt: '2026-11-02T09:15:00.000Z' });
/** A box of a leg is closed. */
export const closed = (fulfillmentOrderId: string, n: number, lines: readonly LineQuantity[]): OrderCommand =>
  fact('PackageClosed', { fulfillmentOrderId, packageId: `${fulfillmentOrderId}.p${n}`, lines, weightGrams: 900, carton: 'S' });
/** Its label is bought. */
export const labeled = (fulfillmentOrderId: string, n: number, lines: readonly LineQuantity[]): OrderCommand =>
  fact('LabelPurchased', {
    fulfillmentOrderId,
    packageId: `${fulfillmentOrderId}.p${n}`,
    lines,
    carrier: 'swift',
    trackingNumber: `T${n}`,
    trackingUrl: `https://carrier.test/T${n}`,
  });
/** The carrier takes boxes of a leg. */
export const handedOver = (fulfillmentOrderId: string, boxes: readonly { readonly n: number; readonly lines: readonly LineQuantity[] }[]): OrderCommand =>
  fact('ShipmentHandedOver', {
    fulfillmentOrderId,
    shipmentId: `${fulfillmentOrderId}.s1`,
    carrier: 'swift',
    packages: boxes.map(({ n, lines }) => ({ packageId: `${fulfillmentOrderId}.p${n}`, trackingNumber: `T${n}`, lines })),
  });
/** The customer has a box. */
export const delivered = (fulfillmentOrderId: string, n: number, lines: readonly LineQuantity[]): OrderCommand =>
  fact('PackageDelivered', { fulfillmentOrderId, packageId: `${fulfillmentOrderId}.p${n}`, lines, deliveredAt: '2026-11-04T12:00:00.000Z' });
/** A box is lost. */
export const lost = (fulfillmentOrderId: string, n: number, lines: readonly LineQuantity[]): OrderCommand =>
  fact('PackageLost', { fulfillmentOrderId, packageId: `${fulfillmentOrderId}.p${n}`, lines });
