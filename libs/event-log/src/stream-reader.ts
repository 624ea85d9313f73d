import { deserialize, serialize } from 'node:v8';
import type { EventBody } from '@orderlog/contracts';
import type { Pool, PoolClient } from 'pg';
import type { Aggregate } from './event-log.js';
import { runPrepared } from './session.js';
import type { Folded, StateCache } from './state-cache.js';

/** Streams get a snapshot each time their version passes a multiple of this. */
export const snapshotEvery = 100;

// `offset 0` keeps the lateral query apart: one index scan a stream, whatever the planner believes about the size of the list.
const missingSql = `
with wanted as (
  select * from unnest($1::text[], $2::smallint[], $3::integer[]) as w (stream_id, shard, after)
), newest as materialized (
  select s.stream_id, s.version, s.state
  from wanted w join snapshots s on s.stream_id = w.stream_id
  where s.state_schema = $4 and s.version > w.after
    -- Only a cache: one that is beyond its stream (a restore of one table) is of another history.
    and s.version <= (select t.version from streams t where t.stream_id = s.stream_id)
)
select e.stream_id, e.version, e.type, e.schema_version, e.data, null::bytea as state
from wanted w
left join newest s on s.stream_id = w.stream_id
cross join lateral (
  select l.stream_id, l.version, l.type, l.schema_version, l.data
  from event_log l
  where l.shard = w.shard and l.stream_id = w.stream_id and l.version > coalesce(s.version, w.after)
  offset 0
) as e
union all
select stream_id, version, null, null, null, state from newest
order by 1, 2`;

type MissingRow = {
  readonly stream_id: string;
  readonly version: number;
  readonly type: string | null;
  readonly schema_version: number;
  readonly data: string;
  readonly state: Buffer | null;
};

const snapshotSql = `
insert into snapshots (stream_id, version, state_schema, state) values ($1, $2, $3, $4)
on conflict (stream_id) do update set version = excluded.version, state_schema = excluded.state_schema, state = excluded.state
where snapshots.state_schema <> excluded.state_schema or snapshots.version < excluded.version`;

/** Reads what is missing between known states and today, for many streams in one round trip. */
export type StreamReader = {
  /** Folded states by stream id, from `known` (or the beginning) on; streams without events are at version 0. Feeds the cache. */
  foldAll<E extends EventBody, S>(
    runner: Pool | PoolClient,
    aggregate: Aggregate<never, E, S, string>,
    streamIds: readonly string[],
    known: ReadonlyMap<string, Folded<S>>,
  ): Promise<Map<string, Folded<S>>>;
  /** Writes a snapshot of a state if its stream passed a multiple of 100 since `before`; else undefined: nearly every append, for which a promise would be waste. */
  snapshot<E extends EventBody, S>(pool: Pool, aggregate: Aggregate<never, E, S, string>, streamId: string, before: number, now: Folded<S>): Promise<unknown> | undefined;
};

/** Makes a stream reader; `today` brings a payload to today's schema. */
export const createStreamReader = (
  cache: StateCache,
  shardOf: (streamId: string) => number,
  today: (type: string, schemaVersion: number, data: object) => object,
): StreamReader => ({
  foldAll: async (runner, aggregate, streamIds, known) => {
    const { initialState, evolve } = aggregate.decider;
    const { rows } = await runPrepared<MissingRow>(runner, missingSql, [
      streamIds,
      streamIds.map(shardOf),
      streamIds.map((streamId) => known.get(streamId)?.version ?? 0),
      aggregate.stateSchema,
    ]);
    const folded = new Map(streamIds.map((streamId) => [streamId, known.get(streamId) ?? { version: 0, state: initialState }]));
    const bytes = new Map<string, number>();
    for (const { stream_id: streamId, version, type, schema_version: schemaVersion, data, state } of rows) {
      if (state !== null) {
        folded.set(streamId, { version, state: deserialize(state) as typeof initialState });
        bytes.set(streamId, state.length);
        continue;
      }
      const before = folded.get(streamId)?.state ?? initialState;
      const event = { type, data: today(type ?? '', schemaVersion, JSON.parse(data) as object) } as unknown as Parameters<typeof evolve>[1];
      folded.set(streamId, { version, state: evolve(before, event) });
      bytes.set(streamId, (bytes.get(streamId) ?? 0) + 300);
    }
    for (const [streamId, more] of bytes) {
      const now = folded.get(streamId);
      if (now !== undefined) cache.set(streamId, aggregate.decider, now, more);
    }
    return folded;
  },
  snapshot: (pool, aggregate, streamId, before, { version, state }) => {
    if (Math.floor(before / snapshotEvery) === Math.floor(version / snapshotEvery)) return undefined;
    // A state that cannot be serialized must fail the promise: what it was folded from is committed. v8's format and not JSON: it may hold maps and sets.
    const write = async (): Promise<unknown> => runPrepared(pool, snapshotSql, [streamId, version, aggregate.stateSchema, serialize(state)]);
    return write();
  },
});
