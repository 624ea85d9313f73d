import { StreamParked } from '@orderlog/edge';
import type { EventLog, LogTransaction } from '@orderlog/event-log';

/** How old the list of parked streams may be. A command that slips in before it is known acts as if it had come before the parking. */
const refreshMs = 1_000;

/**
 * The log as commands see it: those on a parked stream wait for an operator, whether they come one by one or in a transaction of their own.
 * Asking the database on each command would double its reads. What acts on facts and timers (the engine) has the log without the guard:
 * it keeps parked streams apart by itself, and a release has to write to one.
 */
export type GuardedLog = EventLog & {
  /** Begins to look for parked streams; answers how to stop. */
  readonly watch: (parked: () => Promise<readonly { readonly streamId: string }[]>, onError: (error: unknown) => void) => () => void;
};

/** Puts the guard before a log. */
export const guardParked = (log: EventLog): GuardedLog => {
  let parkedNow: ReadonlySet<string> = new Set();
  const refuseParked = (streamId: string): void => {
    if (parkedNow.has(streamId)) throw new StreamParked(streamId);
  };
  // Looking is free: a wave or a list may hold a parked stream among others, and the work on those goes on.
  const guarded = (tx: LogTransaction): LogTransaction => ({
    query: (sql, values) => tx.query(sql, values),
    load: (aggregate, streamIds) => tx.load(aggregate, streamIds),
    decide: async (aggregate, commands) => {
      for (const { streamId } of commands) refuseParked(streamId);
      return tx.decide(aggregate, commands);
    },
    append: (aggregate, streamId, events, context, options) => {
      refuseParked(streamId);
      return tx.append(aggregate, streamId, events, context, options);
    },
    attempt: (work) => tx.attempt(work),
  });
  return {
    service: log.service,
    logId: log.logId,
    shards: log.shards,
    shardOf: (streamId) => log.shardOf(streamId),
    read: (streamId, options) => log.read(streamId, options),
    readBeginnings: (streams) => log.readBeginnings(streams),
    state: (aggregate, streamId) => log.state(aggregate, streamId),
    execute: async (aggregate, streamId, command, context) => {
      refuseParked(streamId);
      return log.execute(aggregate, streamId, command, context);
    },
    // What cannot exist yet is not parked.
    create: (aggregate, streams, condition) => log.create(aggregate, streams, condition),
    transact: (work) => log.transact((tx) => work(guarded(tx))),
    readShard: (shard, after, limit) => log.readShard(shard, after, limit),
    replay: (shard, after, limit) => log.replay(shard, after, limit),
    foldShard: (kind, shard) => log.foldShard(kind, shard),
    readShards: (cursors, limit) => log.readShards(cursors, limit),
    follow: () => log.follow(),
    heads: () => log.heads(),
    onAppended: (listener) => log.onAppended(listener),
    close: () => log.close(),
    watch: (parked, onError) => {
      let busy = false;
      const look = async (): Promise<void> => {
        if (busy) return;
        busy = true;
        try {
          parkedNow = new Set((await parked()).map(({ streamId }) => streamId));
        } catch (error) {
          onError(error);
        } finally {
          busy = false;
        }
      };
      void look();
      const timer = setInterval(() => void look(), refreshMs);
      return () => clearInterval(timer);
    },
  };
};
