import { refuse, type Refusal } from '@orderlog/decider';
import type { CancellationShare, LineQuantity, OrderEvent, ReturnedUnits } from './events.js';
import type { RequestData } from './commands.js';
import type { Following } from './facts.js';
import { conclude, draftOf, orderIdOf, releaseHold, say, type Draft } from './draft.js';
import { fulfillmentOf, silentCancellationHold, silentHold } from './fulfillment-facts.js';
import { reopen, withdrawalReason } from './reopening.js';
import type { Fulfillment, Order } from './state.js';
import { packedNotShipped, quantitiesByLine, returnedFrom, returnedFromNowhere, unpacked, unpackedLines } from './units.js';
import { unanswered } from './status.js';

type Answer<Code extends string> = readonly OrderEvent[] | Refusal<Code>;

type Wish = {
  /** Units that end now. */
  readonly now: ReturnedUnits[];
  /** Units that a center or a carrier must answer for. */
  readonly asked: CancellationShare[];
  /** Units that the carrier has. */
  readonly tooLate: CancellationShare[];
};

const pendingOf = (order: Order, fulfillment: Fulfillment, lineId: string): number => {
  let pending = 0;
  for (const { shares } of order.cancellations) {
    for (const share of shares) {
      if (share.fulfillmentOrderId === fulfillment.id && share.lineId === lineId) pending += unanswered(order, share);
    }
  }
  return pending;
};

/** Takes units of one line, those first that cost least to cancel: waiting, leased, with a center, in a box; what has left comes last. */
const take = (order: Order, lineId: string, sku: string, wanted: number, wish: Wish): void => {
  const line = order.lines.find((candidate) => candidate.lineId === lineId);
  const free = Math.min(wanted, (line?.open ?? 0) + (line?.backordered ?? 0));
  let left = wanted - free;
  if (free > 0) wish.now.push(...returnedFromNowhere([{ lineId, sku, quantity: free }]));
  for (const fulfillment of order.fulfillments) {
    const leg = fulfillment.lines.find((candidate) => candidate.lineId === lineId);
    if (leg === undefined || fulfillment.phase === 'released' || left === 0) continue;
    const quantity = Math.min(left, unpacked(fulfillment, leg));
    if (quantity > 0) wish.now.push(...returnedFrom(fulfillment, [{ lineId, sku, quantity }], 'release'));
    left -= quantity;
  }
  for (const fulfillment of order.fulfillments) {
    const leg = fulfillment.lines.find((candidate) => candidate.lineId === lineId);
    if (leg === undefined || fulfillment.phase !== 'released' || left === 0) continue;
    const inHand = unpacked(fulfillment, leg) + packedNotShipped(fulfillment, lineId);
    const quantity = Math.min(left, inHand - pendingOf(order, fulfillment, lineId));
    if (quantity <= 0) continue;
    wish.asked.push({ lineId, sku, quantity, fulfillmentOrderId: fulfillment.id });
    left -= quantity;
  }
  if (left > 0) wish.tooLate.push({ lineId, sku, quantity: left, fulfillmentOrderId: '' });
};

type RequestRefusal = 'LineUnknown' | 'QuantityExceedsOrdered' | 'HandedOver' | 'NothingToCancel' | 'CancellationPending';

/** What the caller named, or everything that has not left. */
const wanted = (order: Order, lines: RequestData<'RequestCancellation'>['lines']): LineQuantity[] | Refusal<RequestRefusal> => {
  const places = quantitiesByLine(order);
  if (lines.length === 0) {
    return order.lines.flatMap(({ lineId, sku }) => {
      const units = places.get(lineId);
      const quantity =
        units === undefined
          ? 0
          : units.open + units.backordered + units.routed + units.allocated + units.released + units.picked + units.packed;
      return quantity > 0 ? [{ lineId, sku, quantity }] : [];
    });
  }
  const named: LineQuantity[] = [];
  for (const [n, { lineId, quantity }] of lines.entries()) {
    const line = order.lines.find((candidate) => candidate.lineId === lineId);
    if (line === undefined) return refuse('LineUnknown', `the order has no line ${lineId}`, `/lines/${n}/lineId`);
    const live = line.ordered - line.cancelled;
    if (quantity > live || named.some((other) => other.lineId === lineId)) {
      return refuse('QuantityExceedsOrdered', `line ${lineId} has ${live} units left`, `/lines/${n}/quantity`);
    }
    named.push({ lineId, sku: line.sku, quantity });
  }
  return named;
};

