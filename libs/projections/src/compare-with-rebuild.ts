import { executorOf, upcast, type PostgresEventLog, type SqlExecutor, type Upcasters } from '@orderlog/event-log';
import type { RecordedEvent } from '@orderlog/contracts';
import { loadCursors, type Cursors } from './checkpoints.js';
import { digestOf } from './digest.js';
import { eventsFor, type Projection } from './projection.js';
import { replayPages } from './replay-pages.js';
import { liveNumber, readVersions, tableOf, tablesOf, type Numbered } from './versions.js';

/** A table that is not what its events say. Rows are texts, a few of each kind. */
export type TableDifference = {
  readonly table: string;
  readonly onlyLive: readonly string[];
  readonly onlyRebuilt: readonly string[];
};

/** What became of one projection. */
export type RebuildComparison = {
  readonly projection: string;
  /** Events that the live one has applied, and the rebuilt one too. */
  readonly events: number;
  /** The same by shard: the place in the log at which both were looked at. */
  readonly positions: readonly number[];
  readonly live: string;
  readonly rebuilt: string;
  /** Empty when the digests agree. */
  readonly differences: readonly TableDifference[];
};

const samplesMax = 5;
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const replay = async (sql: SqlExecutor, log: PostgresEventLog, projection: Projection<never>, until: Cursors, upcasters: Upcasters, pageRows: number): Promise<number> => {
  const types = projection.types === undefined ? undefined : new Set(projection.types);
  const pages = replayPages(log, until, pageRows);
  const cursors = until.map(() => 0);
  let count = 0;
  // From connections of the log's own: what lies before a checkpoint is the same for everybody and stays so.
  for (let page = await pages.after(cursors); page !== undefined; page = await pages.after(cursors)) {
    const events: readonly RecordedEvent[] = eventsFor(types, page).map((event) => ({ ...event, data: upcast(upcasters, event.type, event.schemaVersion, event.data) }));
    if (events.length > 0) {
      await projection.prepare?.(events as readonly RecordedEvent<never>[]);
      await projection.apply(events as readonly RecordedEvent<never>[], sql);
    }
    for (const { shard, seq } of page) cursors[shard] = seq;
    count += page.length;
  }
  return count;
};

const sample = async (sql: SqlExecutor, one: string, other: string): Promise<readonly string[]> => {
  const { rows } = await sql.query<{ row: string }>(`(select t::text as row from ${one} t) except all (select t::text from ${other} t) limit ${samplesMax}`);
  return rows.map(({ row }) => row);
};

/** Rows that one of two tables has and the other has not, a few of each. */
export const differencesOf = async (
  sql: SqlExecutor,
  tables: readonly { readonly table: string; readonly live: string; readonly rebuilt: string }[],
): Promise<readonly TableDifference[]> => {
  const differences: TableDifference[] = [];
  for (const { table, live, rebuilt } of tables) {
    const [onlyLive, onlyRebuilt] = [await sample(sql, live, rebuilt), await sample(sql, rebuilt, live)];
    if (onlyLive.length + onlyRebuilt.length > 0) differences.push({ table, onlyLive, onlyRebuilt });
  }
  return differences;
};

/**
 * Compares read models with a rebuild up to the same checkpoints, while the service runs: one repeatable-read transaction sees tables,
 * checkpoints and log at one moment; temporary tables of the same names stand before the real ones, so that `apply` fills them; the
 * rollback removes everything. Needs only the service's own role.
 */
export const compareWithRebuild = async (
  log: PostgresEventLog,
  projections: readonly Projection<never>[],
  { upcasters = {}, pageRows = 4_000 }: { readonly upcasters?: Upcasters; readonly pageRows?: number } = {},
): Promise<readonly RebuildComparison[]> => {
  const compared: RebuildComparison[] = [];
  for (const projection of projections) {
    const client = await log.pool.connect();
    const sql = executorOf(client);
    try {
      const { rows: shards } = await sql.query<{ count: number }>('select count(*)::integer as count from shard_head');
      const looked = async (): Promise<{ readonly version: Numbered; readonly until: Cursors }> => {
        const version = { projection, number: liveNumber((await readVersions(sql)).versionsOf(projection)) };
        return { version, until: await loadCursors(sql, version, shards[0]?.count ?? 0) };
      };
      await looked();
      await client.query('begin isolation level repeatable read');
      const { version, until } = await looked();
      const live = await digestOf(sql, tablesOf(version));
      for (const table of projection.tables) {
        await sql.query(`create temporary table ${table} (like ${quoted(log.schema)}.${tableOf(table, version.number)} including all) on commit drop`);
      }
      const events = await replay(sql, log, projection, until, upcasters, pageRows);
      const rebuilt = await digestOf(sql, projection.tables);
      const differences =
        live === rebuilt
          ? []
          : await differencesOf(sql, projection.tables.map((table) => ({ table, live: `${quoted(log.schema)}.${tableOf(table, version.number)}`, rebuilt: `pg_temp.${table}` })));
      compared.push({ projection: projection.name, events, positions: until, live, rebuilt, differences });
    } finally {
      // Also after success: nothing of this is to stay. The session goes too, with the plans it made for the temporary tables.
      await client.query('rollback').catch(() => undefined);
      client.release(true);
    }
  }
  return compared;
};
