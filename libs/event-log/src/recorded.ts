import type { Actor, EventBody, EventContext, RecordedEvent } from '@orderlog/contracts';
import type { StoredEvent } from './event-log.js';

/** What is stored in `meta`: the envelope's fields that have no column. */
export type Meta = Pick<EventContext, 'tenantId' | 'commandId' | 'correlationId' | 'causationId' | 'traceparent'> & { readonly actor: Actor };

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

/** The same with the payload left as text. */
export type StoredRow = Omit<EventRow, 'data'> & { readonly data_json: string };

const plainColumns = ['shard', 'seq', 'stream_id', 'version', 'event_id', 'type', 'schema_version', 'occurred_at', 'recorded_at', 'meta'];
const columns = (table: string, data: string): string =>
  `${plainColumns.map((name) => `${table}.${name}`).join(', ')}, ${table}.${data}, encode(${table}.batch_hash, 'hex') as batch_hash`;

/** The columns of an `EventRow`, from a table of this name. */
export const eventColumns = (table: string): string => columns(table, 'data');

/** The columns of a `StoredRow`. */
export const storedColumns = (table: string): string => columns(table, 'data::text as data_json');

/** The fields of `meta`, without those that have no value. */
export const metaOf = ({ tenantId, actor, commandId, correlationId, causationId, traceparent }: EventContext): Meta => ({
  tenantId,
  actor: { type: actor.type, id: actor.id },
  commandId,
  correlationId,
  ...(causationId === undefined ? {} : { causationId }),
  ...(traceparent === undefined ? {} : { traceparent }),
});

const envelopeOf = (row: Omit<EventRow, 'data'>, logId: string): StoredEvent['event'] => ({
  eventId: row.event_id,
  type: row.type,
  schemaVersion: row.schema_version,
  streamId: row.stream_id,
  streamVersion: row.version,
  shard: row.shard,
  seq: row.seq,
  occurredAt: row.occurred_at,
  recordedAt: row.recorded_at,
  ...row.meta,
  logId,
  batchHash: row.batch_hash,
});

/** A row as the rest of the system knows it. */
export const recordedEvent = (row: EventRow, logId: string): RecordedEvent<EventBody> => {
  // Added and not spread: a log is replayed by the million, and a second object a row would be made only to be copied.
  const event: StoredEvent['event'] & { data?: object } = envelopeOf(row, logId);
  event.data = row.data;
  return event as RecordedEvent<EventBody>;
};

/** The same for whoever passes it on. */
export const storedEvent = (row: StoredRow, logId: string): StoredEvent => ({ event: envelopeOf(row, logId), dataJson: row.data_json });
