import type { ServiceName } from '@orderlog/contracts';
import type { Pool } from 'pg';
import type { EventLog } from './event-log.js';
import type { Upcasters } from './upcasting.js';

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
  /** Hears of errors that no caller waits for (an idle connection that broke, a snapshot that was not written). */
  readonly onError?: (error: unknown) => void;
};

/**
 * An event log with the pool behind it. Sessions of the pool have the schema as search path and the time limits of protocol 1.3; in
 * their rows `bigint` is a number and `timestamptz` an RFC 3339 string with milliseconds.
 */
export interface PostgresEventLog extends EventLog {
  readonly pool: Pool;
  readonly schema: string;
}

/** Opens the log of a service; the schema must have been migrated. */
export const createEventLog = async (_options: EventLogOptions): Promise<PostgresEventLog> => {
  throw new Error('under construction');
};
