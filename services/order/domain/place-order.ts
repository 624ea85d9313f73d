import { refuse, type Refusal } from '@orderlog/decider';
import type { OrderEvent, OrderPlacedData } from './events.js';
import type { RequestData } from './commands.js';
import { passesPayGate } from './status.js';

/** Why an order document is refused. */
export type PlacingRefusal = 'TotalsMismatch' | 'DuplicateLine' | 'PickupNotOffered' | 'AmountTooLarge';

const mismatch = (field: string, computed: number): Refusal<PlacingRefusal> => refuse('TotalsMismatch', `the computed value is ${computed}`, field);

/** Judges the document's arithmetic: only sums are checked, tax is never recomputed. */
const judge = ({ lines, delivery, totals, taxIncluded }: OrderPlacedData): Refusal<PlacingRefusal> | undefined => {
  if (delivery.method === 'pickup') return refuse('PickupNotOffered', 'pickup is not offered yet', '/delivery/method');
  const names = new Set<string>();
  let sum = 0;
  for (const [n, line] of lines.entries()) {
    if (names.has(line.externalId)) {
      return refuse('DuplicateLine', `another line has the external id ${line.externalId}`, `/lines/${n}/externalId`);
    }
    names.add(line.externalId);
    const total = line.unitPrice * line.quantity - line.discount + (taxIncluded ? 0 : line.tax);
    sum += line.total;
    if (!Number.isSafeInteger(total) || !Number.isSafeInteger(sum)) {
      return refuse('AmountTooLarge', 'amounts are at most 2^53 - 1', `/lines/${n}/unitPrice`);
    }
    if (total < 0) return refuse('TotalsMismatch', 'the discount is more than the line costs', `/lines/${n}/discount`);
    if (total !== line.total) return mismatch(`/lines/${n}/total`, total);
  }
  const deliveryTotal = delivery.amount - delivery.discount + (taxIncluded ? 0 : delivery.tax);
  if (deliveryTotal < 0) return refuse('TotalsMismatch', 'the discount is more than the delivery costs', '/delivery/discount');
  if (deliveryTotal !== delivery.total) return mismatch('/delivery/total', deliveryTotal);
  if (sum !== totals.lines) return mismatch('/totals/lines', sum);
  if (deliveryTotal !== totals.delivery) return mismatch('/totals/delivery', deliveryTotal);
  const grandTotal = sum + deliveryTotal;
  if (!Number.isSafeInteger(grandTotal)) return refuse('AmountTooLarge', 'amounts are at most 2^53 - 1', '/totals/grandTotal');
  return grandTotal === totals.grandTotal ? undefined : mismatch('/totals/grandTotal', grandTotal);
};

/** Screened: routing may plan it. `payBy` is empty when the pay gate is passed already. */
export const accepted = (order: OrderPlacedData, { at, dueBy }: { readonly at: { readonly payBy: string }; readonly dueBy: string }): OrderEvent => ({
  type: 'OrderAccepted',
  data: {
    orderId: order.orderId,
    destination: order.destination,
    serviceLevel: order.delivery.serviceLevel,
    currency: order.currency,
    policy: order.policy,
    lines: order.lines.map(({ lineId, sku, quantity }) => ({ lineId, sku, quantity })),
    attempt: 1,
    dueBy,
    payBy: passesPayGate(order.payment, order.policy.releaseOn) ? '' : at.payBy,
  },
});

/** Id of the hold for units whose SKU nobody knows. */
export const unknownSkuHold = 'unknown-sku';

/** A new order: placed, and accepted unless a line's SKU is unknown and the channel wants it held rather than refused. */
export const placeOrder = ({ order, unknownSkuLines, at }: RequestData<'PlaceOrder'>): readonly OrderEvent[] | Refusal<PlacingRefusal> => {
  const wrong = judge(order);
  if (wrong !== undefined) return wrong;
  const placed: OrderEvent = { type: 'OrderPlaced', data: order };
  if (unknownSkuLines.length === 0) return [placed, accepted(order, { at, dueBy: at.allocateBy })];
  const { orderId } = order;
  const reason = 'UNKNOWN_SKU';
  return [placed, { type: 'OrderHeld', data: { orderId, holdId: unknownSkuHold, reason, detail: '', lineIds: unknownSkuLines } }];
};
