import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expireReservations } from '../application/expire-reservations.js';
import { fact, openInventory, routed, type InventoryWorld } from './world.js';

describe('the stock of orders on PostgreSQL', () => {
  let world: InventoryWorld;
  beforeAll(async () => {
    world = await openInventory();
    await world.defineItems('cup', 'pot', 'hot', 'mug', 'jar', 'lid', 'tin', 'can');
  });
  afterAll(() => world.end());

  const released = (orderId: string) => fact('OrderReleased', { orderId, attempt: 1, reservationId: `${orderId}.1`, reservationEpoch: 1 });
  const shipped = (orderId: string, sku: string, quantity: number) =>
    fact('OrderPackageShipped', {
      orderId,
      packageId: `${orderId}.1.1.p1`,
      fulfillmentOrderId: `${orderId}.1.1`,
      lines: [{ lineId: '1', sku, quantity }],
    });
  const cancelled = (orderId: string, sku: string, quantity: number, stockEffect = 'release') =>
    fact('OrderLinesCancelled', {
      orderId,
      reason: 'customer',
      units: [{ lineId: '1', sku, quantity, reservationId: `${orderId}.1`, fulfillmentOrderId: `${orderId}.1.1`, stockEffect }],
    });

  it('leases, commits and ships', async () => {
    await world.receive('cup', 10);
    const orderId = world.orderId();
    await world.hear(routed(orderId, 'cup', 3));
    expect(await world.buckets('cup')).toStrictEqual([7, 3, 0, 0]);
    await world.hear(released(orderId));
    expect(await world.buckets('cup')).toStrictEqual([7, 0, 3, 0]);
    await world.hear(shipped(orderId, 'cup', 3));
    expect(await world.buckets('cup')).toStrictEqual([7, 0, 0, 0]);
    expect(await world.typesOf(`reservation-${orderId}.1`)).toStrictEqual(['StockReserved', 'ReservationCommitted', 'StockShipped']);
  });

  it('does all that in one batch', async () => {
    await world.receive('pot', 5);
    const orderId = world.orderId();
    await world.hear(routed(orderId, 'pot', 2), released(orderId), cancelled(orderId, 'pot', 1), shipped(orderId, 'pot', 1));
    expect(await world.buckets('pot')).toStrictEqual([4, 0, 0, 0]);
  });

  it('never promises a unit twice, however many buy at once', async () => {
    await world.receive('hot', 20);
    const orders = Array.from({ length: 50 }, (_, n) => world.orderId(n % 16));
    await Promise.all(orders.map((orderId) => world.hear(routed(orderId, 'hot', 1))));
    const outcomes = (await Promise.all(orders.map((orderId) => world.typesOf(`reservation-${orderId}.1`)))).flat();
    expect(outcomes.filter((type) => type === 'StockReserved')).toHaveLength(20);
    expect(outcomes.filter((type) => type === 'ReservationRejected')).toHaveLength(30);
    expect(await world.buckets('hot')).toStrictEqual([0, 20, 0, 0]);
  });

  it('decides the requests of a batch one after the other', async () => {
    await world.receive('mug', 3);
    const [a, b, c] = [world.orderId(), world.orderId(), world.orderId()];
    await world.hear(routed(a, 'mug', 2), routed(b, 'mug', 2), routed(c, 'mug', 1));
    expect(await world.typesOf(`reservation-${a}.1`)).toStrictEqual(['StockReserved']);
    expect(await world.typesOf(`reservation-${b}.1`)).toStrictEqual(['ReservationRejected']);
    expect(await world.typesOf(`reservation-${c}.1`)).toStrictEqual(['StockReserved']);
    const { rows } = await world.log.sql.query<{ version: number }>(`select version from stock where sku = 'mug'`);
    expect(rows).toStrictEqual([{ version: 3 }]);
  });

  it('writes off what a picker did not find, sets aside what is doubtful', async () => {
    await world.receive('jar', 6);
    const orderId = world.orderId();
    await world.hear(routed(orderId, 'jar', 3), released(orderId), cancelled(orderId, 'jar', 1, 'write_off'), cancelled(orderId, 'jar', 1, 'quarantine'));
    expect(await world.buckets('jar')).toStrictEqual([3, 0, 1, 1]);
    expect(await world.typesOf(`reservation-${orderId}.1`)).toStrictEqual(['StockReserved', 'ReservationCommitted', 'StockAdjusted', 'ReservationReleased']);
  });

  it('ends a lease at its time and says so when the release comes later', async () => {
    await world.receive('lid', 2);
    const orderId = world.orderId();
    await world.hear(routed(orderId, 'lid', 2));
    const streamId = `reservation-${orderId}.1`;
    const timers = await world.log.sql.query<{ due_at: string }>('select due_at from timers where stream_id = $1', [streamId]);
    const now = timers.rows[0]?.due_at ?? '';
    await world.log.transact((tx) => expireReservations(world.parts.inventory)([{ streamId, now }], tx));
    expect(await world.buckets('lid')).toStrictEqual([2, 0, 0, 0]);
    await world.hear(released(orderId));
    const events = await world.events(streamId);
    expect(events.map(({ type }) => type)).toStrictEqual(['StockReserved', 'ReservationExpired', 'ReservationLost']);
    expect(events[1]).toMatchObject({ tenantId: 'shop', correlationId: orderId });
  });

  it('publishes the stock that may be promised, the newest version last', async () => {
    await world.receive('tin', 4);
    await world.hear(routed(world.orderId(), 'tin', 1));
    await world.settle();
    const copies = world.sent.filter(({ key }) => key === 'tin@berg');
    expect(copies.at(-1)).toStrictEqual({ topic: 'inventory.availability', key: 'tin@berg', value: { sku: 'tin', centerId: 'berg', available: 3, version: 2 } });
    const sent = world.sent.length;
    await world.settle();
    expect(world.sent).toHaveLength(sent);
  });

  it('refuses stock of an item that is not defined and books a receipt once', async () => {
    const { context } = await import('./world.js');
    const receipt = { receiptId: 'once', centerId: 'berg', reference: '', lines: [{ sku: 'can', quantity: 4 }] };
    await world.useCases.receiveStock(receipt, context('once'));
    expect(await world.useCases.receiveStock(receipt, context('once'))).toMatchObject({ isRepeated: true });
    expect(await world.useCases.receiveStock({ ...receipt, lines: [{ sku: 'can', quantity: 5 }] }, context('once'))).toMatchObject({
      refused: 'AlreadyRecordedDifferently',
    });
    expect(await world.useCases.receiveStock({ ...receipt, receiptId: 'other', lines: [{ sku: 'nope', quantity: 5 }] }, context('other'))).toMatchObject({
      refused: 'UnknownSku',
      field: '/lines/0/sku',
    });
    expect(await world.buckets('can')).toStrictEqual([4, 0, 0, 0]);
  });

  it('keeps every row equal to the fold of its ledger, with every version', async () => {
    const { rows } = await world.log.sql.query<{ sku: string; wrong: boolean }>(
      `with ledger as (
         select l->>'sku' as sku, l->>'centerId' as center_id, count(*) as entries, max((l->>'stockVersion')::bigint) as last,
                sum((l->>'available')::int) as available, sum((l->>'reserved')::int) as reserved, sum((l->>'committed')::int) as committed,
                sum((l->>'quarantine')::int) as quarantine
         from event_log_json e cross join lateral json_array_elements(e.data->'entries') l group by 1, 2)
       select s.sku, (s.version, s.version, s.available, s.reserved, s.committed, s.quarantine)
                is distinct from (l.entries, l.last, l.available, l.reserved, l.committed, l.quarantine) as wrong
       from stock s full join ledger l using (sku, center_id)`,
    );
    expect(rows.length).toBeGreaterThan(6);
    expect(rows.filter(({ wrong }) => wrong)).toStrictEqual([]);
  });
});
