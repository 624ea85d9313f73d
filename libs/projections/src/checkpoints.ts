import { executorOf, type SqlExecutor } from '@orderlog/event-log';
import type { PoolClient } from 'pg';
import type { DataSource, QueryRunner } from 'typeorm';
import { checkpointsOf, type Numbered } from './versions.js';

/** Last applied sequence number by shard: the n-th element is shard n's. */
export type Cursors = readonly number[];

/** A move of one projection in one shard. */
export type Move = { readonly key: string; readonly shard: number; readonly from: number; readonly to: number };

/** A query runner as the plain executor that `apply` gets: on its own connection, because TypeORM does not prepare what it sends. */
export const executorOfRunner = async (runner: QueryRunner): Promise<SqlExecutor> => executorOf((await runner.connect()) as PoolClient);

/** Runs `work` in one transaction on one connection of the data source. */
export const inTransaction = async <T>(dataSource: DataSource, work: (sql: SqlExecutor) => Promise<T>): Promise<T> => {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.startTransaction();
    try {
      const answer = await work(await executorOfRunner(runner));
      await runner.commitTransaction();
      return answer;
    } catch (error) {
      // The connection may be what failed; then there is nothing left to roll back, and the first error is the one to tell.
      await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    }
  } finally {
    await runner.release();
  }
};

/** Reads the cursors of a version; creates them at zero where it is the first. Those of the others come and go with their tables: nobody else makes them. */
export const loadCursors = async (sql: SqlExecutor, version: Numbered, shards: number): Promise<number[]> => {
  const key = checkpointsOf(version);
  const select = 'select shard, seq::text as seq from projection_checkpoints where projection = $1';
  let { rows } = await sql.query<{ shard: number; seq: string }>(select, [key]);
  if (rows.length < shards && version.number === 1) {
    await sql.query(
      'insert into projection_checkpoints (projection, shard, seq) select $1, shard, 0 from generate_series(0, $2::integer - 1) as shard on conflict do nothing',
      [key, shards],
    );
    ({ rows } = await sql.query<{ shard: number; seq: string }>(select, [key]));
  }
  const cursors = new Array<number>(shards).fill(0);
  for (const { shard, seq } of rows) cursors[shard] = Number(seq);
  return cursors;
};

const moveSql = `
update projection_checkpoints c
set seq = m.after
from unnest($1::text[], $2::smallint[], $3::bigint[], $4::bigint[]) as m (projection, shard, before, after)
where c.projection = m.projection and c.shard = m.shard and c.seq = m.before`;

/** Another process has applied these events (or empties the tables): nothing is wrong, the cursors have to be read again. */
export class CheckpointMoved extends Error {}

/** Moves checkpoints, each from where its writer believed it; the row locks keep other processes out until the commit. */
export const moveCheckpoints = async (sql: SqlExecutor, moves: readonly Move[]): Promise<void> => {
  const { rowCount } = await sql.query(moveSql, [
    moves.map(({ key }) => key),
    moves.map(({ shard }) => shard),
    moves.map(({ from }) => from),
    moves.map(({ to }) => to),
  ]);
  if (rowCount !== moves.length) throw new CheckpointMoved('another process has moved these checkpoints');
};
