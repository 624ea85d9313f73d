import type { MovementEvent, ReservationEvent, StockEntry } from '@orderlog/inventory-domain';
import { projection } from '@orderlog/projections';

type MovingEvent = Extract<ReservationEvent | MovementEvent, { data: { entries: readonly StockEntry[] } }>;

const buckets = ['available', 'reserved', 'committed', 'quarantine', 'damaged', 'safety'] as const;

const insertSql = `insert into stock_ledger_v1 (sku, center_id, stock_version, type, event_id, stream_id, order_id, line_id, fulfillment_order_id,
    reason, quantity, ${buckets.join(', ')}, actor_type, actor_id, recorded_at)
  select * from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::int[], $12::int[], $13::int[], $14::int[], $15::int[], $16::int[], $17::int[], $18::text[], $19::text[], $20::timestamptz[])
  on conflict do nothing`;

/** Every movement of every stock row. */
export const stockLedger = projection<MovingEvent>({
  name: 'stock-ledger',
  version: 1,
  tables: ['stock_ledger_v1'],
  types: [
    'StockReserved',
    'ReservationCommitted',
    'ReservationReleased',
    'ReservationExpired',
    'StockShipped',
    'StockReceived',
    'StockAdjusted',
    'StockCounted',
  ],
  apply: async (events, sql) => {
    const rows = events.flatMap((event) => event.data.entries.map((entry) => ({ entry, event })));
    if (rows.length === 0) return;
    await sql.query(insertSql, [
      rows.map(({ entry }) => entry.sku),
      rows.map(({ entry }) => entry.centerId),
      rows.map(({ entry }) => entry.stockVersion),
      rows.map(({ event }) => event.type),
      rows.map(({ event }) => event.eventId),
      rows.map(({ event }) => event.streamId),
      rows.map(({ event }) => ('orderId' in event.data ? event.data.orderId : '')),
      rows.map(({ entry }) => entry.lineId),
      rows.map(({ entry }) => entry.fulfillmentOrderId),
      rows.map(({ event }) => ('reason' in event.data ? event.data.reason : '')),
      rows.map(({ entry }) => entry.quantity),
      ...buckets.map((bucket) => rows.map(({ entry }) => entry[bucket])),
      rows.map(({ event }) => event.actor.type),
      rows.map(({ event }) => event.actor.id),
      rows.map(({ event }) => event.recordedAt),
    ]);
  },
});
