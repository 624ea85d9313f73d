import type { Exclusion, LineQuantity, ReturnedUnits } from './events.js';
import { failingReasons } from './evolve.js';
import { hold, orderIdOf, say, type Draft } from './draft.js';
import { packedNotShipped, openLines, returnedFromNowhere, unpacked } from './units.js';

/** A line whose plans failed this often waits for its review date instead of being routed once more. */
export const failedPlansMax = 5;

/** Reason of a request that takes units from the centers in order to route them anew, because their lease was lost. */
export const withdrawalReason = 'reservation_lost';

type Reopening = {
  readonly reason: string;
  readonly units: readonly ReturnedUnits[];
  readonly exclusions?: readonly Exclusion[];
  readonly causeId?: string;
  readonly cancellationId?: string;
};

/** What the order's policy does with units that nobody can send now. */
export const applyShortagePolicy = (draft: Draft, lines: readonly LineQuantity[], attempt: number): void => {
  if (lines.length === 0) return;
  const orderId = orderIdOf(draft.state);
  switch (draft.state.placed?.policy.backorder) {
    case 'cancel_remainder':
      say(draft, {
        type: 'OrderLinesCancelled',
        data: { orderId, cancellationId: '', reason: 'backorder_policy', units: returnedFromNowhere(lines), causeId: '', dueBy: '' },
      });
      return;
    case 'hold':
      hold(draft, `out-of-stock-${attempt}`, 'INVENTORY_OUT_OF_STOCK', '', lines.map((line) => line.lineId));
      return;
    default:
      say(draft, { type: 'OrderBackordered', data: { orderId, lines, reviewAt: draft.at.reviewAt, attempt, dueBy: '' } });
  }
};

/** Adds exclusions, each once. */
export const excluding = (known: readonly Exclusion[], more: readonly Exclusion[]): readonly Exclusion[] => {
  const added = more.filter(
    (exclusion, n) =>
      ![...known, ...more.slice(0, n)].some((other) => other.centerId === exclusion.centerId && other.sku === exclusion.sku),
  );
  return added.length === 0 ? known : [...known, ...added].sort((a, b) => (`${a.centerId} ${a.sku}` < `${b.centerId} ${b.sku}` ? -1 : 1));
};

/**
 * Splits returned units: a customer's open request to cancel goes before routing them anew. The center that should have answered
 * the request has the units no more, so the order answers it.
 */
const splitByRequests = (draft: Draft, units: readonly ReturnedUnits[]) => {
  const cancelled = new Map<string, ReturnedUnits[]>();
  const rest: ReturnedUnits[] = [];
  for (const unit of units) {
    const fulfillment = draft.state.fulfillments.find((candidate) => candidate.id === unit.fulfillmentOrderId);
    const leg = fulfillment?.lines.find((candidate) => candidate.lineId === unit.lineId);
    let left = unit.quantity;
    if (fulfillment !== undefined && leg !== undefined && unit.packageId === '') {
      let staying = unpacked(fulfillment, leg) - unit.quantity + packedNotShipped(fulfillment, unit.lineId);
      for (const { id, reason, shares } of draft.state.cancellations) {
        if (reason === withdrawalReason) continue;
        for (const share of shares) {
          if (share.fulfillmentOrderId !== unit.fulfillmentOrderId || share.lineId !== unit.lineId) continue;
          const pending = share.asked - share.cancelled - share.refused;
          const answerable = Math.min(pending, staying);
          staying -= answerable;
          const quantity = Math.min(left, pending - answerable);
          if (quantity <= 0) continue;
          left -= quantity;
          cancelled.set(id, [...(cancelled.get(id) ?? []), { ...unit, quantity }]);
        }
      }
    }
    if (left > 0) rest.push({ ...unit, quantity: left });
  }
  return { cancelled, rest };
};

const together = (units: readonly ReturnedUnits[]): LineQuantity[] => {
  const lines = new Map<string, LineQuantity>();
  for (const { lineId, sku, quantity } of units) {
    lines.set(lineId, { lineId, sku, quantity: quantity + (lines.get(lineId)?.quantity ?? 0) });
  }
  return [...lines.values()];
};

/** Opens units again and has them routed anew, unless their plans failed too often or a cancellation waits for them. */
export const reopen = (draft: Draft, { reason, units, exclusions, causeId = '', cancellationId = '' }: Reopening): void => {
  const orderId = orderIdOf(draft.state);
  const { cancelled, rest } = splitByRequests(draft, units);
  for (const [id, own] of cancelled) {
    const request = draft.state.cancellations.find((cancellation) => cancellation.id === id);
    say(draft, {
      type: 'OrderLinesCancelled',
      data: { orderId, cancellationId: id, reason: request?.reason ?? 'other', units: own, causeId, dueBy: '' },
    });
  }
  const { placed } = draft.state;
  if (placed === undefined || (rest.length === 0 && (units.length > 0 || openLines(draft.state).length === 0))) return;
  const isFailure = failingReasons.includes(reason);
  const exhausted = together(rest).filter(({ lineId }) => {
    const failures = draft.state.lines.find((line) => line.lineId === lineId)?.failures ?? 0;
    return isFailure && failures + 1 >= failedPlansMax;
  });
  const returned = new Map(together(rest).map((line) => [line.lineId, line.quantity]));
  const lines: LineQuantity[] = [];
  for (const { lineId, sku, open } of draft.state.lines) {
    const back = exhausted.some((line) => line.lineId === lineId) ? 0 : (returned.get(lineId) ?? 0);
    if (open + back > 0) lines.push({ lineId, sku, quantity: open + back });
  }
  const isAsked = rest.length === 0 || together(rest).some(({ lineId }) => !exhausted.some((line) => line.lineId === lineId));
  const attempt = draft.state.asked.attempt + (isAsked ? 1 : 0);
  say(draft, {
    type: 'OrderLinesReopened',
    data: {
      orderId,
      reason,
      units: rest,
      lines: isAsked ? lines : [],
      exclusions: exclusions ?? draft.state.exclusions,
      attempt,
      destination: draft.state.destination,
      serviceLevel: placed.delivery.serviceLevel,
      currency: placed.currency,
      policy: placed.policy,
      causeId: cancelled.size > 0 ? '' : causeId,
      cancellationId,
      dueBy: '',
    },
  });
  applyShortagePolicy(draft, exhausted, draft.state.asked.attempt);
};
