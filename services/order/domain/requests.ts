import { refuse, type Refusal } from '@orderlog/decider';
import type { OrderRefusal, RequestData } from './commands.js';
import type { OrderEvent } from './events.js';
import { conclude, draftOf, hold, orderIdOf, releaseHold, say, stageHoldId } from './draft.js';
import { undeliveredHold } from './fulfillment-facts.js';
import { accepted, unknownSkuHold } from './place-order.js';
import { reopen } from './reopening.js';
import type { Order } from './state.js';
import { isCancelled, isDelivered, isShipped, passesPayGate, stageOf } from './status.js';
import { returnedFrom, returnedFromNowhere, tally } from './units.js';

// What callers ask of an order that exists, and what its timers do.

type Answer = readonly OrderEvent[] | Refusal<OrderRefusal>;

const paymentHoldId = 'awaiting-payment';

const isGatePassed = (order: Order): boolean => passesPayGate(order.payment, order.placed?.policy.releaseOn ?? 'none');

/** The channel told of a payment. One that passes the gate ends the wait for it. */
export const recordPayment = (order: Order, { payment, at }: RequestData<'RecordPayment'>): Answer => {
  const known = order.payment;
  const isKnown =
    known.status === payment.status &&
    known.reference === payment.reference &&
    known.authorizedAmount === payment.authorizedAmount &&
    known.capturedAmount === payment.capturedAmount &&
    known.authorizedUntil === payment.authorizedUntil;
  if (isKnown) return [];
  const { status, reference, authorizedAmount, capturedAmount, authorizedUntil } = payment;
  const draft = draftOf(order, at);
  say(draft, {
    type: 'OrderPaymentChanged',
    data: { orderId: orderIdOf(order), payment: { status, reference, authorizedAmount, capturedAmount, authorizedUntil } },
  });
  if (isGatePassed(draft.state)) releaseHold(draft, paymentHoldId, 'paid');
  else if (status === 'failed' && !isOver(order)) hold(draft, paymentHoldId, 'AWAITING_PAYMENT', 'the payment failed');
  return conclude(draft);
};

/** Nothing is left that could be changed: all cancelled, all gone, or closed. */
const isOver = (order: Order): boolean => {
  const units = tally(order);
  return order.rejected || order.closed !== '' || isCancelled(units) || isDelivered(units);
};

/** The payment deadline passed. */
export const checkPayment = (order: Order, { at }: RequestData<'CheckPayment'>): Answer => {
  const isWaiting = order.accepted && !isOver(order) && !isGatePassed(order);
  if (!isWaiting) return [];
  const draft = draftOf(order, at);
  hold(draft, paymentHoldId, 'AWAITING_PAYMENT', 'the payment deadline passed');
  return conclude(draft);
};

/**
 * A stage took too long: somebody has to look. What waits for stock or a person has its own deadline. So has the first wait for a payment,
 * from the acceptance on; a wait that begins anew (a hold for it was released by hand, a payment was taken back) has only this one.
 */
export const checkStage = (order: Order, { at }: RequestData<'CheckStage'>): Answer => {
  const stage = stageOf(order, tally(order));
  if (stage === '' || isOver(order) || order.holds.length > 0) return [];
  const draft = draftOf(order, at);
  if (stage === 'payment') hold(draft, paymentHoldId, 'AWAITING_PAYMENT', 'the payment deadline passed');
  else hold(draft, stageHoldId, 'STAGE_OVERDUE', stage);
  return conclude(draft);
};

/** The review date of backordered units passed: they are routed anew, with nothing excluded any more. */
export const reviewBackorder = (order: Order, { at }: RequestData<'ReviewBackorder'>): Answer => {
  const lines = order.lines
    .filter((line) => line.backordered > 0)
    .map(({ lineId, sku, backordered }) => ({ lineId, sku, quantity: backordered }));
  if (lines.length === 0) return [];
  const draft = draftOf(order, at);
  reopen(draft, { reason: 'backorder_review', units: returnedFromNowhere(lines), exclusions: [] });
  return conclude(draft);
};

/** Another address, as long as something is not packed yet. An order that was held for its address is routed anew. */
export const changeAddress = (order: Order, data: RequestData<'ChangeAddress'>): Answer => {
  const units = tally(order);
  if (isOver(order)) return refuse('OrderEnded', 'nothing of the order is left to send');
  if (units.open + units.backordered + units.routed + units.allocated + units.released + units.picked === 0) {
    return isShipped(units) ? refuse('HandedOver', 'the carrier has it') : refuse('PackageClosed', 'every package is closed');
  }
  const { destination, personalDataVersion, personalDataDigest } = data;
  const { countryCode, region, postalCode, city } = destination;
  const draft = draftOf(order, data.at);
  say(draft, {
    type: 'OrderAddressChanged',
    data: {
      orderId: orderIdOf(order),
      destination: { countryCode, region, postalCode, city },
      personalDataVersion,
      personalDataDigest,
    },
  });
  const wrong = order.holds.filter((open) => open.reason === 'INCORRECT_ADDRESS');
  for (const open of wrong) releaseHold(draft, open.id, 'the address was corrected');
  if (wrong.length > 0 && order.accepted) reopen(draft, { reason: 'address_changed', units: [] });
  return conclude(draft);
};

