import { checkPayload, type EventBody, type RecordedEvent, type ServiceName } from '@orderlog/contracts';
import { isRefusal } from '@orderlog/decider';
import type { Pool, PoolClient } from 'pg';
import { appendEvents, conflictState, inLockOrder, pendingEvents, recordedEvents, refusedState, type Appended, type AppendedStreams, type EventRules, type StreamAppend } from './append.js';
import { OutcomeUnknown, VersionConflict, type Aggregate, type EventLog, type LogFollower, type LogTransaction, type Outcome, type ShardCursors, type SqlExecutor } from './event-log.js';
import { backOff, createGroupCommit } from './group-commit.js';
import { shardOfStream } from './ids.js';
import { createTurns } from './in-turn.js';
import { eventColumns, recordedEvent, storedEvent, type EventRow } from './recorded.js';
import { createFollower, createRecentRows } from './recent.js';
import { copyEvents, copyStored, foldEvents } from './replay.js';
import { executorOf, openPool, runPrepared } from './session.js';
import { isConnectionLoss, isContention, sqlStateOf } from './sql-errors.js';
import { createStateCache, type Folded } from './state-cache.js';
import { createStreamReader } from './stream-reader.js';
import { openTransaction, type OpenTransaction } from './transaction.js';
import { schemaVersionOf, upcast, type Upcasters } from './upcasting.js';

/** What an event log on PostgreSQL needs. */
export type EventLogOptions = {
  readonly service: ServiceName;
  /** As the service's app role. */
  readonly connectionString: string;
  /** Default: the service's name. */
  readonly schema?: string;
  readonly upcasters?: Upcasters;
  /** Says what is wrong with a payload before it is appended; wrong means a bug, and throws. Default: `checkPayload` of the contracts. */
  readonly checkPayload?: (type: string, data: object) => string | undefined;
  /** Connections for transactions and reads (8), beside those of the writers. */
  readonly connectionsMax?: number;
  /** Writer connections of the group commit (2). */
  readonly writers?: number;
  readonly cache?: { readonly streamsMax?: number; readonly bytesMax?: number };
  /** Hears of errors that no caller waits for (an idle connection that broke, a snapshot or listener that failed). Default: a process warning. */
  readonly onError?: (error: unknown) => void;
};

/**
 * An event log with the pool behind it. Sessions of the pool have the schema as search path and the time limits of `settings`; in
 * their rows `bigint` is a number and `timestamptz` an RFC 3339 string with milliseconds.
 */
export interface PostgresEventLog extends EventLog {
  readonly pool: Pool;
  readonly schema: string;
  /** Single statements outside of a transaction of the log, on the pool; prepared. */
  readonly sql: SqlExecutor;
}

const racesMax = 5;
/** Two read models may be built at once, while a relay that is far behind reads as they do. */
const replaysMax = 3;
const transactionsMax = 8;

const streamSql = `select ${eventColumns('l')} from event_log l where shard = $1 and stream_id = $2 and version > $3 and version <= $4 order by version`;
// `offset 0` keeps the lateral query apart: one index scan a stream, whatever the planner believes about the size of the list.
const beginningsSql = `
select ${eventColumns('e')}
from unnest($1::text[], $2::smallint[], $3::integer[]) as w (stream_id, shard, up_to)
cross join lateral (select * from event_log l where l.shard = w.shard and l.stream_id = w.stream_id and l.version <= w.up_to offset 0) as e
order by e.stream_id, e.version`;
const shardSql = `select ${eventColumns('l')} from event_log l where shard = $1 and seq > $2 order by seq limit $3`;
const shardsSql = `
select ${eventColumns('e')}
from unnest($1::smallint[], $2::bigint[]) as c (shard, after)
cross join lateral (select * from event_log l where l.shard = c.shard and l.seq > c.after order by l.seq limit $3) as e
order by e.shard, e.seq`;
const headSeqsSql = `select string_agg(seq::text, ',' order by shard) as seqs from shard_head`;
const headsSql = `select shard, seq, encode(hash, 'hex') as hash, log_id from shard_head order by shard`;

type AnyAggregate = Aggregate<never, never, unknown, string>;

type HeadRow = { readonly shard: number; readonly seq: number; readonly hash: string; readonly log_id: string };

// Text, not the error itself: `emitWarning` throws at errors of another realm (Jest's), and the event that brought this one may not fail.
const warn = (error: unknown): void =>
  error instanceof Error ? process.emitWarning(error.message, { type: error.name, detail: error.stack ?? '' }) : process.emitWarning(String(error));

