import type { EventBody, RecordedEvent } from '@orderlog/contracts';
import type { EventLog, MigrationFolder, SqlExecutor } from '@orderlog/event-log';
import type { DataSource } from 'typeorm';

/** A read model as a fold of its own service's log into tables. */
export type Projection<E extends EventBody = EventBody> = {
  /** kebab-case; with `version` the key of its checkpoints. */
  readonly name: string;
  /** Raise it when tables or `apply` change: the new one starts from zero, in tables of its own (name them with the version). */
  readonly version: number;
  /** Every table it writes and nobody else does; emptied by a rebuild, digested by `digest`. */
  readonly tables: readonly string[];
  /** Event types it looks at; the others are not even handed over. Undefined: all. */
  readonly types?: readonly string[];
  /** Applies events, ordered by (shard, seq), with a few batch statements (upserts over `unnest`). Only their content may matter, never the clock. */
  readonly apply: (events: readonly RecordedEvent<E>[], sql: SqlExecutor) => Promise<void>;
};

/** Types a projection without naming its event type twice. */
export const projection = <E extends EventBody>(definition: Projection<E>): Projection<E> => definition;

/** The checkpoint table's migrations; pass them to `migrate` after the event log's. */
export const projectionMigrations: MigrationFolder = { name: 'projections', path: new URL('../sql/', import.meta.url) };

/** What the runner needs. */
export type ProjectionsOptions = {
  readonly log: EventLog;
  readonly dataSource: DataSource;
  readonly projections: readonly Projection<never>[];
  /** Events a shard and turn (500). */
  readonly batchSizeMax?: number;
  /** How long an idle loop waits before it looks again, when nobody wakes it (100). */
  readonly idleMs?: number;
  /** Hears of failed turns; they are tried again with jittered back-off. */
  readonly onError?: (projection: string, error: unknown) => void;
};

/** Running projections. */
export type Projections = {
  /** Starts a loop for each projection. */
  start(): void;
  /** Ends after the turn under way. */
  stop(): Promise<void>;
  /** Events in the log that the projection has not applied yet, over all shards, and the age of the oldest (ms; 0 when there is none). */
  lag(name: string): Promise<{ readonly events: number; readonly ageMs: number }>;
  /** Waits until the projection has applied everything that was in the log at the time of the call. */
  caughtUp(name: string, timeoutMs?: number): Promise<void>;
  /** Empties the tables and applies the whole log again. */
  rebuild(name: string): Promise<void>;
  /** Digest of the tables' content that does not depend on the order of rows. */
  digest(name: string): Promise<string>;
};

/** Makes the runner of a service's projections. */
export const createProjections = (_options: ProjectionsOptions): Projections => {
  throw new Error('under construction');
};