/** A caller wants units cancelled: decided at once before they are released, asked of center and carrier afterwards, refused once gone. */
export const requestCancellation = (order: Order, data: RequestData<'RequestCancellation'>): Answer<RequestRefusal> => {
  if (order.cancellations.some((cancellation) => cancellation.id === data.cancellationId)) return [];
  const lines = wanted(order, data.lines);
  if ('refused' in lines) return lines;
  const wish: Wish = { now: [], asked: [], tooLate: [] };
  for (const line of lines) take(order, line.lineId, line.sku, line.quantity, wish);
  if (wish.now.length === 0 && wish.asked.length === 0) {
    const places = [...quantitiesByLine(order).values()];
    const isPending = places.some((units) => units.released + units.picked + units.packed > 0);
    if (isPending) return refuse('CancellationPending', 'these units are asked for already');
    const isGone = places.some((units) => units.shipped + units.delivered + units.undelivered > 0);
    return isGone ? refuse('HandedOver', 'the carrier has these units') : refuse('NothingToCancel', 'no unit is left to cancel');
  }
  const draft = draftOf(order, data.at);
  const { cancellationId, reason } = data;
  const orderId = orderIdOf(order);
  if (wish.asked.length > 0) {
    say(draft, { type: 'OrderCancellationRequested', data: { orderId, cancellationId, reason, shares: wish.asked, note: data.note } });
  }
  if (wish.now.length > 0) {
    say(draft, { type: 'OrderLinesCancelled', data: { orderId, cancellationId, reason, units: wish.now, causeId: '', dueBy: '' } });
  }
  if (wish.tooLate.length > 0) {
    say(draft, {
      type: 'OrderCancellationRefused',
      data: { orderId, cancellationId, reason: 'handed_over', shares: wish.tooLate, causeId: '' },
    });
  }
  return conclude(draft);
};

const withdraw = (
  draft: Draft,
  fulfillment: Fulfillment,
  cancellationId: string,
  lines: readonly LineQuantity[],
  how: { readonly stockEffect: string; readonly packageId: string; readonly causeId: string },
): void => {
  const request = draft.state.cancellations.find((cancellation) => cancellation.id === cancellationId);
  if (request?.reason === withdrawalReason) {
    // The lease is lost: inventory has nothing to take back for these units.
    const units = returnedFrom(fulfillment, lines, 'none', how.packageId);
    reopen(draft, { reason: withdrawalReason, units, cancellationId, causeId: how.causeId });
    return;
  }
  say(draft, {
    type: 'OrderLinesCancelled',
    data: {
      orderId: orderIdOf(draft.state),
      cancellationId,
      reason: request?.reason ?? 'other',
      units: returnedFrom(fulfillment, lines, how.stockEffect, how.packageId),
      causeId: how.causeId,
      dueBy: '',
    },
  });
};

/** A center that answered is silent no more; one that has nothing left has nothing more to answer. */
const endSilence = (draft: Draft, fulfillmentOrderId: string): void => {
  releaseHold(draft, silentCancellationHold(fulfillmentOrderId), 'the center answered');
  const fulfillment = fulfillmentOf(draft.state, fulfillmentOrderId);
  if (fulfillment !== undefined && unpackedLines(fulfillment).length === 0) releaseHold(draft, silentHold(fulfillmentOrderId), 'the center answered');
};

const unknown = (id: string): Refusal<'FulfillmentUnknown'> => refuse('FulfillmentUnknown', `the order has no fulfillment ${id}`);

/** The warehouse gave units up before their box was closed. */
export const followWithdrawn = (
  order: Order,
  { fact, factId, at }: Following<'FulfillmentOrderCancelled'>,
): Answer<'FulfillmentUnknown'> => {
  const fulfillment = fulfillmentOf(order, fact.fulfillmentOrderId);
  if (fulfillment === undefined) return unknown(fact.fulfillmentOrderId);
  if (order.causes.includes(factId)) return [];
  const rest = new Map(unpackedLines(fulfillment).map((line) => [line.lineId, line]));
  const lines = (fact.lines ?? []).flatMap(({ lineId, quantity }) => {
    const line = rest.get(lineId);
    return line === undefined ? [] : [{ ...line, quantity: Math.min(quantity, line.quantity) }];
  });
  if (lines.length === 0) return [];
  const draft = draftOf(order, at);
  const stockEffect = fact.stockEffect === undefined || fact.stockEffect === '' ? 'release' : fact.stockEffect;
  withdraw(draft, fulfillment, fact.cancellationId, lines, { stockEffect, packageId: '', causeId: factId });
  endSilence(draft, fulfillment.id);
  return conclude(draft);
};

