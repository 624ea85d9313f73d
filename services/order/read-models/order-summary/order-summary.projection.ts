import type { RecordedEvent } from '@orderlog/contracts';
import type { EventLog } from '@orderlog/event-log';
import { cancellationStatus, order, orderStatus, stageOf, tally, type Order, type OrderEvent } from '@orderlog/order-domain';
import { projection } from '@orderlog/projections';
import { LRUCache } from 'lru-cache';

type Folded = { readonly state: Order; readonly version: number; readonly createdAt: string; readonly updatedAt: string };

const separator = '\u001e';
const listOf = (values: readonly (string | number | boolean)[]): string => `{${values.map((value) => (value === '' ? 'null' : value)).join(',')}}`;

const upsertSql = `insert into order_summary_1 as o (
  order_id, tenant_id, channel, external_reference, number, status, version, currency, grand_total, units, backordered_units, payment_status,
  hold_reasons, country_code, has_open_cancellation, due_at, review_at, placed_at, created_at, updated_at
)
-- A list of one empty text is an empty list to string_to_array: hence the coalesce.
select n.order_id, n.tenant_id, n.channel, n.external_reference, coalesce(n.number, ''), n.status, n.version, n.currency, n.grand_total, n.units,
  n.backordered_units, n.payment_status, coalesce(n.hold_reasons, ''), n.country_code, n.has_open_cancellation, n.due_at, n.review_at, n.placed_at,
  n.created_at, n.updated_at
from unnest(
  $1::uuid[], string_to_array($2, chr(30)), string_to_array($3, chr(30)), string_to_array($4, chr(30)), string_to_array($5, chr(30)),
  string_to_array($6, chr(30)), $7::integer[], string_to_array($8, chr(30)), $9::bigint[], $10::integer[], $11::integer[],
  string_to_array($12, chr(30)), string_to_array($13, chr(30)), string_to_array($14, chr(30)), $15::boolean[], $16::timestamptz[],
  $17::timestamptz[], $18::timestamptz[], $19::timestamptz[], $20::timestamptz[]
) as n (
  order_id, tenant_id, channel, external_reference, number, status, version, currency, grand_total, units, backordered_units, payment_status,
  hold_reasons, country_code, has_open_cancellation, due_at, review_at, placed_at, created_at, updated_at
)
on conflict (order_id) do update set
  status = excluded.status, version = excluded.version, units = excluded.units, backordered_units = excluded.backordered_units,
  payment_status = excluded.payment_status, hold_reasons = excluded.hold_reasons, country_code = excluded.country_code,
  has_open_cancellation = excluded.has_open_cancellation, due_at = excluded.due_at, review_at = excluded.review_at,
  updated_at = excluded.updated_at
where o.version < excluded.version`;

/** States that the projection keeps, so that an order's next events need not be read from its beginning: more than one turn (4,000 events) touches. */
const foldedMax = 5_000;
const streamsAtOnce = 500;

const columnsOf = ({ state, version, createdAt, updatedAt }: Folded) => {
  const { placed } = state;
  if (placed === undefined) throw new Error('an order begins with OrderPlaced');
  const units = tally(state);
  const stage = stageOf(state, units);
  const reviewAt = units.backordered > 0 ? state.reviewAt : '';
  return {
    orderId: placed.orderId,
    tenantId: placed.tenantId,
    channel: placed.channel,
    externalReference: placed.externalReference,
    number: placed.number,
    status: orderStatus(state, units),
    version,
    currency: placed.currency,
    grandTotal: placed.totals.grandTotal,
    units: state.lines.reduce((sum, line) => sum + line.ordered, 0),
    backordered: units.backordered,
    payment: state.payment.status,
    holds: [...new Set(state.holds.map((hold) => hold.reason))].sort().join(','),
    countryCode: state.destination.countryCode,
    hasOpenCancellation: state.cancellations.some((cancellation) => cancellationStatus(state, cancellation) === 'requested'),
    // A payment that is late puts the order on hold: that is where people look for it.
    dueAt: stage === '' || stage === 'payment' ? reviewAt : state.dueBy,
    reviewAt,
    placedAt: placed.placedAt,
    createdAt,
    updatedAt,
  };
};

