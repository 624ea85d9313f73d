import type { EventBody, EventContext, RecordedEvent } from '@orderlog/contracts';
import type { Meta, StoredEvent } from './event-log.js';

/** A row of `event_log` as the statements of this library select it; `data` and `meta` are JSON as it was written. */
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
  readonly data: string;
  readonly meta: string;
  readonly batch_hash: string;
};

const columns = ['shard', 'seq', 'stream_id', 'version', 'event_id', 'type', 'schema_version', 'occurred_at', 'recorded_at', 'data', 'meta'];

/** The columns of an `EventRow`, from a table of this name. */
export const eventColumns = (table: string): string => `${columns.map((name) => `${table}.${name}`).join(', ')}, encode(${table}.batch_hash, 'hex') as batch_hash`;

/** The fields of `meta`, without those that have no value. */
export const metaOf = ({ tenantId, actor, commandId, correlationId, causationId, traceparent }: EventContext): Meta => ({
  tenantId,
  actor: { type: actor.type, id: actor.id },
  commandId,
  correlationId,
  ...(causationId === undefined ? {} : { causationId }),
  ...(traceparent === undefined ? {} : { traceparent }),
});

/** A row as the rest of the system knows it, with its payload as `today` gives it, or as it was written. */
export const recordedEvent = (row: EventRow, logId: string, today: (type: string, schemaVersion: number, data: object) => object = (_type, _schemaVersion, data) => data): RecordedEvent<EventBody> => ({
  eventId: row.event_id,
  type: row.type,
  schemaVersion: row.schema_version,
  streamId: row.stream_id,
  streamVersion: row.version,
  shard: row.shard,
  seq: row.seq,
  occurredAt: row.occurred_at,
  recordedAt: row.recorded_at,
  ...(JSON.parse(row.meta) as Meta),
  logId,
  batchHash: row.batch_hash,
  data: today(row.type, row.schema_version, JSON.parse(row.data) as object),
});

/** The same for whoever passes it on. */
export const storedEvent = (row: EventRow, logId: string): StoredEvent => ({
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
  metaJson: row.meta,
  dataJson: row.data,
});
