import type { Envelope, EventBody, EventContext, RecordedEvent } from '@orderlog/contracts';
import type { Decider, Refusal } from '@orderlog/decider';

/** Runs one SQL statement on one connection; both a `pg` client and a TypeORM query runner fit behind it. */
export type SqlExecutor = {
  query<Row = Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<{ rows: Row[]; rowCount: number | null }>;
};

/** A timer as the write path knows it: set or cleared in the transaction of the event that asks for it. */
export type TimerChange =
  /** `(streamId, kind)` is one timer; setting it again moves it and raises its epoch. */
  | { readonly set: string; readonly dueAt: string }
  | { readonly clear: string };

/** A call to the outside that has to follow an event: written as a row with the event, made after the commit. */
export type EffectRequest = { readonly kind: string; readonly data: object };

/** What an event brings with it besides itself, written in the same transaction. Pure, as `evolve` is. */
export type Reactions = { readonly timers?: readonly TimerChange[]; readonly effects?: readonly EffectRequest[] };

/** A kind of stream: its name, its decider, and what its events bring with them. */
export type Aggregate<C, E extends EventBody, S, Code extends string> = {
  /** Streams are named `<category>-<id>`. */
  readonly category: string;
  readonly decider: Decider<C, E, S, Code>;
  /** Raise it whenever `evolve` or the shape of the state changes: snapshots of another number are void. */
  readonly stateSchema: number;
  readonly reactions?: (event: E) => Reactions;
};

/** One command for one stream of an aggregate. */
export type StreamCommand<C> = { readonly streamId: string; readonly command: C; readonly context: EventContext };

/** What became of a command: the events appended (none: nothing to do), or the decider's refusal. `state` is after the events. */
export type Outcome<E extends EventBody, S, Code extends string> =
  | { readonly version: number; readonly state: S; readonly events: readonly RecordedEvent<E>[] }
  | Refusal<Code>;

/** The same inside a transaction, where sequence numbers are not given out yet. */
export type PendingOutcome<E extends EventBody, S, Code extends string> =
  | { readonly version: number; readonly state: S; readonly events: readonly E[] }
  | Refusal<Code>;

/** A stream that cannot exist yet, with its first events. */
export type NewStream<E extends EventBody> = { readonly streamId: string; readonly events: readonly E[]; readonly context: EventContext };

/**
 * A function of the service's schema, by name and arguments, that has to answer true before streams are made; it writes what belongs to them. It runs
 * before any stream is locked. To say that not all of them may be made it raises SQLSTATE OL412.
 */
export type Condition = { readonly name: string; readonly values: readonly unknown[] };

/** One database transaction on the log: read, decide and append many streams at once. Heads are locked last, at its end. */
export interface LogTransaction extends SqlExecutor {
  /**
   * Locks the streams (one sorted statement) and answers their folded states, from the process's cache where its version is right.
   * A transaction should lock everything it will touch in one call (or in sorted order), before any stock row.
   */
  load<C, E extends EventBody, S, Code extends string>(
    aggregate: Aggregate<C, E, S, Code>,
    streamIds: readonly string[],
  ): Promise<ReadonlyMap<string, { readonly version: number; readonly state: S }>>;
  /** `load`, then decides the commands in their order, each on the state its predecessors left, and appends what they answer. */
  decide<C, E extends EventBody, S, Code extends string>(
    aggregate: Aggregate<C, E, S, Code>,
    commands: readonly StreamCommand<C>[],
  ): Promise<readonly PendingOutcome<E, S, Code>[]>;
  /** Appends to a stream that `load` locked in this transaction, or (with `isNew`) to one that cannot exist yet. Answers the state after the events. */
  append<C, E extends EventBody, S, Code extends string>(
    aggregate: Aggregate<C, E, S, Code>,
    streamId: string,
    events: readonly E[],
    context: EventContext,
    options?: { readonly isNew?: boolean },
  ): S;
  /** Runs `work` under a savepoint: if it throws, everything it did in this transaction is undone and the error is thrown on. */
  attempt<T>(work: () => Promise<T>): Promise<T>;
}

/** The newest sequence number and hash of one shard. */
export type ShardHead = { readonly shard: number; readonly seq: number; readonly hash: string };

/** The fields of the envelope that have no column of their own: they are stored as one JSON text. */
export type Meta = Pick<Envelope, 'tenantId' | 'actor' | 'commandId' | 'correlationId' | 'causationId' | 'traceparent'>;

/** An event with its payload and its `Meta` as the texts that are stored: whoever passes them on need not read them, and passes on what was written. */
export type StoredEvent = { readonly event: Omit<Envelope, keyof Meta> & Pick<EventBody, 'type'>; readonly metaJson: string; readonly dataJson: string };

/** Places of shards, each read behind its own. */
export type ShardCursors = readonly { readonly shard: number; readonly after: number }[];

