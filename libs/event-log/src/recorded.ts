import type { Actor, EventBody, EventContext, RecordedEvent } from '@orderlog/contracts';

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

/** The columns of an `EventRow`. */
export const eventColumns = `shard, seq, stream_id, version, event_id, type, schema_version, occurred_at, recorded_at, data, meta,
  encode(batch_hash, 'hex') as batch_hash`;

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
export const recordedEvent = (row: EventRow, logId: string): RecordedEvent<EventBody> => ({
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
  data: row.data,
});
