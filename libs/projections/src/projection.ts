import type { EventBody, RecordedEvent } from '@orderlog/contracts';
import type { MigrationFolder, SqlExecutor } from '@orderlog/event-log';

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
  /**
   * Reads beforehand what `apply` will need and remembers it. Before the transaction, and for many events at once: a session that waits too
   * long in a transaction is ended by the server, and thousands of reads one by one take that long.
   */
  readonly prepare?: (events: readonly RecordedEvent<E>[]) => Promise<void>;
  /** Applies events, ordered by (shard, seq), with a few batch statements (upserts over `unnest`). Only their content may matter, never the clock. */
  readonly apply: (events: readonly RecordedEvent<E>[], sql: SqlExecutor) => Promise<void>;
};

/** Types a projection without naming its event type twice. */
export const projection = <E extends EventBody>(definition: Projection<E>): Projection<E> => definition;

/** The checkpoint table's migrations; pass them to `migrate` after the event log's. */
export const projectionMigrations: MigrationFolder = { name: 'projections', path: new URL('../sql/', import.meta.url) };

/** The key of a projection's checkpoints. */
export const keyOf = ({ name, version }: Pick<Projection, 'name' | 'version'>): string => `${name}.v${version}`;

/** Those of a page's events that a projection looks at. */
export const eventsFor = (types: ReadonlySet<string> | undefined, events: readonly RecordedEvent[]): readonly RecordedEvent[] =>
  types === undefined ? events : events.filter(({ type }) => types.has(type));
