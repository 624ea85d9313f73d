import type pg from 'pg';

/** Templates a statement copies at once: a batch of the log is meant to be some hundreds of streams. */
const templatesAtOnce = 500;

/** The instant in a UUIDv7, so many hours earlier: another id, older than all that follow, of the same shard. */
const functions = `
create or replace function pg_temp.earlier(id uuid, hours integer) returns uuid language sql immutable as $$
  select (lpad(to_hex((('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint - hours * 3600000::bigint)), 12, '0') || substr(replace(id::text, '-', ''), 13))::uuid
$$`;

const templates = (run: string): string => `
create temporary table template as
  select row_number() over (order by r.order_id) as n, r.order_id, r.tenant_id, r.channel, r.external_reference, r.digest, s.shard, s.version
  from "order".external_references r join "order".streams s on s.stream_id = 'order-' || r.order_id
  where r.external_reference like '${run}-%'`;

/** Through the log's own function: heads, sequence numbers, versions and the hash chain are what the service would have written. */
const appendSql = `
with t as (select n - $2 as n, order_id, pg_temp.earlier(order_id, $1::int) as fresh, shard, version, external_reference from template where n > $2 and n <= $3),
e as (
  select t.n, l.version, pg_temp.earlier(l.event_id, $1::int) as event_id, l.type, l.schema_version,
    to_char(l.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as occurred,
    replace(replace(l.data::text, t.order_id::text, t.fresh::text), '"' || t.external_reference || '"', '"' || t.external_reference || '.' || $1::int || '"') as data,
    replace(l.meta::text, t.order_id::text, t.fresh::text) as meta
  from t join "order".event_log l on l.shard = t.shard and l.stream_id = 'order-' || t.order_id
)
select count(*)::int as n from "order".append_events(
  true,
  (select string_agg('order-' || fresh, chr(30) order by n) from t),
  (select array_agg(shard order by n) from t),
  (select array_agg(0 order by n) from t),
  (select array_agg(version order by n) from t),
  (select array_agg(n::integer order by n, version) from e),
  (select array_agg(version order by n, version) from e),
  (select array_agg(event_id order by n, version) from e),
  (select string_agg(type, chr(30) order by n, version) from e),
  (select array_agg(schema_version order by n, version) from e),
  (select string_agg(occurred, chr(30) order by n, version) from e),
  (select string_agg(data, chr(30) order by n, version) from e),
  (select string_agg(meta, chr(30) order by n, version) from e),
  null, null)`;

/** What placing writes beside the log, and what the read model makes of it. */
const besideSql = [
  `insert into "order".idempotency_keys (tenant_id, key, digest, order_id, status, version)
   select k.tenant_id, k.key || '.' || $1::int, k.digest, pg_temp.earlier(k.order_id, $1::int), k.status, k.version from template t join "order".idempotency_keys k on k.tenant_id = t.tenant_id and k.key = t.external_reference`,
  `insert into "order".external_references (tenant_id, channel, external_reference, order_id, digest)
   select tenant_id, channel, external_reference || '.' || $1::int, pg_temp.earlier(order_id, $1::int), digest from template`,
  `insert into "order".personal_data (order_id, version, kind, data) select pg_temp.earlier(p.order_id, $1::int), p.version, p.kind, p.data from template t join "order".personal_data p using (order_id)`,
  `insert into "order".timers (stream_id, kind, shard, due_at, epoch)
   select 'order-' || pg_temp.earlier(t.order_id, $1::int), i.kind, i.shard, i.due_at, i.epoch from template t join "order".timers i on i.stream_id = 'order-' || t.order_id`,
  `insert into "order".order_summary_1 (order_id, tenant_id, channel, external_reference, number, status, version, currency, grand_total, units, backordered_units,
     payment_status, hold_reasons, country_code, has_open_cancellation, due_at, review_at, placed_at, created_at, updated_at)
   select pg_temp.earlier(o.order_id, $1::int), o.tenant_id, o.channel, o.external_reference || '.' || $1::int, o.number, o.status, o.version, o.currency, o.grand_total, o.units,
     o.backordered_units, o.payment_status, o.hold_reasons, o.country_code, o.has_open_cancellation, o.due_at, o.review_at, o.placed_at, o.created_at, o.updated_at
   from template t join "order".order_summary_1 o using (order_id)`,
];

/** The copies were applied and published long ago, as far as the service is told. */
const passedSql = [
  'update "order".projection_checkpoints c set seq = h.seq from "order".shard_head h where h.shard = c.shard',
  'update "order".relay_cursor c set seq = h.seq from "order".shard_head h where h.shard = c.shard',
];

/** Stores more orders as copies of the templates, with everything the order service keeps of an order. It must not run meanwhile. */
export type StoreOrders = (count: number) => Promise<void>;

/** The orders of `run` are the templates: placed by the service itself, applied and published. */
export const storedOrders = async (sql: pg.Client, run: string): Promise<StoreOrders> => {
  await sql.query(functions);
  await sql.query(templates(run));
  await sql.query('create index on template (n)');
  await sql.query('analyze template');
  const { rows } = await sql.query<{ n: number }>('select count(*)::int as n from template');
  const each = rows[0]?.n ?? 0;
  let copies = 0;
  return async (count) => {
    if (count % each !== 0) throw new Error(`${count} orders are no multiple of ${each} templates`);
    for (let made = 0; made < count; made += each) {
      copies += 1;
      await sql.query('begin');
      for (let from = 0; from < each; from += templatesAtOnce) await sql.query(appendSql, [copies, from, Math.min(from + templatesAtOnce, each)]);
      for (const statement of besideSql) await sql.query(statement, [copies]);
      await sql.query('commit');
    }
    for (const statement of passedSql) await sql.query(statement);
    const { rows: orders } = await sql.query<{ references: string; streams: string; events: string; heads: string; summaries: string }>(
      `select (select count(*) from "order".external_references) as references, (select count(*) from "order".streams) as streams, (select count(*) from "order".event_log) as events,
         (select sum(seq) from "order".shard_head) as heads, (select count(*) from "order".order_summary_1) as summaries`,
    );
    const found = orders[0];
    if (found === undefined || found.references !== found.streams || found.references !== found.summaries || found.events !== found.heads) throw new Error(`what was stored does not fit: ${JSON.stringify(found)}`);
  };
};
