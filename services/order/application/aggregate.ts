import type { EventContext } from '@orderlog/contracts';
import type { Aggregate } from '@orderlog/event-log';
import { order, reactions, type Order, type OrderCommand, type OrderEvent, type OrderRefusal } from '@orderlog/order-domain';

/** The order as a kind of stream. Raise `stateSchema` with every change of `evolve` or of the state. */
export const orderAggregate: Aggregate<OrderCommand, OrderEvent, Order, OrderRefusal> = {
  category: 'order',
  decider: order,
  stateSchema: 1,
  reactions,
};

const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Has the text the form of an order id? */
export const isOrderId = (text: string): boolean => uuidForm.test(text);

/** The stream of an order. */
export const streamOf = (orderId: string): string => `order-${orderId}`;

/** The order a stream belongs to. */
export const orderIdOfStream = (streamId: string): string => streamId.slice('order-'.length);

/** The context of what a timer does: nobody asked, the service acts. */
export const timerContext = (tenantId: string, orderId: string, timer: string): EventContext => ({
  tenantId,
  actor: { type: 'service', id: 'order' },
  commandId: timer,
  correlationId: orderId,
});