/** Somebody wants the order held. Centers that work already go on; nothing further is released. */
export const placeHold = (order: Order, data: RequestData<'PlaceHold'>): Answer => {
  if (isOver(order)) return refuse('OrderEnded', 'nothing of the order is left to hold');
  if (isShipped(tally(order))) return refuse('HandedOver', 'the carrier has all of it');
  const stranger = data.lineIds.findIndex((id) => !order.lines.some((line) => line.lineId === id));
  if (stranger >= 0) return refuse('LineUnknown', `the order has no line ${data.lineIds[stranger] ?? ''}`, `/lineIds/${stranger}`);
  const draft = draftOf(order, data.at);
  hold(draft, data.holdId, data.reason, data.detail, data.lineIds);
  return conclude(draft);
};

/** A hold ends by a person's word, or because what it waited for is there. What it had kept from routing is routed. */
export const endHold = (order: Order, { holdId, detail, at }: RequestData<'ReleaseHold'>): Answer => {
  const open = order.holds.find((candidate) => candidate.id === holdId);
  if (open === undefined) return refuse('HoldUnknown', `the order has no open hold ${holdId}`);
  if (open.reason === 'UNDELIVERED') return refuse('HoldEndsOtherwise', 'send the package again or cancel it');
  const draft = draftOf(order, at);
  releaseHold(draft, holdId, detail);
  const { placed } = order;
  if (holdId === unknownSkuHold && !order.accepted && placed !== undefined && !isOver(order)) {
    say(draft, acceptRest(draft.state, accepted(placed, { at, dueBy: '' })));
  }
  if (open.reason === 'INCORRECT_ADDRESS' || open.reason === 'INVENTORY_OUT_OF_STOCK') reopen(draft, { reason: 'hold_released', units: [] });
  return conclude(draft);
};

/** An order accepted late asks for what is still open. */
const acceptRest = (order: Order, event: OrderEvent): OrderEvent =>
  event.type !== 'OrderAccepted'
    ? event
    : {
        ...event,
        data: {
          ...event.data,
          destination: order.destination,
          lines: order.lines.filter((line) => line.open > 0).map(({ lineId, sku, open }) => ({ lineId, sku, quantity: open })),
          payBy: isGatePassed(order) ? '' : event.data.payBy,
        },
      };

/** A package came back or was lost: its units are sent again, or end. */
export const resolveUndelivered = (order: Order, { packageId, action, at }: RequestData<'ResolveUndelivered'>): Answer => {
  const fulfillment = order.fulfillments.find((leg) => leg.packages.some((box) => box.id === packageId));
  const box = fulfillment?.packages.find((candidate) => candidate.id === packageId);
  if (fulfillment === undefined || box === undefined) return refuse('PackageUnknown', `the order has no package ${packageId}`);
  const isUndelivered = box.outcome === 'lost' || box.outcome === 'returned_to_sender';
  if (!isUndelivered) return refuse('PackageNotUndelivered', 'the package is not known to be lost or returned');
  const done = action === 'resend' ? 'reopened' : 'cancelled';
  if (box.emptied === done) return [];
  if (box.emptied !== '') return refuse('PackageNotUndelivered', `its units are ${box.emptied} already`);
  const draft = draftOf(order, at);
  releaseHold(draft, undeliveredHold(packageId), action);
  const units = returnedFrom(fulfillment, box.lines, 'none', packageId);
  if (action === 'resend') reopen(draft, { reason: 'undelivered', units });
  else {
    say(draft, {
      type: 'OrderLinesCancelled',
      data: { orderId: orderIdOf(order), cancellationId: '', reason: 'undelivered', units, causeId: '', dueBy: '' },
    });
  }
  return conclude(draft);
};

/** The customer answered: nothing further is expected. */
export const receiveFeedback = (order: Order, { score, personalDataVersion, at }: RequestData<'ReceiveFeedback'>): Answer => {
  if (order.feedback.score > 0) return refuse('FeedbackAlreadyReceived', 'the feedback was given already');
  if (order.feedback.answerBy === '') return refuse('NotDelivered', 'the order is not delivered yet');
  const draft = draftOf(order, at);
  const orderId = orderIdOf(order);
  say(draft, { type: 'OrderFeedbackReceived', data: { orderId, score, personalDataVersion } });
  if (order.closed === '' && isDelivered(tally(order))) {
    say(draft, { type: 'OrderClosed', data: { orderId, reason: 'feedback_received' } });
  }
  return conclude(draft);
};

/** Nobody answered in time. */
export const endFeedbackWindow = (order: Order, { at }: RequestData<'EndFeedbackWindow'>): Answer => {
  if (order.closed !== '' || !isDelivered(tally(order))) return [];
  const draft = draftOf(order, at);
  say(draft, { type: 'OrderClosed', data: { orderId: orderIdOf(order), reason: 'feedback_window_passed' } });
  return conclude(draft);
};
