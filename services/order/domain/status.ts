import type { Payment } from './events.js';
import type { AnsweredShare, Cancellation, Fulfillment, Order, Package } from './state.js';
import { liveUnits, packedNotShipped, tally, unpacked, type Quantities } from './units.js';

/** The order's status; derived, never stored. The first that matches, in this order. */
export const orderStatuses = [
  'rejected',
  'cancelled',
  'closed',
  'delivered',
  'partially_delivered',
  'shipped',
  'partially_shipped',
  'on_hold',
  'in_fulfillment',
  'allocated',
  'routed',
  'backordered',
  'accepted',
  'placed',
] as const;
export type OrderStatus = (typeof orderStatuses)[number];

/** Every live unit has left for good or is on its way. */
export const isShipped = (units: Quantities): boolean => {
  const live = liveUnits(units);
  return live > 0 && units.shipped + units.delivered + units.undelivered === live;
};
/** Every live unit is with the customer. */
export const isDelivered = (units: Quantities): boolean => {
  const live = liveUnits(units);
  return live > 0 && units.delivered === live;
};
/** No unit is left. */
export const isCancelled = (units: Quantities): boolean => units.cancelled > 0 && liveUnits(units) === 0;

/** The derived status. */
export const orderStatus = (order: Order, units: Quantities = tally(order)): OrderStatus => {
  if (order.rejected) return 'rejected';
  if (isCancelled(units)) return 'cancelled';
  if (order.closed !== '') return 'closed';
  if (isDelivered(units)) return 'delivered';
  if (units.delivered > 0) return 'partially_delivered';
  if (isShipped(units)) return 'shipped';
  if (units.shipped > 0) return 'partially_shipped';
  if (order.holds.length > 0) return 'on_hold';
  if (units.released + units.picked + units.packed > 0) return 'in_fulfillment';
  if (units.allocated > 0) return 'allocated';
  if (units.routed > 0) return 'routed';
  if (units.backordered > 0 && units.backordered === liveUnits(units)) return 'backordered';
  return order.accepted ? 'accepted' : 'placed';
};

/** The stage whose deadline runs: the earliest that any unit is in. Empty: the order waits for stock, or has ended. */
export type Stage = 'allocation' | 'payment' | 'fulfillment' | 'delivery' | '';

/** The stage of the order. Units that wait for stock have a date of review of their own. */
export const stageOf = (order: Order, units: Quantities): Stage => {
  if (order.accepted && units.open + units.routed > 0) return 'allocation';
  if (units.allocated > 0 && !passesPayGate(order.payment, order.placed?.policy.releaseOn ?? 'none')) return 'payment';
  if (units.released + units.picked + units.packed > 0) return 'fulfillment';
  return units.shipped > 0 ? 'delivery' : '';
};

/** Does the payment let the centers work? */
export const passesPayGate = (payment: Payment, releaseOn: string): boolean => {
  if (releaseOn === 'none' || payment.status === 'paid' || payment.status === 'not_required') return true;
  if (releaseOn === 'paid') return false;
  return payment.status === 'authorized' || (payment.status === 'partially_paid' && payment.authorizedAmount > 0);
};

/** Units of a share that nobody has answered for and that could still be answered: they are in the center's hands or in its unsent boxes. */
export const unanswered = (order: Order, share: AnsweredShare): number => {
  const asked = share.asked - share.cancelled - share.refused;
  const fulfillment = order.fulfillments.find((candidate) => candidate.id === share.fulfillmentOrderId);
  const leg = fulfillment?.lines.find((candidate) => candidate.lineId === share.lineId);
  if (asked === 0 || fulfillment === undefined || leg === undefined) return asked;
  return Math.min(asked, inHand(fulfillment, share.lineId));
};

/** Units of a line that a center or its unsent boxes hold; shipped ones too, until the carrier's refusal has come. */
const inHand = (fulfillment: Fulfillment, lineId: string): number => {
  const leg = fulfillment.lines.find((candidate) => candidate.lineId === lineId);
  if (leg === undefined) return 0;
  let shipped = 0;
  for (const box of fulfillment.packages) {
    if (box.emptied === '' && (box.shipped || box.outcome !== '')) {
      for (const line of box.lines) if (line.lineId === lineId) shipped += line.quantity;
    }
  }
  return unpacked(fulfillment, leg) + packedNotShipped(fulfillment, lineId) + shipped;
};

/** How far a cancellation is. */
export const cancellationStatus = (order: Order, cancellation: Cancellation): 'requested' | 'completed' | 'partially_completed' | 'refused' => {
  let cancelled = 0;
  let refused = 0;
  for (const share of cancellation.shares) {
    if (unanswered(order, share) > 0) return 'requested';
    cancelled += share.cancelled;
    refused += share.refused;
  }
  if (refused === 0) return 'completed';
  return cancelled === 0 ? 'refused' : 'partially_completed';
};

/** Status of a center's share of the order. */
export type FulfillmentStatus = 'scheduled' | 'open' | 'in_progress' | 'closed' | 'incomplete' | 'rejected' | 'cancelled';

/** The derived status of a fulfillment order. */
export const fulfillmentStatus = (fulfillment: Fulfillment): FulfillmentStatus => {
  if (fulfillment.rejected) return 'rejected';
  let unpackedUnits = 0;
  let returned = 0;
  for (const leg of fulfillment.lines) {
    unpackedUnits += unpacked(fulfillment, leg);
    returned += leg.reopened + leg.cancelled;
  }
  const boxes = fulfillment.packages.filter((box) => box.emptied === '').length;
  if (unpackedUnits === 0 && boxes === 0) return 'cancelled';
  if (unpackedUnits === 0) return returned === 0 ? 'closed' : 'incomplete';
  if (fulfillment.phase !== 'released') return 'scheduled';
  const isTouched = fulfillment.started || boxes > 0 || fulfillment.lines.some((leg) => leg.picked > 0);
  return isTouched ? 'in_progress' : 'open';
};

/** What was asked of the center and what it said; apart from its status. */
export type RequestStatus =
  | 'unsubmitted'
  | 'submitted'
  | 'accepted'
  | 'rejected'
  | 'cancellation_requested'
  | 'cancellation_accepted'
  | 'cancellation_rejected';

/** The derived request status of a fulfillment order. */
export const requestStatus = (order: Order, fulfillment: Fulfillment): RequestStatus => {
  if (fulfillment.phase !== 'released') return 'unsubmitted';
  if (fulfillment.rejected) return 'rejected';
  const shares = order.cancellations.flatMap((cancellation) =>
    cancellation.shares.filter((share) => share.fulfillmentOrderId === fulfillment.id),
  );
  if (shares.some((share) => unanswered(order, share) > 0)) return 'cancellation_requested';
  if (shares.some((share) => share.refused > 0)) return 'cancellation_rejected';
  if (shares.some((share) => share.cancelled > 0)) return 'cancellation_accepted';
  const isTouched = fulfillment.started || fulfillment.packages.length > 0 || fulfillment.lines.some((leg) => leg.picked > 0);
  return isTouched ? 'accepted' : 'submitted';
};

/** Status of a box. */
export type PackageStatus = 'packed' | 'labeled' | 'shipped' | 'delivered' | 'returned_to_sender' | 'lost' | 'cancelled';

/** The derived status of a package. */
export const packageStatus = (box: Package): PackageStatus => {
  if (box.outcome !== '') return box.outcome;
  if (box.emptied !== '') return 'cancelled';
  if (box.shipped) return 'shipped';
  return box.labeled ? 'labeled' : 'packed';
};