/** Reads on behind cursors of its caller's, as `readShards` does, but without the database for rows that this process appended just before. */
export type LogFollower = {
  read(cursors: ShardCursors, limit: number): Promise<readonly RecordedEvent[]>;
  readStored(cursors: ShardCursors, limit: number): Promise<readonly StoredEvent[]>;
};

/** A service's append-only log: streams with versions, shards with contiguous sequences. */
export interface EventLog {
  readonly service: string;
  /** UUID given at install; another one after a restore or reset. */
  readonly logId: string;
  readonly shards: number;
  /** The shard of a stream: the order id's shard bits where the stream id holds an order id, else a hash of the stream id. */
  shardOf(streamId: string): number;
  /** Events of a stream in order, upcast to today's schema. `upTo` is a version, included. */
  read<E extends EventBody>(streamId: string, options?: { readonly after?: number; readonly upTo?: number }): Promise<readonly RecordedEvent<E>[]>;
  /** The beginnings of many streams in one round trip, up to a version each (included), as `read` answers them; a stream without events is not in the answer. */
  readBeginnings<E extends EventBody>(
    streams: readonly { readonly streamId: string; readonly upTo: number }[],
  ): Promise<ReadonlyMap<string, readonly RecordedEvent<E>[]>>;
  /** The folded state now; version 0 and the initial state for a stream that does not exist. */
  state<C, E extends EventBody, S, Code extends string>(
    aggregate: Aggregate<C, E, S, Code>,
    streamId: string,
  ): Promise<{ readonly version: number; readonly state: S }>;
  /**
   * Loads, decides, appends through the group commit; on a lost race decides again (5 times at most).
   * Throws `Overloaded` when the queue is full, `VersionConflict` when every race was lost, `OutcomeUnknown` when the connection broke at commit.
   */
  execute<C, E extends EventBody, S, Code extends string>(
    aggregate: Aggregate<C, E, S, Code>,
    streamId: string,
    command: C,
    context: EventContext,
  ): Promise<Outcome<E, S, Code>>;
  /**
   * Makes streams and what belongs to them in one statement, one way to the database and back. Answers their states; undefined when the condition said
   * no, or when it met with contention: nothing was written then, and a transaction finds out why. Throws `OutcomeUnknown` as `execute` does.
   */
  create<C, E extends EventBody, S, Code extends string>(
    aggregate: Aggregate<C, E, S, Code>,
    streams: readonly NewStream<E>[],
    condition: Condition,
  ): Promise<readonly S[] | undefined>;
  /** One transaction, retried as a whole on 40P01, 40001 and 55P03; `work` must therefore be repeatable. */
  transact<T>(work: (tx: LogTransaction) => Promise<T>): Promise<T>;
  /** Rows of a shard with `seq > after`, in order. Raw: not upcast (the log reader answers what was written). */
  readShard(shard: number, after: number, limit: number): Promise<readonly StoredEvent[]>;
  /** The same for thousands of rows at once, to read a log from its beginning: by COPY, on a connection of its own that is closed when nobody reads. */
  replay(shard: number, after: number, limit: number): Promise<readonly RecordedEvent[]>;
  /** Every stream of a kind in a shard, folded from its beginning. Reads as `replay` does, but only what a fold needs. */
  foldShard<E extends EventBody, S>(
    kind: { readonly category: string; readonly decider: Pick<Decider<never, E, S>, 'initialState' | 'evolve'> },
    shard: number,
  ): Promise<ReadonlyMap<string, { readonly version: number; readonly state: S }>>;
  /** Rows of several shards at once, each after its own cursor, `limit` rows a shard at most, ordered by (shard, seq). */
  readShards(cursors: ShardCursors, limit: number): Promise<readonly RecordedEvent[]>;
  /**
   * One follower a caller. What this process appended may come before what another process of the service appended to another shard, by
   * 250 ms at most; within a shard the order is the log's.
   */
  follow(): LogFollower;
  heads(): Promise<readonly ShardHead[]>;
  /** Calls back after every commit that appended (in-process wake-up of relay and projections). Answers how to stop it. */
  onAppended(listener: () => void): () => void;
  /** Drains the group commit, then stops. */
  close(): Promise<void>;
}

/** The stream is no longer at the version the decision was made on. */
export class VersionConflict extends Error {
  constructor(
    readonly streamId: string,
    readonly expected: number,
  ) {
    super(`${streamId} is no longer at version ${expected}`);
  }
}

/** The queue before the group commit is full; nothing was written. Callers answer 503 with `Retry-After: 1`. */
export class Overloaded extends Error {
  constructor() {
    super('the write queue is full');
  }
}

/** The connection broke while committing: written or not, nobody knows yet. A retry with the same key resolves it. */
export class OutcomeUnknown extends Error {
  constructor(cause: unknown) {
    super('the connection broke at commit', { cause });
  }
}