const foldedFrom = (first: RecordedEvent<OrderEvent>, events: readonly RecordedEvent<OrderEvent>[]): Folded => ({
  state: events.reduce(order.evolve, order.initialState),
  version: events.length,
  createdAt: first.recordedAt,
  updatedAt: first.recordedAt,
});

/** The list of orders. Statuses are derived by folding: what is kept in memory is only a shortcut, the log is read where it is missing. */
export const orderSummary = (log: EventLog) => {
  const folded = new LRUCache<string, Folded>({ max: foldedMax });

  /** The state before an event: remembered, else folded from the log. */
  const before = async (event: RecordedEvent<OrderEvent>): Promise<Folded> => {
    const version = event.streamVersion - 1;
    const known = folded.get(event.streamId);
    if (version === 0) return { state: order.initialState, version, createdAt: event.recordedAt, updatedAt: event.recordedAt };
    if (known?.version === version) return known;
    const events = await log.read<OrderEvent>(event.streamId, { upTo: version });
    const [first] = events;
    if (first === undefined || events.length !== version) throw new Error(`${event.streamId} has no version ${version}`);
    return foldedFrom(first, events);
  };

  /** Reads the states before all these events at once, where they are not remembered. */
  const remember = async (events: readonly RecordedEvent<OrderEvent>[]): Promise<void> => {
    const before = new Map<string, number>();
    // The first event of each stream here counts: the others follow from it.
    for (const { streamId, streamVersion } of events) if (!before.has(streamId)) before.set(streamId, streamVersion - 1);
    const streams = [...before].flatMap(([streamId, upTo]) => (upTo === 0 || folded.get(streamId)?.version === upTo ? [] : [{ streamId, upTo }]));
    for (let from = 0; from < streams.length; from += streamsAtOnce) {
      for (const [streamId, beginning] of await log.readBeginnings<OrderEvent>(streams.slice(from, from + streamsAtOnce))) {
        const [first] = beginning;
        if (first !== undefined) folded.set(streamId, foldedFrom(first, beginning));
      }
    }
  };

  return projection<OrderEvent>({
    name: 'order-summary',
    version: 1,
    tables: ['order_summary_1'],
    prepare: remember,
    apply: async (events, sql) => {
      const touched = new Map<string, Folded>();
      for (const event of events) {
        const known = touched.get(event.streamId) ?? (await before(event));
        const { createdAt } = known;
        touched.set(event.streamId, {
          state: order.evolve(known.state, event),
          version: event.streamVersion,
          createdAt,
          updatedAt: event.recordedAt,
        });
      }
      // Sorted, so that two projections of a rolling change never lock rows in opposite orders.
      const rows = [...touched.values()].map(columnsOf).sort((a, b) => (a.orderId < b.orderId ? -1 : 1));
      const joined = (textOf: (row: (typeof rows)[number]) => string): string => rows.map(textOf).join(separator);
      await sql.query(upsertSql, [
        listOf(rows.map((row) => row.orderId)),
        joined((row) => row.tenantId),
        joined((row) => row.channel),
        joined((row) => row.externalReference),
        joined((row) => row.number),
        joined((row) => row.status),
        listOf(rows.map((row) => row.version)),
        joined((row) => row.currency),
        listOf(rows.map((row) => row.grandTotal)),
        listOf(rows.map((row) => row.units)),
        listOf(rows.map((row) => row.backordered)),
        joined((row) => row.payment),
        joined((row) => row.holds),
        joined((row) => row.countryCode),
        listOf(rows.map((row) => row.hasOpenCancellation)),
        listOf(rows.map((row) => row.dueAt)),
        listOf(rows.map((row) => row.reviewAt)),
        listOf(rows.map((row) => row.placedAt)),
        listOf(rows.map((row) => row.createdAt)),
        listOf(rows.map((row) => row.updatedAt)),
      ]);
      for (const [streamId, now] of touched) folded.set(streamId, now);
    },
  });
};
