import type { SqlExecutor } from '@orderlog/event-log';
import type { BackorderQueue, QueuedLine } from '../application/ports.js';

type Row = {
  readonly order_id: string;
  readonly line_id: string;
  readonly sku: string;
  readonly waiting: number;
  readonly covered: number;
  readonly queued_at: string;
};

/** Lines told of stock in one turn; more wait for the next. */
const dueLinesMax = 500;
/** Units that were told of stock and of which nothing was heard for so long are no longer counted as on their way. */
const onTheirWay = `interval '5 minutes'`;
/** A parked stream waits for an operator; the orders behind it in the queue do not wait with it. */
const isFree = `not exists (select from parked_stream p where p.stream_id = 'backorder-' || b.order_id)`;
/**
 * A line that was told of stock in vain is told again when more came since, or after a pause that doubles: the stock may be of no use to
 * it (a center that does not ship there), or usable again (a stop that was lifted).
 */
const isDue = `b.waiting > 0 and ${isFree} and (b.covers = 0 or b.retry_at <= clock_timestamp()
  or exists (select 1 from stock a where a.sku = b.sku and a.arrived_at > b.covered_at))`;

const columns = 'b.order_id, b.line_id, b.sku, b.waiting, b.covered, b.queued_at';
const lockSql = `select ${columns} from backorder_lines b where b.order_id = any($1) order by b.order_id, b.line_id for update`;
const saveSql = `insert into backorder_lines as b (order_id, line_id, sku, waiting, covered, queued_at)
  select * from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::int[], $6::timestamptz[]) as n (order_id, line_id, sku, waiting, covered, queued_at)
  order by order_id, line_id
  on conflict (order_id, line_id) do update set waiting = excluded.waiting, covered = excluded.covered`;
const dueSkusSql = `select distinct b.sku from backorder_lines b
  where ${isDue} and exists (select 1 from stock s where s.sku = b.sku and s.available > 0) order by b.sku limit 100`;
const dueLinesSql = `select ${columns} from backorder_lines b where b.sku = any($1) and ${isDue}
  order by b.queued_at, b.order_id, b.line_id limit ${dueLinesMax}`;
const knownSql = `select p.sku, p.center_id, p.available from availability_published p where p.sku = any($1)`;
const promisedSql = `select sku, sum(covered)::int as covered from backorder_lines
  where sku = any($1) and covered > 0 and covered_at > clock_timestamp() - ${onTheirWay} group by sku`;
const coveredSql = `update backorder_lines as b
  set waiting = b.waiting - n.quantity, covered = b.covered + n.quantity, covers = b.covers + 1, covered_at = clock_timestamp(),
      retry_at = clock_timestamp() + least(interval '10 minutes', interval '2 seconds' * 2 ^ least(b.covers, 10))
  from unnest($1::text[], $2::text[], $3::int[]) as n (order_id, line_id, quantity)
  where b.order_id = n.order_id and b.line_id = n.line_id`;
const forgetSql = `delete from backorder_lines where waiting = 0 and covered = 0 and covered_at < clock_timestamp() - interval '1 day'`;

const lineOf = ({ order_id: orderId, line_id: lineId, sku, waiting, covered, queued_at: queuedAt }: Row): QueuedLine => ({
  orderId,
  lineId,
  sku,
  waiting,
  covered,
  queuedAt,
});

/** The queue on PostgreSQL; `sql` is for looking without a transaction. */
export const postgresBackorderQueue = (sql: SqlExecutor): BackorderQueue => ({
  lock: async (tx, orderIds) => (await tx.query<Row>(lockSql, [orderIds])).rows.map(lineOf),
  save: async (tx, lines) => {
    await tx.query(saveSql, [
      lines.map(({ orderId }) => orderId),
      lines.map(({ lineId }) => lineId),
      lines.map(({ sku }) => sku),
      lines.map(({ waiting }) => waiting),
      lines.map(({ covered }) => covered),
      lines.map(({ queuedAt }) => queuedAt),
    ]);
  },
  dueSkus: async () => (await sql.query<{ sku: string }>(dueSkusSql)).rows.map(({ sku }) => sku),
  dueLines: async (tx, skus) => (await tx.query<Row>(dueLinesSql, [skus])).rows.map(lineOf),
  free: async (tx, rows, skus) => {
    // Only what routing was told of: an order sent back to it any earlier would be found without stock again.
    const { rows: known } = await tx.query<{ sku: string; center_id: string; available: number }>(knownSql, [skus]);
    const { rows: promised } = await tx.query<{ sku: string; covered: number }>(promisedSql, [skus]);
    const free = new Map(skus.map((sku) => [sku, 0]));
    for (const { sku, center_id, available } of known) {
      free.set(sku, (free.get(sku) ?? 0) + Math.min(available, rows.get(`${sku}@${center_id}`)?.available ?? 0));
    }
    for (const { sku, covered } of promised) free.set(sku, (free.get(sku) ?? 0) - covered);
    return free;
  },
  covered: async (tx, lines) => {
    await tx.query(coveredSql, [lines.map(({ orderId }) => orderId), lines.map(({ lineId }) => lineId), lines.map(({ quantity }) => quantity)]);
    await tx.query(forgetSql);
  },
});
