import {
  cancellationStatus,
  fulfillmentStatus,
  orderStatus,
  packageStatus,
  quantitiesByLine,
  requestStatus,
  tally,
  type Cancellation,
  type Fulfillment,
  type Order,
  type OrderPlacedData,
  type Package,
} from '@orderlog/order-domain';
import type { PersonalData, PostalAddress } from '../../application/personal-data.js';

/** What an order's document is made from. */
export type OrderSource = {
  readonly state: Order;
  readonly version: number;
  /** Undefined: erased. */
  readonly personal: PersonalData | undefined;
  readonly updatedAt: string;
};

/** Leaves out what has no value: neither JSON nor protobuf writes a field that is undefined. In place, because a copy of each part of a document was a tenth of what accepting an order allocates. */
const given = (fields: Record<string, unknown>): Record<string, unknown> => {
  for (const name in fields) if (fields[name] === '') fields[name] = undefined;
  return fields;
};

const addressDocument = (address: PostalAddress): Record<string, unknown> =>
  given({
    name: address.name,
    company: address.company,
    line1: address.line1,
    line2: address.line2,
    city: address.city,
    region: address.region,
    postalCode: address.postalCode,
    countryCode: address.countryCode,
    phone: address.phone,
  });

const packageDocument = (box: Package): Record<string, unknown> =>
  given({
    id: box.id,
    carrier: box.carrier,
    trackingNumber: box.trackingNumber,
    trackingUrl: box.trackingUrl,
    status: packageStatus(box),
    lines: box.lines,
    estimatedDelivery: box.expectedDelivery,
    deliveredAt: box.deliveredAt,
  });

const fulfillmentDocument = (order: Order, fulfillment: Fulfillment): Record<string, unknown> =>
  given({
    id: fulfillment.id,
    centerId: fulfillment.centerId,
    status: fulfillmentStatus(fulfillment),
    requestStatus: requestStatus(order, fulfillment),
    lines: fulfillment.lines.map(({ lineId, sku, planned }) => ({ lineId, sku, quantity: planned })),
    packages: fulfillment.packages.map(packageDocument),
    shipBy: fulfillment.shipBy,
    expectedDelivery: fulfillment.expectedDelivery,
  });

/** One request to cancel, and what was answered so far. */
export const cancellationDocument = (order: Order, cancellation: Cancellation): Record<string, unknown> => ({
  id: cancellation.id,
  status: cancellationStatus(order, cancellation),
  reason: cancellation.reason,
  shares: cancellation.shares.map(({ lineId, sku, fulfillmentOrderId, asked, cancelled, refused }) =>
    given({ lineId, sku, fulfillmentOrderId, asked, cancelled, refused }),
  ),
});

const linesDocument = (order: Order, placed: OrderPlacedData, personal: PersonalData | undefined): Record<string, unknown>[] => {
  const places = quantitiesByLine(order);
  return placed.lines.map((line) =>
    given({
      id: line.lineId,
      externalId: line.externalId,
      sku: line.sku,
      name: line.name,
      quantity: line.quantity,
      unitPrice: line.unitPrice,
      discount: line.discount,
      tax: line.tax,
      total: line.total,
      taxLines: line.taxLines,
      giftMessage: personal?.giftMessages[line.lineId],
      metadata: line.metadata,
      quantities: places.get(line.lineId),
    }),
  );
};

const customerDocument = (placed: OrderPlacedData, personal: PersonalData | undefined): Record<string, unknown> =>
  given({
    externalId: placed.customerExternalId,
    type: placed.customerType,
    name: personal?.customer.name,
    email: personal?.customer.email,
    phone: personal?.customer.phone,
    locale: placed.customerLocale,
  });

/** The order as it is answered: what was submitted, and what became of it. Personal data that was erased is left out. */
export const orderDocument = ({ state, version, personal, updatedAt }: OrderSource, trackingUrl: (token: string) => string): Record<string, unknown> => {
  const { placed } = state;
  if (placed === undefined) throw new Error('an order that does not exist has no document');
  const units = tally(state);
  const { delivery, policy, business } = placed;
  return given({
    id: placed.orderId,
    version,
    status: orderStatus(state, units),
    channel: placed.channel,
    externalReference: placed.externalReference,
    number: placed.number,
    placedAt: placed.placedAt,
    currency: placed.currency,
    taxIncluded: placed.taxIncluded,
    customer: customerDocument(placed, personal),
    shippingAddress: personal === undefined ? given({ ...state.destination }) : addressDocument(personal.shippingAddress),
    billingAddress: personal?.billingAddress === undefined ? undefined : addressDocument(personal.billingAddress),
    delivery: given({ ...delivery, instructions: personal?.instructions }),
    lines: linesDocument(state, placed, personal),
    discounts: placed.discounts,
    totals: placed.totals,
    payment: given({ ...state.payment }),
    policy: { split: policy.split, backorder: policy.backorder, substitution: policy.substitution },
    gift: given({ message: personal?.giftMessage, wrap: placed.giftWrap, hidePrices: placed.giftHidePrices }),
    business: given({ purchaseOrderNumber: business.purchaseOrderNumber, taxId: personal?.taxId, terms: business.terms }),
    tags: placed.tags,
    metadata: placed.metadata,
    holds: state.holds.map(({ id, reason, detail, lineIds }) => given({ id, reason, detail, lineIds })),
    fulfillments: state.fulfillments.map((fulfillment) => fulfillmentDocument(state, fulfillment)),
    cancellations: state.cancellations.map((cancellation) => cancellationDocument(state, cancellation)),
    returnStatus: 'none',
    backorderedQuantity: units.backordered,
    reviewAt: units.backordered > 0 ? state.reviewAt : '',
    feedback: state.feedback.answerBy === '' ? undefined : given({ answerBy: state.feedback.answerBy, score: state.feedback.score > 0 ? state.feedback.score : undefined }),
    trackingUrl: trackingUrl(placed.trackingToken),
    createdAt: placed.receivedAt,
    updatedAt,
  });
};
