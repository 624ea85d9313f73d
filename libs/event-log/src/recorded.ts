import type { EventBody, EventContext, RecordedEvent } from '@orderlog/contracts';
import type { Meta, StoredEvent } from './event-log.js';

/** A row of `event_log` as the statements of this library select it. */
export type EventRow = {
  readonly shard: number;
  readonly seq: number;
  readonly stream_id: string;
  readonly version: number;
  readonly event_id: string;
  readonly type: string;
  readonly schema_version: number;
  readonly occurred_at: string;
  readonly recorded_at: string;
  readonly data: object;
  readonly meta: Meta;
  readonly batch_hash: string;
};

/** The same with the JSON left as text. */
export type StoredRow = Omit<EventRow, 'data' | 'meta'> & { readonly data_json: string; readonly meta_json: string };

const plainColumns = ['shard', 'seq', 'stream_id', 'version', 'event_id', 'type', 'schema_version', 'occurred_at', 'recorded_at'];
const columns = (table: string, json: readonly string[]): string =>
  `${[...plainColumns, ...json].map((name) => `${table}.${name}`).join(', ')}, encode(${table}.batch_hash, 'hex') as batch_hash`;

/** The columns of an `EventRow`, from a table of this name. */
export const eventColumns = (table: string): string => columns(table, ['data', 'meta']);

/** The columns of a `StoredRow`. */
export const storedColumns = (table: string): string => columns(table, ['data::text as data_json', 'meta::text as meta_json']);

/** The fields of `meta`, without those that have no value. */
export const metaOf = ({ tenantId, actor, commandId, correlationId, causationId, traceparent }: EventContext): Meta => ({
  tenantId,
  actor: { type: actor.type, id: actor.id },
  commandId,
  correlationId,
  ...(causationId === undefined ? {} : { causationId }),
  ...(traceparent === undefined ? {} : { traceparent }),
});

/** A row as the rest of the system knows it. */
export const recordedEvent = (row: Omit<EventRow, 'data' | 'meta'>, meta: Meta, data: object, logId: string): RecordedEvent<EventBody> => ({
  eventId: row.event_id,
  type: row.type,
  schemaVersion: row.schema_version,
  streamId: row.stream_id,
  streamVersion: row.version,
  shard: row.shard,
  seq: row.seq,
  occurredAt: row.occurred_at,
  recordedAt: row.recorded_at,
  ...meta,
  logId,
  batchHash: row.batch_hash,
  data,
});

/** The same for whoever passes it on. */
export const storedEvent = (row: StoredRow, logId: string): StoredEvent => ({
  event: {
    eventId: row.event_id,
    type: row.type,
    schemaVersion: row.schema_version,
    streamId: row.stream_id,
    streamVersion: row.version,
    shard: row.shard,
    seq: row.seq,
    occurredAt: row.occurred_at,
    recordedAt: row.recorded_at,
    logId,
    batchHash: row.batch_hash,
  },
  metaJson: row.meta_json,
  dataJson: row.data_json,
});
