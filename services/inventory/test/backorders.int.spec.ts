import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fact, openInventory, routed, type InventoryWorld } from './world.js';

describe('backorders on PostgreSQL', () => {
  let world: InventoryWorld;
  beforeAll(async () => {
    world = await openInventory();
    await world.defineItems('cup', 'pot', 'mug', 'jar', 'lid');
  });
  afterAll(() => world.end());

  const backordered = (orderId: string, sku: string, quantity: number, attempt = 1) =>
    fact('OrderBackordered', { orderId, attempt, lines: [{ lineId: '1', sku, quantity }] });
  const coveredOf = async (orderId: string): Promise<readonly unknown[]> =>
    (await world.events(`backorder-${orderId}`)).filter(({ type }) => type === 'BackorderCovered').map(({ data }) => (data as { lines: unknown }).lines);
  const units = (sku: string, quantity: number) => [{ lineId: '1', sku, quantity }];

  it('tells the oldest order of stock that comes, and nobody else of the same units', async () => {
    const [first, second] = [world.orderId(1), world.orderId(2)];
    await world.hear(backordered(first, 'cup', 2));
    await world.hear(backordered(second, 'cup', 2));
    await world.settle();
    expect(await coveredOf(first)).toStrictEqual([]);
    await world.receive('cup', 3);
    await world.settle();
    expect(await coveredOf(first)).toStrictEqual([units('cup', 2)]);
    expect(await coveredOf(second)).toStrictEqual([units('cup', 1)]);
    await world.settle();
    expect(await coveredOf(second)).toHaveLength(1);
    await world.hear(routed(first, 'cup', 2, { attempt: 2 }));
    await world.receive('cup', 5);
    await world.settle();
    expect(await coveredOf(second)).toStrictEqual([units('cup', 1), units('cup', 1)]);
  });

  it('tells an order of stock that is there already when it is queued', async () => {
    await world.receive('pot', 1);
    await world.settle();
    const orderId = world.orderId(3);
    await world.hear(backordered(orderId, 'pot', 1));
    await world.settle();
    expect(await coveredOf(orderId)).toStrictEqual([units('pot', 1)]);
  });

  it('does not offer the same useless stock in a loop, but does when more comes', async () => {
    await world.receive('mug', 1);
    await world.settle();
    const orderId = world.orderId(4);
    await world.hear(backordered(orderId, 'mug', 1));
    await world.settle();
    await world.hear(backordered(orderId, 'mug', 1, 2));
    await world.settle();
    expect(await coveredOf(orderId)).toHaveLength(1);
    await world.receive('mug', 1);
    await world.settle();
    expect(await coveredOf(orderId)).toHaveLength(2);
  });

  it('gives stock of a lease that was given back to who waits', async () => {
    await world.receive('jar', 1);
    const [holder, waiter] = [world.orderId(5), world.orderId(6)];
    await world.hear(routed(holder, 'jar', 1));
    await world.hear(backordered(waiter, 'jar', 1));
    await world.settle();
    expect(await coveredOf(waiter)).toStrictEqual([]);
    const unit = { lineId: '1', sku: 'jar', quantity: 1, reservationId: `${holder}.1`, fulfillmentOrderId: `${holder}.1.1`, stockEffect: 'release' };
    await world.hear(fact('OrderLinesCancelled', { orderId: holder, reason: 'customer', units: [unit] }));
    await world.settle();
    expect(await coveredOf(waiter)).toStrictEqual([units('jar', 1)]);
  });

  it('forgets what is cancelled or reviewed', async () => {
    const [cancelled, reviewed] = [world.orderId(7), world.orderId(8)];
    await world.hear(backordered(cancelled, 'lid', 3), backordered(reviewed, 'lid', 1));
    const nowhere = { lineId: '1', sku: 'lid', reservationId: '', fulfillmentOrderId: '', stockEffect: 'none' };
    await world.hear(
      fact('OrderLinesCancelled', { orderId: cancelled, reason: 'customer', units: [{ ...nowhere, quantity: 2 }] }),
      fact('OrderLinesReopened', { orderId: reviewed, reason: 'backorder_review', units: [{ ...nowhere, quantity: 1 }] }),
    );
    await world.receive('lid', 9);
    await world.settle();
    expect(await coveredOf(cancelled)).toStrictEqual([units('lid', 1)]);
    expect(await coveredOf(reviewed)).toStrictEqual([]);
  });

  it('keeps the queue equal to the fold of its streams', async () => {
    const { rows } = await world.log.sql.query<{ order_id: string }>(
      `with folded as (
         select e.data->>'orderId' as order_id, l->>'lineId' as line_id,
                sum((l->>'quantity')::int * case e.type when 'BackorderQueued' then 1 else -1 end) as waiting
         from event_log_json e cross join lateral json_array_elements(e.data->'lines') l
         where e.type in ('BackorderQueued', 'BackorderCovered', 'BackorderWithdrawn') group by 1, 2)
       select order_id from backorder_lines b full join folded f using (order_id, line_id) where b.waiting is distinct from f.waiting`,
    );
    expect(rows).toStrictEqual([]);
  });
});
