import type { EventContext } from '@orderlog/contracts';
import type { LogTransaction, StreamCommand } from '@orderlog/event-log';
import type { Fact } from '@orderlog/messaging';
import type { FactType, FollowFact, OrderCommand } from '@orderlog/order-domain';
import { isOrderId, orderAggregate, streamOf } from './aggregate.js';
import type { Clock } from './moment.js';
import { storeFacts } from './received-facts.js';

/** The facts that the order acts on; all others are for its timeline. */
const followed: Readonly<Record<FactType, true>> = {
  RoutingDecided: true,
  RoutingInfeasible: true,
  StockReserved: true,
  ReservationRejected: true,
  ReservationExpired: true,
  ReservationLost: true,
  BackorderCovered: true,
  FulfillmentOrderAccepted: true,
  FulfillmentOrderRejected: true,
  FulfillmentOrderOverdue: true,
  FulfillmentOrderPicked: true,
  PickShorted: true,
  PackageClosed: true,
  FulfillmentOrderCancelled: true,
  FulfillmentOrderCancellationRefused: true,
  LabelPurchased: true,
  LabelFailed: true,
  ShipmentHandedOver: true,
  PackageDelivered: true,
  PackageReturnedToSender: true,
  PackageLost: true,
  ShipmentCancelled: true,
  ShipmentCancellationRefused: true,
};

/** The order a fact is about; undefined for one about stock or items only. */
export const orderIdOfFact = (fact: Fact): string | undefined => {
  const { orderId } = fact.data as { readonly orderId?: unknown };
  return typeof orderId === 'string' && isOrderId(orderId) ? orderId : undefined;
};

/** The order's stream that a fact acts on. */
export const streamOfFact = (fact: Fact): string | undefined => {
  const orderId = orderIdOfFact(fact);
  return orderId === undefined ? undefined : streamOf(orderId);
};

/** The context of what the order does because of a fact. */
const contextOfFact = ({ eventId, tenantId, source, traceparent }: Fact, orderId: string): EventContext => ({
  tenantId,
  actor: { type: 'service', id: source },
  commandId: eventId,
  correlationId: orderId,
  causationId: eventId,
  ...(traceparent === undefined ? {} : { traceparent }),
});

/** A listener that acts on a batch of other services' facts, and keeps all of them for the timeline. */
export const followFacts =
  (clock: Clock) =>
  async (facts: readonly Fact[], tx: LogTransaction): Promise<void> => {
    const at = clock();
    const commands: StreamCommand<OrderCommand>[] = [];
    for (const fact of facts) {
      const orderId = orderIdOfFact(fact);
      if (orderId === undefined || !Object.hasOwn(followed, fact.type)) continue;
      // The contract of the fact's type was checked by the consumer; name and payload belong together by it.
      const command = { type: `Follow${fact.type}`, data: { fact: fact.data, factId: fact.eventId, at } } as unknown as FollowFact;
      commands.push({ streamId: streamOf(orderId), command, context: contextOfFact(fact, orderId) });
    }
    // Streams are locked before any other row: the statements go out in this order, and the second does not wait for the first one's answer.
    // A refusal is an answer, not an error.
    const decided = commands.length > 0 ? tx.decide(orderAggregate, commands) : undefined;
    await Promise.all([decided, storeFacts(tx, facts)]);
  };
