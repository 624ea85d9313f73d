import { evolve } from './evolve.js';
import type { OrderEvent, OrderEventOf } from './events.js';
import type { Moment } from './facts.js';
import type { Order } from './state.js';
import { isCancelled, isDelivered, isShipped, passesPayGate, stageOf, type Stage } from './status.js';
import { liveLines, tally, unpackedLines, type Quantities } from './units.js';

/** A decision in the making: the events so far and the state after them. */
export type Draft = { readonly before: Order; state: Order; readonly events: OrderEvent[]; readonly at: Moment };

/** Begins a decision. */
export const draftOf = (order: Order, at: Moment): Draft => ({ before: order, state: order, events: [], at });

/** Adds an event to a decision. */
export const say = (draft: Draft, event: OrderEvent): void => {
  draft.events.push(event);
  draft.state = evolve(draft.state, event);
};

/** The order's id; a decision is only begun on an order that exists. */
export const orderIdOf = (order: Order): string => order.placed?.orderId ?? '';

/** Opens a hold, unless the same one is open. */
export const hold = (draft: Draft, holdId: string, reason: string, detail: string, lineIds: readonly string[] = []): void => {
  if (draft.state.holds.some((open) => open.id === holdId)) return;
  say(draft, { type: 'OrderHeld', data: { orderId: orderIdOf(draft.state), holdId, reason, detail, lineIds } });
};

/** Ends a hold, if it is open. */
export const releaseHold = (draft: Draft, holdId: string, detail: string): void => {
  const open = draft.state.holds.find((candidate) => candidate.id === holdId);
  if (open === undefined) return;
  say(draft, {
    type: 'OrderHoldReleased',
    data: { orderId: orderIdOf(draft.state), holdId, reason: open.reason, detail, dueBy: '' },
  });
};

/** Id of the one hold for a stage that took too long. */
export const stageHoldId = 'stage-overdue';

const releaseAttempts = (draft: Draft): void => {
  const attempts = new Set<number>();
  for (const leg of draft.state.fulfillments) if (leg.phase === 'allocated') attempts.add(leg.attempt);
  const { placed, holds, payment } = draft.state;
  if (attempts.size === 0 || placed === undefined || holds.length > 0) return;
  if (!passesPayGate(payment, placed.policy.releaseOn)) return;
  for (const attempt of attempts) {
    const legs = draft.state.fulfillments.filter((leg) => leg.attempt === attempt);
    const fulfillments = legs
      .map((leg) => ({
        fulfillmentOrderId: leg.id,
        centerId: leg.centerId,
        centerKind: leg.centerKind,
        lines: unpackedLines(leg),
        shipBy: leg.shipBy,
        expectedDelivery: leg.expectedDelivery,
      }))
      .filter((leg) => leg.lines.length > 0);
    const [first] = legs;
    if (first === undefined || fulfillments.length === 0) continue;
    say(draft, {
      type: 'OrderReleased',
      data: {
        orderId: placed.orderId,
        attempt,
        reservationId: first.reservationId,
        reservationEpoch: first.reservationEpoch,
        fulfillments,
        serviceLevel: first.serviceLevel,
        destinationCountryCode: draft.state.destination.countryCode,
        giftWrap: placed.giftWrap,
        dueBy: '',
      },
    });
  }
};

const reachMilestones = (draft: Draft, before: Quantities, after: Quantities): void => {
  const orderId = orderIdOf(draft.state);
  if (isShipped(after) && !isShipped(before)) say(draft, { type: 'OrderShipped', data: { orderId, lines: liveLines(draft.state) } });
  if (isDelivered(after) && !isDelivered(before)) {
    say(draft, { type: 'OrderDelivered', data: { orderId, lines: liveLines(draft.state) } });
    if (draft.state.feedback.answerBy === '') {
      say(draft, { type: 'OrderFeedbackRequested', data: { orderId, answerBy: draft.at.answerBy } });
    }
  }
  if (isCancelled(after) && !isCancelled(before)) {
    const last = draft.events.findLast((event) => event.type === 'OrderLinesCancelled');
    say(draft, { type: 'OrderCancelled', data: { orderId, reason: last?.data.reason ?? 'other' } });
    say(draft, { type: 'OrderClosed', data: { orderId, reason: 'cancelled' } });
  }
};

const stamped = (event: OrderEvent, dueBy: string): OrderEvent | undefined => {
  switch (event.type) {
    case 'OrderAccepted':
    case 'OrderHoldReleased':
    case 'OrderBackordered':
    case 'OrderAllocated':
    case 'OrderReleased':
    case 'OrderLinesReopened':
    case 'OrderLinesCancelled':
    case 'OrderPackageShipped':
    case 'OrderPackageDelivered':
    case 'OrderPackageUndelivered':
      // The compiler cannot see that the union's members all have the field, so the copy is told its type.
      return { ...event, data: { ...event.data, dueBy } } as OrderEvent;
    default:
      return undefined;
  }
};

const deadlineOf = (stage: Stage, at: Moment): string => {
  if (stage === 'allocation') return at.allocateBy;
  if (stage === 'payment') return at.payBy;
  return stage === 'fulfillment' ? at.fulfillBy : at.deliverBy;
};

/** A stage that begins brings its deadline, and so does one that begins anew: timers are set from events alone. */
const stampDeadline = (draft: Draft, before: Stage, after: Stage): void => {
  if (after === '') return;
  const isAnew = draft.events.some(({ type }) => type === 'OrderLinesReopened' || type === 'OrderHoldReleased');
  if (before === after && !isAnew) return;
  const dueBy = deadlineOf(after, draft.at);
  const last = draft.events.findLastIndex((event) => stamped(event, dueBy) !== undefined);
  const event = draft.events[last];
  const withDeadline = event === undefined ? undefined : stamped(event, dueBy);
  if (withDeadline === undefined) return;
  draft.events[last] = withDeadline;
  draft.state = { ...draft.state, dueBy };
};

/** Ends a decision: adds what follows from it (holds that are over, releases, milestones) and answers its events. */
export const conclude = (draft: Draft): readonly OrderEvent[] => {
  if (draft.events.length === 0) return draft.events;
  const before = tally(draft.before);
  const stageHold = draft.state.holds.find((open) => open.id === stageHoldId);
  if (stageHold !== undefined && stageOf(draft.state, tally(draft.state)) !== stageHold.detail) {
    releaseHold(draft, stageHoldId, 'went on');
  }
  releaseAttempts(draft);
  const after = tally(draft.state);
  stampDeadline(draft, stageOf(draft.before, before), stageOf(draft.state, after));
  reachMilestones(draft, before, after);
  return draft.events;
};

/** The last event of one type in a decision. */
export const lastOf = <Type extends OrderEvent['type']>(draft: Draft, type: Type): OrderEventOf<Type> | undefined =>
  draft.events.findLast((event): event is OrderEventOf<Type> => event.type === type);
