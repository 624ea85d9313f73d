import { takeTurns, type Turns } from '@orderlog/backbone';
import type { AvailabilityCopy } from '@orderlog/contracts';
import type { SqlExecutor } from '@orderlog/event-log';
import { stockKey, type StockRow } from '@orderlog/inventory-domain';

/** Writes copies to a compacted topic; resolves when the broker has them. */
export type PublishCopies = (records: readonly { readonly key: string; readonly value: AvailabilityCopy }[]) => Promise<void>;

/** Keeps the compacted topic at the stock that may be promised. */
export type AvailabilityPublisher = Turns & {
  /** Rows of a transaction that is about to commit. */
  readonly changed: (rows: readonly StockRow[]) => void;
  /** Resolves when what differs now has been published (tests, shutdown). */
  readonly settled: () => Promise<void>;
};

const recordsMax = 500;
/** A transaction that was announced and never committed is forgotten after so long; the comparison of all rows would find it if it was. */
const announcedMsMax = 30_000;
const compareEveryMs = 60_000;
/** Changes of so long become one send: at hundreds of orders a second, sends of a few rows each would cost more than the orders do. */
const gatherMs = 40;

const readSql = `select sku, center_id, available, version from stock
  where (sku, center_id) in (select * from unnest($1::text[], $2::text[]))`;
const markSql = `insert into availability_published as p (sku, center_id, available, version)
  select * from unnest($1::text[], $2::text[], $3::int[], $4::bigint[]) as n (sku, center_id, available, version) order by sku, center_id
  on conflict (sku, center_id) do update set available = excluded.available, version = excluded.version where p.version <= excluded.version
  returning sku, center_id`;
const differingSql = `select s.sku, s.center_id, s.available, s.version from stock s left join availability_published p using (sku, center_id)
  where p.version is null or p.available <> s.available order by s.sku, s.center_id limit $1`;

type Row = { readonly sku: string; readonly center_id: string; readonly available: number; readonly version: number };

/**
 * Publishes rows whose availability changed, many changes of one row as one record. What is to be published is derived from the tables
 * at the start and once a minute, so that a crash loses nothing; in between, announced rows are looked up. The row is read anew for each
 * record, and the mark in the database refuses to go back: of two processes, the one that sent the older value sends again.
 */
export const availabilityPublisher = (options: {
  readonly sql: SqlExecutor;
  readonly publish: PublishCopies;
  /** Called after rows were published: backorders may be told of them now. */
  readonly onPublished: () => void;
  readonly onError: (error: unknown) => void;
}): AvailabilityPublisher => {
  const { sql, publish } = options;
  const announced = new Map<string, { readonly sku: string; readonly centerId: string; readonly version: number; readonly since: number }>();
  let comparedAt = Number.NEGATIVE_INFINITY;

  const announce = (rows: readonly { readonly sku: string; readonly centerId: string; readonly version: number }[]): void => {
    const since = performance.now();
    for (const { sku, centerId, version } of rows) announced.set(stockKey(sku, centerId), { sku, centerId, version, since });
  };

  const send = async (rows: readonly Row[]): Promise<void> => {
    if (rows.length === 0) return;
    await publish(
      rows.map(({ sku, center_id: centerId, available, version }) => ({ key: stockKey(sku, centerId), value: { sku, centerId, available, version } })),
    );
    const marked = await sql.query<{ sku: string; center_id: string }>(markSql, [
      rows.map(({ sku }) => sku),
      rows.map(({ center_id }) => center_id),
      rows.map(({ available }) => available),
      rows.map(({ version }) => version),
    ]);
    const isMarked = new Set(marked.rows.map(({ sku, center_id }) => stockKey(sku, center_id)));
    announce(rows.flatMap(({ sku, center_id: centerId, version }) => (isMarked.has(stockKey(sku, centerId)) ? [] : [{ sku, centerId, version }])));
    options.onPublished();
  };

  const publishAnnounced = async (): Promise<boolean> => {
    const due = [...announced].slice(0, recordsMax);
    if (due.length === 0) return false;
    const { rows } = await sql.query<Row>(readSql, [due.map(([, { sku }]) => sku), due.map(([, { centerId }]) => centerId)]);
    const current = new Map(rows.map((row) => [stockKey(row.sku, row.center_id), row]));
    // Not committed yet: looked up again in the next turn.
    const isThere = (key: string, version: number): boolean => (current.get(key)?.version ?? 0) >= version;
    await send(due.flatMap(([key, { version }]) => (isThere(key, version) ? (current.get(key) ?? []) : [])));
    let isLeft = announced.size > due.length;
    for (const [key, { version, since }] of due) {
      const latest = announced.get(key);
      if (latest?.since !== since) continue;
      if (isThere(key, version) || performance.now() - since > announcedMsMax) announced.delete(key);
      else isLeft = true;
    }
    return isLeft;
  };

  const publishDiffering = async (): Promise<boolean> => {
    const { rows } = await sql.query<Row>(differingSql, [recordsMax]);
    await send(rows);
    return rows.length === recordsMax;
  };

  const turn = async (): Promise<boolean> => {
    const isLeft = await publishAnnounced();
    if (performance.now() - comparedAt < compareEveryMs) return isLeft;
    if (await publishDiffering()) return true;
    comparedAt = performance.now();
    return isLeft;
  };

  const turns = takeTurns({ turn, idleMs: 200, gatherMs, onError: options.onError });
  return {
    ...turns,
    changed: (rows) => {
      if (rows.length === 0) return;
      announce(rows);
      turns.wake();
    },
    settled: async () => {
      while ((await publishAnnounced()) || (await publishDiffering())) continue;
    },
  };
};
