import type { Exclusion, OrderEvent } from './events.js';
import type { Following } from './facts.js';
import { conclude, draftOf, hold, orderIdOf, say, type Draft } from './draft.js';
import { applyShortagePolicy, excluding, failedPlansMax, reopen, withdrawalReason } from './reopening.js';
import type { Fulfillment, Order } from './state.js';
import { openLines, returnedFrom, returnedFromNowhere, unpackedLines } from './units.js';

// What routing and inventory say.

/** routing chose centers: the plan holds for units that are still open; the rest goes by the order's policy. */
export const followRoutingDecided = (order: Order, { fact, at }: Following<'RoutingDecided'>): readonly OrderEvent[] => {
  const { attempt } = fact;
  // An older plan is void: the newer request names its units too.
  if (attempt !== order.asked.attempt || order.fulfillments.some((leg) => leg.attempt === attempt)) return [];
  const draft = draftOf(order, at);
  const open = new Map(order.lines.map((line) => [line.lineId, line.open]));
  const fulfillments = (fact.legs ?? [])
    .map(({ fulfillmentOrderId, centerId, centerKind, lines, shipBy, expectedDelivery }) => ({
      fulfillmentOrderId,
      centerId,
      centerKind,
      lines: lines
        .map(({ lineId, sku, quantity }) => {
          const taken = Math.min(quantity, open.get(lineId) ?? 0);
          open.set(lineId, (open.get(lineId) ?? 0) - taken);
          return { lineId, sku, quantity: taken };
        })
        .filter((line) => line.quantity > 0),
      shipBy,
      expectedDelivery,
    }))
    .filter((leg) => leg.lines.length > 0);
  if (fulfillments.length > 0) {
    const orderId = orderIdOf(order);
    const serviceLevel = fact.serviceLevel ?? order.placed?.delivery.serviceLevel ?? '';
    say(draft, { type: 'OrderRouted', data: { orderId, attempt, fulfillments, serviceLevel, reservationId: `${orderId}.${attempt}` } });
  }
  // Everything that is still open now was left out of the plan, whether routing says so or not: no unit is forgotten.
  applyShortagePolicy(draft, openLines(draft.state), attempt);
  return conclude(draft);
};

/** routing found no plan for any unit. */
export const followRoutingInfeasible = (order: Order, { fact, at }: Following<'RoutingInfeasible'>): readonly OrderEvent[] => {
  if (fact.attempt !== order.asked.attempt || order.fulfillments.some((leg) => leg.attempt === fact.attempt)) return [];
  const draft = draftOf(order, at);
  const lines = openLines(order);
  if (lines.length === 0) return [];
  if (fact.reason === 'UNKNOWN_DESTINATION') hold(draft, `address-${fact.attempt}`, 'INCORRECT_ADDRESS', 'the destination is not known');
  else applyShortagePolicy(draft, lines, fact.attempt);
  return conclude(draft);
};

const legsOf = (order: Order, attempt: number, phases: readonly Fulfillment['phase'][]): Fulfillment[] =>
  order.fulfillments.filter((leg) => leg.attempt === attempt && phases.includes(leg.phase) && unpackedLines(leg).length > 0);

/** inventory leased every unit of the plan. */
export const followStockReserved = (order: Order, { fact, at }: Following<'StockReserved'>): readonly OrderEvent[] => {
  const legs = legsOf(order, fact.attempt, ['routed']);
  const [first] = legs;
  if (first === undefined) return [];
  const draft = draftOf(order, at);
  say(draft, {
    type: 'OrderAllocated',
    data: {
      orderId: orderIdOf(order),
      attempt: fact.attempt,
      reservationId: first.reservationId,
      lines: legs.flatMap(unpackedLines),
      expiresAt: fact.expiresAt,
      reservationEpoch: fact.epoch,
      dueBy: '',
    },
  });
  return conclude(draft);
};

const giveBack = (draft: Draft, legs: readonly Fulfillment[], reason: string, exclusions?: readonly Exclusion[]): readonly OrderEvent[] => {
  const units = legs.flatMap((leg) => returnedFrom(leg, unpackedLines(leg), 'none'));
  if (units.length > 0) reopen(draft, { reason, units, ...(exclusions === undefined ? {} : { exclusions }) });
  return conclude(draft);
};

/** inventory leased nothing: what was short is excluded from the next plan. */
export const followReservationRejected = (order: Order, { fact, at }: Following<'ReservationRejected'>): readonly OrderEvent[] => {
  const short = (fact.shortages ?? []).map(({ centerId, sku }) => ({ centerId, sku, reason: 'reservation_rejected' }));
  return giveBack(draftOf(order, at), legsOf(order, fact.attempt, ['routed']), 'reservation_rejected', excluding(order.exclusions, short));
};

/** The lease ran out. Where the centers may work already, inventory is about to hear of it, and says whether it came too late. */
export const followReservationExpired = (order: Order, { fact, at }: Following<'ReservationExpired'>): readonly OrderEvent[] =>
  giveBack(draftOf(order, at), legsOf(order, fact.attempt, ['routed', 'allocated']), 'reservation_expired');

/** The release came after the lease's end: the centers are asked to stop, and what they give back is routed anew. */
export const followReservationLost = (order: Order, { fact, at }: Following<'ReservationLost'>): readonly OrderEvent[] => {
  const draft = draftOf(order, at);
  const released = legsOf(order, fact.attempt, ['released']);
  const cancellationId = `lost-${orderIdOf(order)}.${fact.attempt}`;
  if (released.length > 0 && !order.cancellations.some((cancellation) => cancellation.id === cancellationId)) {
    const shares = released.flatMap((leg) => unpackedLines(leg).map((line) => ({ ...line, fulfillmentOrderId: leg.id })));
    say(draft, {
      type: 'OrderCancellationRequested',
      data: { orderId: orderIdOf(order), cancellationId, reason: withdrawalReason, shares, note: '' },
    });
  }
  return giveBack(draft, legsOf(order, fact.attempt, ['routed', 'allocated']), 'reservation_expired');
};

/** Stock came. An order that ships complete asks for all its waiting units again, or it would be split after all. */
export const followBackorderCovered = (order: Order, { fact, factId, at }: Following<'BackorderCovered'>): readonly OrderEvent[] => {
  if (order.causes.includes(factId)) return [];
  const covered = order.lines.filter((line) => (fact.lines ?? []).some(({ lineId }) => lineId === line.lineId));
  const isComplete = order.placed?.policy.split === 'ship_complete';
  const lines = (isComplete ? order.lines : covered)
    .filter((line) => line.backordered > 0 && line.failures < failedPlansMax)
    .map(({ lineId, sku, backordered }) => {
      const told = (fact.lines ?? []).filter((line) => line.lineId === lineId).reduce((sum, line) => sum + line.quantity, 0);
      return { lineId, sku, quantity: isComplete ? backordered : Math.min(told, backordered) };
    })
    .filter((line) => line.quantity > 0);
  if (lines.length === 0) return [];
  const draft = draftOf(order, at);
  const skus = new Set(covered.map((line) => line.sku));
  const exclusions = order.exclusions.filter(({ sku, reason }) => !skus.has(sku) || reason === 'center_rejected');
  reopen(draft, { reason: 'backorder_covered', units: returnedFromNowhere(lines), exclusions, causeId: factId });
  return conclude(draft);
};
