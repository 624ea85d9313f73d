import type { OrderEvent } from './events.js';

/** Timers of an order's stream. */
export const orderTimers = {
  payment: 'payment-deadline',
  stage: 'stage-deadline',
  review: 'backorder-review',
  feedback: 'feedback-window',
} as const;

/** The call to the outside that a shipped package asks for. */
export const shippedNotice = 'shipped-notice';

type TimerChange = { readonly set: string; readonly dueAt: string } | { readonly clear: string };
/** What an event brings with it besides itself. */
export type OrderReactions = {
  readonly timers?: readonly TimerChange[];
  readonly effects?: readonly { readonly kind: string; readonly data: object }[];
};

const none: OrderReactions = {};
const stage = (dueBy: string): TimerChange[] => (dueBy === '' ? [] : [{ set: orderTimers.stage, dueAt: dueBy }]);

/** Timers and calls that follow from an event alone. A timer that fires too late finds nothing to do: the decider judges. */
export const reactions = (event: OrderEvent): OrderReactions => {
  switch (event.type) {
    case 'OrderAccepted': {
      const { dueBy, payBy } = event.data;
      return { timers: payBy === '' ? stage(dueBy) : [...stage(dueBy), { set: orderTimers.payment, dueAt: payBy }] };
    }
    case 'OrderBackordered':
      return { timers: [...stage(event.data.dueBy), { set: orderTimers.review, dueAt: event.data.reviewAt }] };
    case 'OrderHoldReleased':
    case 'OrderAllocated':
    case 'OrderReleased':
    case 'OrderLinesReopened':
    case 'OrderLinesCancelled':
    case 'OrderPackageDelivered':
    case 'OrderPackageUndelivered':
      return event.data.dueBy === '' ? none : { timers: stage(event.data.dueBy) };
    case 'OrderPackageShipped': {
      const { dueBy, packageId } = event.data;
      return { timers: stage(dueBy), effects: [{ kind: shippedNotice, data: { packageId } }] };
    }
    case 'OrderDelivered':
      return { timers: [{ clear: orderTimers.stage }] };
    case 'OrderFeedbackRequested':
      return { timers: [{ set: orderTimers.feedback, dueAt: event.data.answerBy }] };
    case 'OrderClosed':
      return { timers: [{ clear: orderTimers.stage }, { clear: orderTimers.feedback }] };
    default:
      return none;
  }
};
