import type { Aggregate } from '@orderlog/event-log';
import {
  fulfillmentOrder,
  pickList,
  type FulfillmentOrder,
  type FulfillmentOrderCommand,
  type FulfillmentOrderEvent,
  type FulfillmentOrderRefusal,
  type PickList,
  type PickListCommand,
  type PickListEvent,
  type PickListRefusal,
} from '@orderlog/warehouse-domain';

/** Timer kinds: a third party's deadlines. */
export const acceptanceDue = 'acceptance-due';
export const cancellationAnswerDue = 'cancellation-answer-due';

/** Streams `fulfillment-order-<id>`. */
export const fulfillmentOrders: Aggregate<FulfillmentOrderCommand, FulfillmentOrderEvent, FulfillmentOrder, FulfillmentOrderRefusal> = {
  category: 'fulfillment-order',
  decider: fulfillmentOrder,
  stateSchema: 1,
  // Deadlines are set and never cleared: clearing would cost every order a statement, a late one decides nothing.
  reactions: ({ type, data }) => {
    if (type === 'FulfillmentOrderRequested' && data.answerBy !== '') return { timers: [{ set: acceptanceDue, dueAt: data.answerBy }] };
    if (type === 'FulfillmentOrderCancellationRequested' && data.answerBy !== '') return { timers: [{ set: cancellationAnswerDue, dueAt: data.answerBy }] };
    return {};
  },
};

/** Streams `pick-list-<id>`. */
export const pickLists: Aggregate<PickListCommand, PickListEvent, PickList, PickListRefusal> = {
  category: 'pick-list',
  decider: pickList,
  stateSchema: 1,
};

/** The stream of a fulfillment order. */
export const fulfillmentOrderStream = (fulfillmentOrderId: string): string => `${fulfillmentOrders.category}-${fulfillmentOrderId}`;

/** The stream of a pick list. */
export const pickListStream = (pickListId: string): string => `${pickLists.category}-${pickListId}`;
