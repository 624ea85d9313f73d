import { refuse, type Decider, type Refusal } from '@orderlog/decider';
import { followShipmentCancelled, followShipmentKept, followWithdrawalRefused, followWithdrawn, requestCancellation } from './cancellation.js';
import type { OrderCommand, OrderRefusal } from './commands.js';
import type { OrderEvent } from './events.js';
import { evolve } from './evolve.js';
import {
  followAccepted,
  followDelivered,
  followHandedOver,
  followLabelFailed,
  followLabelPurchased,
  followOverdue,
  followPackageClosed,
  followPicked,
  followRejected,
  followShorted,
  followUndelivered,
} from './fulfillment-facts.js';
import { placeOrder } from './place-order.js';
import {
  followBackorderCovered,
  followReservationExpired,
  followReservationLost,
  followReservationRejected,
  followRoutingDecided,
  followRoutingInfeasible,
  followStockReserved,
} from './planning-facts.js';
import {
  changeAddress,
  checkPayment,
  checkStage,
  endFeedbackWindow,
  endHold,
  placeHold,
  receiveFeedback,
  recordPayment,
  resolveUndelivered,
  reviewBackorder,
} from './requests.js';
import { noOrder, type Order } from './state.js';

const decide = (command: OrderCommand, order: Order): readonly OrderEvent[] | Refusal<OrderRefusal> => {
  const { type, data } = command;
  if (type === 'PlaceOrder') return order.placed === undefined ? placeOrder(data) : refuse('OrderAlreadyPlaced');
  if (order.placed === undefined) return refuse('OrderUnknown', 'there is no such order');
  switch (type) {
    // from buyers and shops
    case 'RecordPayment':
      return recordPayment(order, data);
    case 'RequestCancellation':
      return requestCancellation(order, data);
    case 'ChangeAddress':
      return changeAddress(order, data);
    case 'PlaceHold':
      return placeHold(order, data);
    case 'ReleaseHold':
      return endHold(order, data);
    case 'ResolveUndelivered':
      return resolveUndelivered(order, data);
    case 'ReceiveFeedback':
      return receiveFeedback(order, data);
    // plan
    case 'FollowRoutingDecided':
      return followRoutingDecided(order, data);
    case 'FollowRoutingInfeasible':
      return followRoutingInfeasible(order, data);
    // lease
    case 'FollowStockReserved':
      return followStockReserved(order, data);
    case 'FollowReservationRejected':
      return followReservationRejected(order, data);
    case 'FollowReservationExpired':
      return followReservationExpired(order, data);
    case 'FollowReservationLost':
      return followReservationLost(order, data);
    case 'FollowBackorderCovered':
      return followBackorderCovered(order, data);
    // pick and pack
    case 'FollowFulfillmentOrderAccepted':
      return followAccepted(order, data);
    case 'FollowFulfillmentOrderRejected':
      return followRejected(order, data);
    case 'FollowFulfillmentOrderOverdue':
      return followOverdue(order, data);
    case 'FollowFulfillmentOrderPicked':
      return followPicked(order, data);
    case 'FollowPickShorted':
      return followShorted(order, data);
    case 'FollowPackageClosed':
      return followPackageClosed(order, data);
    case 'FollowFulfillmentOrderCancelled':
      return followWithdrawn(order, data);
    case 'FollowFulfillmentOrderCancellationRefused':
      return followWithdrawalRefused(order, data);
    // ship and deliver
    case 'FollowLabelPurchased':
      return followLabelPurchased(order, data);
    case 'FollowLabelFailed':
      return followLabelFailed(order, data);
    case 'FollowShipmentHandedOver':
      return followHandedOver(order, data);
    case 'FollowPackageDelivered':
      return followDelivered(order, data);
    case 'FollowPackageReturnedToSender':
      return followUndelivered(order, data, 'returned_to_sender');
    case 'FollowPackageLost':
      return followUndelivered(order, data, 'lost');
    case 'FollowShipmentCancelled':
      return followShipmentCancelled(order, data);
    case 'FollowShipmentCancellationRefused':
      return followShipmentKept(order, data);
    // time
    case 'CheckPayment':
      return checkPayment(order, data);
    case 'CheckStage':
      return checkStage(order, data);
    case 'ReviewBackorder':
      return reviewBackorder(order, data);
    case 'EndFeedbackWindow':
      return endFeedbackWindow(order, data);
  }
};

/** The life of an order: everything that can happen to it is in this decider. */
export const order: Decider<OrderCommand, OrderEvent, Order, OrderRefusal> = { initialState: noOrder, decide, evolve };