const refusedShares = (
  order: Order,
  fulfillment: Fulfillment,
  cancellationId: string,
  lines: readonly LineQuantity[],
): CancellationShare[] => {
  const request = order.cancellations.find((cancellation) => cancellation.id === cancellationId);
  return lines.flatMap(({ lineId, quantity }) => {
    const share = request?.shares.find((candidate) => candidate.fulfillmentOrderId === fulfillment.id && candidate.lineId === lineId);
    const refused = share === undefined ? 0 : Math.min(quantity, share.asked - share.cancelled - share.refused);
    return share === undefined || refused === 0 ? [] : [{ lineId, sku: share.sku, quantity: refused, fulfillmentOrderId: fulfillment.id }];
  });
};

const noteRefusal = (
  order: Order,
  fulfillmentOrderId: string,
  told: { readonly cancellationId: string; readonly reason: string; readonly lines: readonly LineQuantity[] },
  { factId, at }: Pick<Following<'ShipmentCancellationRefused'>, 'factId' | 'at'>,
): Answer<'FulfillmentUnknown'> => {
  const fulfillment = fulfillmentOf(order, fulfillmentOrderId);
  if (fulfillment === undefined) return unknown(fulfillmentOrderId);
  if (order.causes.includes(factId)) return [];
  const shares = refusedShares(order, fulfillment, told.cancellationId, told.lines);
  if (shares.length === 0) return [];
  const draft = draftOf(order, at);
  const { cancellationId, reason } = told;
  say(draft, {
    type: 'OrderCancellationRefused',
    data: { orderId: orderIdOf(order), cancellationId, reason, shares, causeId: factId },
  });
  endSilence(draft, fulfillmentOrderId);
  return conclude(draft);
};

/** The warehouse does not give units up. Those in a closed box are not its own any more: shipping answers for them. */
export const followWithdrawalRefused = (
  order: Order,
  { fact, factId, at }: Following<'FulfillmentOrderCancellationRefused'>,
): Answer<'FulfillmentUnknown'> => {
  if (fact.reason === 'not_mine') return [];
  const { cancellationId, reason, shares = [] } = fact;
  return noteRefusal(order, fact.fulfillmentOrderId, { cancellationId, reason, lines: shares }, { factId, at });
};

/** Shipping voided a box before the carrier had it. */
export const followShipmentCancelled = (
  order: Order,
  { fact, factId, at }: Following<'ShipmentCancelled'>,
): Answer<'FulfillmentUnknown'> => {
  const fulfillment = fulfillmentOf(order, fact.fulfillmentOrderId);
  if (fulfillment === undefined) return unknown(fact.fulfillmentOrderId);
  const box = fulfillment.packages.find((candidate) => candidate.id === fact.packageId);
  if (box !== undefined && (box.emptied !== '' || box.shipped || box.outcome !== '')) return [];
  const rest = new Map(unpackedLines(fulfillment).map((line) => [line.lineId, line.quantity]));
  const lines =
    box?.lines ??
    (fact.lines ?? [])
      .map(({ lineId, sku, quantity }) => ({ lineId, sku, quantity: Math.min(quantity, rest.get(lineId) ?? 0) }))
      .filter((line) => line.quantity > 0);
  if (lines.length === 0) return [];
  const draft = draftOf(order, at);
  withdraw(draft, fulfillment, fact.cancellationId, lines, { stockEffect: 'release', packageId: fact.packageId, causeId: factId });
  return conclude(draft);
};

/** Shipping does not give a box up. */
export const followShipmentKept = (
  order: Order,
  { fact, factId, at }: Following<'ShipmentCancellationRefused'>,
): Answer<'FulfillmentUnknown'> => {
  const { cancellationId, reason, lines = [] } = fact;
  return noteRefusal(order, fact.fulfillmentOrderId, { cancellationId, reason, lines }, { factId, at });
};
