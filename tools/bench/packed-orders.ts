import type { EventContext } from '@orderlog/contracts';
import { newOrderId, type Aggregate, type EventLog } from '@orderlog/event-log';

type Packed = { readonly type: 'OrderPackagePacked'; readonly data: object };
type Pack = { readonly orderId: string; readonly packages: number };

/** Facts an order says in its life, about. */
export const factsOfAnOrder = 20;
const ordersOfACommit = 50;

const packed: Aggregate<Pack, Packed, number, never> = {
  category: 'order',
  stateSchema: 1,
  decider: {
    initialState: 0,
    decide: ({ orderId, packages }) =>
      Array.from({ length: packages }, (_, n) => ({
        type: 'OrderPackagePacked',
        data: {
          orderId,
          fulfillmentOrderId: `${orderId}.1.1`,
          packageId: `${orderId}.1.1.p${n + 1}`,
          lines: [
            { lineId: '1', sku: 'SKU-042', quantity: 2 },
            { lineId: '2', sku: 'SKU-056', quantity: 1 },
          ],
          centerId: 'FC-WEST',
          weightGrams: 1200 + n,
          carton: 'M',
          lengthMm: 400,
          widthMm: 300,
          heightMm: 200,
          serviceLevel: 'standard',
          destination: { countryCode: 'FR', region: 'Grandbois', postalCode: '75036', city: 'Saint-Aubier' },
          trackingToken: 'VwXbvi5Rc7T5X6203TfyHW2q',
          expectedDelivery: '2026-11-25T19:00:00.000Z',
        },
      })),
    evolve: (count) => count + 1,
  },
};

const context = (orderId: string): EventContext => ({ tenantId: 'bench', actor: { type: 'service', id: 'bench' }, commandId: orderId, correlationId: orderId });

/** Appends `count` facts (a multiple of twenty) of orders in all shards alike; answers the orders. */
export const fillLog = async (log: EventLog, count: number): Promise<readonly string[]> => {
  const orders = Array.from({ length: count / factsOfAnOrder }, (_, n) => newOrderId(n % log.shards));
  for (let from = 0; from < orders.length; from += ordersOfACommit) {
    await log.transact(async (tx) => {
      await tx.decide(
        packed,
        orders
          .slice(from, from + ordersOfACommit)
          .map((orderId) => ({ streamId: `order-${orderId}`, command: { orderId, packages: factsOfAnOrder }, context: context(orderId) })),
      );
    });
  }
  return orders;
};
