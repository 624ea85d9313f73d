import { executorOf, readLogPage, upcast, type SqlExecutor, type Upcasters } from '@orderlog/event-log';
import type { RecordedEvent } from '@orderlog/contracts';
import type { Pool } from 'pg';
import { loadCursors, type Cursors } from './checkpoints.js';
import { digestOf } from './digest.js';
import { eventsFor, keyOf, type Projection } from './projection.js';

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
  readonly live: string;
  readonly rebuilt: string;
  /** Empty when the digests agree. */
  readonly differences: readonly TableDifference[];
};

const samplesMax = 5;
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const replay = async (sql: SqlExecutor, projection: Projection<never>, until: Cursors, upcasters: Upcasters, pageRows: number): Promise<number> => {
  const types = projection.types === undefined ? undefined : new Set(projection.types);
  let count = 0;
  for (const [shard, last] of until.entries()) {
    for (let after = 0; after < last; ) {
      const page = await readLogPage(sql, shard, after, Math.min(pageRows, last - after));
      const end = page.at(-1);
      if (end === undefined) throw new Error(`shard ${shard} of the log ends at ${after}, before the checkpoint ${last} of ${projection.name}`);
      const events: readonly RecordedEvent[] = eventsFor(types, page).map((event) => ({ ...event, data: upcast(upcasters, event.type, event.schemaVersion, event.data) }));
      if (events.length > 0) {
        await projection.prepare?.(events as readonly RecordedEvent<never>[]);
        await projection.apply(events as readonly RecordedEvent<never>[], sql);
      }
      after = end.seq;
      count += page.length;
    }
  }
  return count;
};

const sample = async (sql: SqlExecutor, one: string, other: string): Promise<readonly string[]> => {
  const { rows } = await sql.query<{ row: string }>(`(select t::text as row from ${one} t) except all (select t::text from ${other} t) limit ${samplesMax}`);
  return rows.map(({ row }) => row);
};

/**
 * Compares read models with a rebuild up to the same checkpoints, while the service runs: one repeatable-read transaction sees tables,
 * checkpoints and log at one moment; temporary tables of the same names stand before the real ones, so that `apply` fills them; the
 * rollback removes everything. Needs only the service's own role. `pool` is one of `openPool`.
 */
export const compareWithRebuild = async (
  pool: Pool,
  schema: string,
  projections: readonly Projection<never>[],
  { upcasters = {}, pageRows = 2_000 }: { readonly upcasters?: Upcasters; readonly pageRows?: number } = {},
): Promise<readonly RebuildComparison[]> => {
  const compared: RebuildComparison[] = [];
  for (const projection of projections) {
    const client = await pool.connect();
    const sql = executorOf(client);
    try {
      const { rows: shards } = await sql.query<{ count: number }>('select count(*)::integer as count from shard_head');
      await loadCursors(sql, keyOf(projection), shards[0]?.count ?? 0);
      await client.query('begin isolation level repeatable read');
      const until = await loadCursors(sql, keyOf(projection), shards[0]?.count ?? 0);
      const live = await digestOf(sql, projection.tables);
      for (const table of projection.tables) await sql.query(`create temporary table ${table} (like ${quoted(schema)}.${table} including all) on commit drop`);
      const events = await replay(sql, projection, until, upcasters, pageRows);
      const rebuilt = await digestOf(sql, projection.tables);
      const differences: TableDifference[] = [];
      if (live !== rebuilt) {
        for (const table of projection.tables) {
          const [onlyLive, onlyRebuilt] = [await sample(sql, `${quoted(schema)}.${table}`, `pg_temp.${table}`), await sample(sql, `pg_temp.${table}`, `${quoted(schema)}.${table}`)];
          if (onlyLive.length + onlyRebuilt.length > 0) differences.push({ table, onlyLive, onlyRebuilt });
        }
      }
      compared.push({ projection: projection.name, events, live, rebuilt, differences });
    } finally {
      // Also after success: nothing of this is to stay. The session goes too, with the plans it made for the temporary tables.
      await client.query('rollback').catch(() => undefined);
      client.release(true);
    }
  }
  return compared;
};