/** Runs a transaction to its commit; the append and the commit go out together, so that heads are locked for as short as can be. */
const runTransaction = async <T>(
  client: PoolClient,
  open: OpenTransaction,
  begun: Promise<unknown>,
  work: (tx: LogTransaction) => Promise<T>,
): Promise<{ readonly answer: T; readonly appended: AppendedStreams | undefined }> => {
  let answer: T;
  try {
    [answer] = await Promise.all([work(open.tx), begun]);
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
  const appending = open.flush();
  const [appended, committed] = await Promise.allSettled([appending, client.query('commit')]);
  if (appended.status === 'rejected' && !isConnectionLoss(appended.reason)) throw appended.reason;
  if (committed.status === 'rejected') throw isConnectionLoss(committed.reason) ? new OutcomeUnknown(committed.reason) : committed.reason;
  if (appended.status === 'rejected') throw new OutcomeUnknown(appended.reason);
  if (committed.value.command === 'ROLLBACK') throw new Error('a statement of the transaction failed and its error was swallowed: rolled back');
  return { answer, appended: appended.value };
};

/** Opens the log of a service; the schema must have been migrated. */
export const createEventLog = async (options: EventLogOptions): Promise<PostgresEventLog> => {
  const { service, connectionString, schema = service, upcasters = {}, connectionsMax = 8, writers = 2, onError = warn } = options;
  const pool = openPool(connectionString, schema, `orderlog ${service}`, connectionsMax, onError);
  const writerPool = openPool(connectionString, schema, `orderlog ${service} writer`, writers, onError);
  const replayPool = openPool(connectionString, schema, `orderlog ${service} replay`, replaysMax, onError, { pipeline: false });
  const heads = async () => (await runPrepared<HeadRow>(pool, headsSql, [])).rows;
  const installed = await heads().catch(async (error: unknown) => {
    await Promise.all([pool.end(), writerPool.end(), replayPool.end()]);
    throw error;
  });
  const shards = installed.length;
  const logId = installed[0]?.log_id;
  if (logId === undefined) throw new Error(`the schema "${schema}" has no shards: migrate it first`);

  const shardOf = (streamId: string): number => shardOfStream(streamId, shards);
  const cache = createStateCache(options.cache);
  const today = (type: string, schemaVersion: number, data: object) => upcast(upcasters, type, schemaVersion, data);
  const eventOfToday = <E extends EventBody>(row: EventRow): RecordedEvent<E> =>
    recordedEvent(row, logId, today) as RecordedEvent<E>;
  const reader = createStreamReader(cache, shardOf, today);
  const rules: EventRules = {
    schemaVersionOf: (type) => schemaVersionOf(upcasters, type),
    checkPayload: options.checkPayload ?? ((type, data) => checkPayload(service, type, data)),
  };
  const turns = createTurns();
  const listeners = new Set<() => void>();
  const background = new Set<Promise<unknown>>();

  const recent = createRecentRows();
  const hasAppended = (appended: AppendedStreams): void => {
    recent.add(appended.rows(logId));
    for (const listener of listeners) {
      try {
        listener();
      } catch (error) {
        onError(error);
      }
    }
  };

  /** After the commit: the cache learns the new state, and a long stream gets its snapshot, for which nobody waits. */
  const remember = (aggregate: AnyAggregate, streamId: string, base: number, now: Folded, bytes: number): void => {
    cache.set(streamId, aggregate.decider, now, bytes);
    const writing = reader.snapshot(pool, aggregate, streamId, base, now);
    if (writing === undefined) return;
    const written: Promise<unknown> = writing.catch(onError).finally(() => background.delete(written));
    background.add(written);
  };

  const commits = createGroupCommit<StreamAppend, Appended | undefined>({
    lanes: writers,
    bytesOf: ({ events }) => events.reduce((sum, { dataJson, metaJson }) => sum + dataJson.length + metaJson.length, 0),
    run: async (batch) => {
      // Apart from the statement: while there is no connection, nothing can have been written.
      const writer = await writerPool.connect();
      const sorted = inLockOrder(batch);
      let broken = false;
      let appended: AppendedStreams;
      try {
        appended = await appendEvents(writer, sorted, false);
      } catch (error) {
        broken = isConnectionLoss(error);
        // The statement is its own transaction: when the connection breaks, it may have been committed.
        throw broken ? new OutcomeUnknown(error) : error;
      } finally {
        writer.release(broken);
      }
      hasAppended(appended);
      const { streams } = appended;
      const answers = new Map(sorted.map((append, n) => [append, streams[n]]));
      return batch.map((append) => answers.get(append));
    },
  });

  /** States that are asked for at the same time are read together: on a small statement the socket costs more than the database. */
  const reads = createGroupCommit<{ readonly aggregate: AnyAggregate; readonly streamId: string }, Folded>({
    lanes: writers,
    batchesQueuedMax: 16,
    run: async (batch) => {
      const wanted = new Map<AnyAggregate, Set<string>>();
      for (const { aggregate, streamId } of batch) wanted.set(aggregate, (wanted.get(aggregate) ?? new Set()).add(streamId));
      const folded = new Map<AnyAggregate, ReadonlyMap<string, Folded>>();
      for (const [aggregate, streamIds] of wanted) {
        const known = new Map<string, Folded>();
        for (const streamId of streamIds) {
          const cached = cache.get(streamId, aggregate.decider);
          if (cached !== undefined) known.set(streamId, cached);
        }
        folded.set(aggregate, await reader.foldAll(pool, aggregate, [...streamIds], known));
      }
      return batch.map(({ aggregate, streamId }) => folded.get(aggregate)?.get(streamId) ?? { version: 0, state: aggregate.decider.initialState });
    },
  });

  const refresh = async <C, E extends EventBody, S, Code extends string>(aggregate: Aggregate<C, E, S, Code>, streamId: string): Promise<Folded<S>> =>
    (await reads.submit({ aggregate: aggregate as unknown as AnyAggregate, streamId })) as Folded<S>;

  const execute = async <C, E extends EventBody, S, Code extends string>(
    aggregate: Aggregate<C, E, S, Code>,
    streamId: string,
    command: C,
    context: Parameters<EventLog['execute']>[3],
  ): Promise<Outcome<E, S, Code>> => {
    let known = cache.get<S>(streamId, aggregate.decider);
    // A cached state is good enough to append on (the version is compared) but not to refuse on: another process may have written.
    let isRead = false;
    for (let races = 0; ; ) {
      if (known === undefined) [known, isRead] = [await refresh(aggregate, streamId), true];
      const before: Folded<S> = known;
      const decided = aggregate.decider.decide(command, before.state);
      if (isRefusal(decided) || decided.length === 0) {
        if (isRead) return isRefusal(decided) ? decided : { ...before, events: [] };
        known = undefined;
        continue;
      }
      const events = pendingEvents(rules, streamId, before.version, decided, context, aggregate.reactions);
      const append: StreamAppend = { streamId, shard: shardOf(streamId), expected: before.version, events };
      const appended = await commits.submit(append);
      if (appended !== undefined) {
        const now = { version: before.version + events.length, state: decided.reduce(aggregate.decider.evolve, before.state) };
        const bytes = events.reduce((sum, { dataJson }) => sum + dataJson.length, 0);
        remember(aggregate as unknown as AnyAggregate, streamId, before.version, now, bytes);
        return { ...now, events: recordedEvents<E>(append, appended, logId) };
      }
      races += 1;
      if (races === racesMax) throw new VersionConflict(streamId, before.version);
      if (races > 1) await backOff(races);
      known = undefined;
    }
  };

  const create: EventLog['create'] = async (aggregate, wanted, condition) => {
    const appends = inLockOrder(
      wanted.map(({ streamId, events, context }): StreamAppend => ({
        streamId,
        shard: shardOf(streamId),
        expected: 0,
        events: pendingEvents(rules, streamId, 0, events, context, aggregate.reactions),
      })),
    );
    const client = await pool.connect();
    let isBroken = false;
    let appended: AppendedStreams;
    try {
      appended = await appendEvents(client, appends, condition);
    } catch (error) {
      if ([refusedState, conflictState].includes(sqlStateOf(error) ?? '') || isContention(error)) return undefined;
      isBroken = isConnectionLoss(error);
      throw isBroken ? new OutcomeUnknown(error) : error;
    } finally {
      client.release(isBroken);
    }
    const states = new Map(wanted.map(({ streamId, events }) => [streamId, events.reduce(aggregate.decider.evolve, aggregate.decider.initialState)]));
    for (const { streamId, events } of appends) {
      const bytes = events.reduce((sum, { dataJson }) => sum + dataJson.length, 0);
      remember(aggregate as unknown as AnyAggregate, streamId, 0, { version: events.length, state: states.get(streamId) }, bytes);
    }
    hasAppended(appended);
    return [...states.values()];
  };

  const transactOnce = async <T>(work: (tx: LogTransaction) => Promise<T>): Promise<T> => {
    const client = await pool.connect();
    let broken: unknown;
    try {
      const open = openTransaction(client, { cache, reader, rules, shardOf });
      const { answer, appended } = await runTransaction(client, open, client.query('begin'), work);
      for (const [streamId, { aggregate, base, now, bytes }] of open.held()) {
        if (now.version === base) continue;
        remember(aggregate, streamId, base, now, bytes);
      }
      if (appended !== undefined) hasAppended(appended);
      return answer;
    } catch (error) {
      if (isConnectionLoss(error) || error instanceof OutcomeUnknown) broken = error;
      throw error;
    } finally {
      client.release(broken !== undefined);
    }
  };

  const transact = async <T>(work: (tx: LogTransaction) => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await transactOnce(work);
      } catch (error) {
        const isConflict = sqlStateOf(error) === conflictState;
        if (attempt === transactionsMax) {
          throw isConflict && error instanceof Error ? new VersionConflict(error.message, 0) : error;
        }
        if (!isConflict && !isContention(error)) throw error;
        await backOff(attempt);
      }
    }
  };

  const replaying = async <T>(work: (client: PoolClient) => Promise<T>): Promise<T> => {
    const client = await replayPool.connect();
    let broken = true;
    try {
      const answer = await work(client);
      broken = false;
      return answer;
    } finally {
      client.release(broken);
    }
  };

  const rowsBehind = async (cursors: ShardCursors, limit: number): Promise<readonly EventRow[]> =>
    (await runPrepared<EventRow>(pool, shardsSql, [cursors.map(({ shard }) => shard), cursors.map(({ after }) => after), limit])).rows;
  const headSeqs = async (): Promise<readonly number[]> => ((await runPrepared<{ seqs: string }>(pool, headSeqsSql, [])).rows[0]?.seqs ?? '').split(',').map(Number);
  const readShards: EventLog['readShards'] = async (cursors, limit) => (await rowsBehind(cursors, limit)).map((row) => recordedEvent(row, logId));
  const readShardsStored: LogFollower['readStored'] = async (cursors, limit) => (await rowsBehind(cursors, limit)).map((row) => storedEvent(row, logId));
  const copyShardsStored: LogFollower['readStored'] = (cursors, limit) => replaying((client) => copyStored(client, cursors, limit, logId));

  return {
    service,
    logId,
    shards,
    pool,
    schema,
    sql: executorOf(pool),
    shardOf,
    read: async <E extends EventBody>(streamId: string, { after = 0, upTo = 2 ** 31 - 1 } = {}) => {
      const { rows } = await runPrepared<EventRow>(pool, streamSql, [shardOf(streamId), streamId, after, upTo]);
      return rows.map((row) => eventOfToday<E>(row));
    },
    readBeginnings: async <E extends EventBody>(streams: readonly { readonly streamId: string; readonly upTo: number }[]) => {
      const { rows } = await runPrepared<EventRow>(pool, beginningsSql, [
        streams.map(({ streamId }) => streamId),
        streams.map(({ streamId }) => shardOf(streamId)),
        streams.map(({ upTo }) => upTo),
      ]);
      const beginnings = new Map<string, RecordedEvent<E>[]>();
      for (const row of rows) {
        const event = eventOfToday<E>(row);
        const known = beginnings.get(event.streamId);
        if (known === undefined) beginnings.set(event.streamId, [event]);
        else known.push(event);
      }
      return beginnings;
    },
    state: (aggregate, streamId) => refresh(aggregate, streamId),
    execute: (aggregate, streamId, command, context) => turns.take(streamId, () => execute(aggregate, streamId, command, context)),
    create,
    transact,
    readShard: async (shard, after, limit) => {
      const { rows } = await runPrepared<EventRow>(pool, shardSql, [shard, after, limit]);
      return rows.map((row) => storedEvent(row, logId));
    },
    replay: (shard, after, limit) => replaying((client) => copyEvents(client, shard, after, limit, logId)),
    foldShard: (kind, shard) => replaying((client) => foldEvents(client, shard, kind, today)),
    readShards,
    follow: () => createFollower(recent, { readShards, readShardsStored, copyShardsStored, headSeqs }),
    heads: async () => (await heads()).map(({ shard, seq, hash }) => ({ shard, seq, hash })),
    onAppended: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {
      await commits.drain();
      await reads.drain();
      await Promise.all(background);
      await Promise.all([pool.end(), writerPool.end(), replayPool.end()]);
    },
  };
};
