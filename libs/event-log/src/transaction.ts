import type { EventBody } from '@orderlog/contracts';
import { isRefusal } from '@orderlog/decider';
import type { PoolClient } from 'pg';
import { appendEvents, inLockOrder, pendingEvents, type AppendedStreams, type EventRules, type PendingEvent } from './append.js';
import type { Aggregate, LogTransaction, PendingOutcome } from './event-log.js';
import { executorOf, runPrepared } from './session.js';
import type { Folded, StateCache } from './state-cache.js';
import type { StreamReader } from './stream-reader.js';

type AnyAggregate = Aggregate<never, never, unknown, string>;

/** A stream that this transaction holds: where it stood, and where it stands with what is queued. */
export type HeldStream = { readonly aggregate: AnyAggregate; readonly base: number; readonly now: Folded; readonly bytes: number };

/** What a transaction stands on. */
export type TransactionParts = {
  readonly cache: StateCache;
  readonly reader: StreamReader;
  readonly rules: EventRules;
  readonly shardOf: (streamId: string) => number;
};

/** A transaction as its runner sees it. */
export type OpenTransaction = {
  readonly tx: LogTransaction;
  /** Sends what is queued, strictly; nothing where nothing is queued. */
  flush(): Promise<AppendedStreams> | undefined;
  /** A function and no accessor: V8 gives each literal with an accessor a shape of its own, in its old space, and that holds all the accessor sees. */
  held(): ReadonlyMap<string, HeldStream>;
};

const lockSql = 'select stream_id, version from streams where stream_id = any($1::text[]) order by stream_id for update';

/** The transaction on a client on which `begin` has been sent. Appends are queued: heads must be locked last. */
export const openTransaction = (client: PoolClient, { cache, reader, rules, shardOf }: TransactionParts): OpenTransaction => {
  const executor = executorOf(client);
  let held = new Map<string, HeldStream>();
  let queued: { readonly streamId: string; readonly event: PendingEvent }[] = [];
  let savepoints = 0;

  const hold = (streamId: string, aggregate: object, folded: Folded) =>
    held.set(streamId, { aggregate: aggregate as AnyAggregate, base: folded.version, now: folded, bytes: 0 });

  const lock = async <S>(aggregate: Aggregate<never, never, S, string>, streamIds: readonly string[]): Promise<void> => {
    const { rows } = await runPrepared<{ stream_id: string; version: number }>(client, lockSql, [streamIds]);
    const versions = new Map(rows.map((row) => [row.stream_id, row.version]));
    const known = new Map<string, Folded<S>>();
    const stale: string[] = [];
    for (const streamId of streamIds) {
      const version = versions.get(streamId) ?? 0;
      const cached = version === 0 ? { version: 0, state: aggregate.decider.initialState } : cache.get<S>(streamId, aggregate.decider);
      if (cached?.version === version) hold(streamId, aggregate, cached);
      else {
        stale.push(streamId);
        // A cached version beyond the database's is of another history (a restore): read from the beginning.
        if (cached !== undefined && cached.version < version) known.set(streamId, cached);
        else cache.forget(streamId);
      }
    }
    if (stale.length === 0) return;
    const folded = await reader.foldAll(client, aggregate, stale, known);
    for (const [streamId, now] of folded) hold(streamId, aggregate, now);
  };

  const append: LogTransaction['append'] = (aggregate, streamId, events, context, { isNew = false } = {}) => {
    if (!held.has(streamId) && isNew) hold(streamId, aggregate, { version: 0, state: aggregate.decider.initialState });
    const stream = held.get(streamId);
    if (stream === undefined) throw new Error(`append to ${streamId}, which this transaction has not loaded`);
    type S = typeof aggregate.decider.initialState;
    const { version, state } = stream.now as Folded<S>;
    const pending = pendingEvents(rules, streamId, version, events, context, aggregate.reactions);
    let { bytes } = stream;
    for (const event of pending) {
      queued.push({ streamId, event });
      bytes += event.dataJson.length;
    }
    const now = { version: version + events.length, state: events.reduce(aggregate.decider.evolve, state) };
    held.set(streamId, { aggregate: stream.aggregate, base: stream.base, now, bytes });
    return now.state;
  };

  const load: LogTransaction['load'] = async <C, E extends EventBody, S, Code extends string>(
    aggregate: Aggregate<C, E, S, Code>,
    streamIds: readonly string[],
  ) => {
    const wanted = [...new Set(streamIds)];
    const unlocked = wanted.filter((streamId) => !held.has(streamId));
    if (unlocked.length > 0) await lock(aggregate as unknown as Aggregate<never, never, S, string>, unlocked);
    return new Map(wanted.map((streamId) => [streamId, held.get(streamId)?.now as Folded<S>]));
  };

  const tx: LogTransaction = {
    query: executor.query,
    load,
    append,
    decide: async <C, E extends EventBody, S, Code extends string>(
      aggregate: Aggregate<C, E, S, Code>,
      commands: readonly { readonly streamId: string; readonly command: C; readonly context: Parameters<typeof append>[3] }[],
    ) => {
      await load(
        aggregate,
        commands.map(({ streamId }) => streamId),
      );
      return commands.map(({ streamId, command, context }): PendingOutcome<E, S, Code> => {
        const before = held.get(streamId)?.now as Folded<S>;
        const decided = aggregate.decider.decide(command, before.state);
        if (isRefusal(decided)) return decided;
        if (decided.length > 0) append(aggregate, streamId, decided, context);
        return { ...(held.get(streamId)?.now as Folded<S>), events: decided };
      });
    },
    attempt: async (work) => {
      savepoints += 1;
      const name = `attempt_${savepoints}`;
      const heldBefore = new Map(held);
      const queuedBefore = queued.length;
      await client.query(`savepoint ${name}`);
      try {
        const answer = await work();
        await client.query(`release savepoint ${name}`);
        return answer;
      } catch (error) {
        held = heldBefore;
        queued = queued.slice(0, queuedBefore);
        await client.query(`rollback to savepoint ${name}`);
        throw error;
      }
    },
  };

  return {
    tx,
    flush: () => {
      if (queued.length === 0) return undefined;
      const streams = [...held]
        .filter(([, { base, now }]) => now.version > base)
        .map(([streamId, { base }]) => ({ streamId, shard: shardOf(streamId), expected: base }));
      const events = new Map<string, PendingEvent[]>(streams.map(({ streamId }) => [streamId, []]));
      for (const { streamId, event } of queued) events.get(streamId)?.push(event);
      return appendEvents(
        client,
        inLockOrder(streams).map(({ streamId, shard, expected }) => ({ streamId, shard, expected, events: events.get(streamId) ?? [] })),
        true,
        queued,
      );
    },
    held: () => held,
  };
};
