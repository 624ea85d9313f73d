import type { Moment } from '@orderlog/order-domain';

/** How long each stage may take, in milliseconds. */
export type StageTimes = {
  readonly allocationMs: number;
  readonly fulfillmentMs: number;
  readonly deliveryMs: number;
  readonly paymentMs: number;
  readonly backorderReviewMs: number;
  readonly feedbackMs: number;
};

/** Answers what time it is and when each stage that begins now has to be over. */
export type Clock = () => Moment;

/** A clock with these times; computed once a millisecond, since a batch of commands shares its moment. */
export const stageClock = (times: StageTimes, nowMs: () => number = Date.now): Clock => {
  let lastMs = -1;
  let moment: Moment | undefined;
  return () => {
    const ms = nowMs();
    if (moment !== undefined && ms === lastMs) return moment;
    const after = (laterMs: number): string => new Date(ms + laterMs).toISOString();
    lastMs = ms;
    moment = {
      now: after(0),
      allocateBy: after(times.allocationMs),
      fulfillBy: after(times.fulfillmentMs),
      deliverBy: after(times.deliveryMs),
      payBy: after(times.paymentMs),
      reviewAt: after(times.backorderReviewMs),
      answerBy: after(times.feedbackMs),
    };
    return moment;
  };
};
