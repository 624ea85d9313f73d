/** Who did it. `id` is never personal data: an api key id, a worker id, a service name. */
export type Actor = {
  readonly type: 'channel' | 'customer' | 'staff' | 'carrier' | 'center' | 'operator' | 'service';
  readonly id: string;
};

/** What the caller of a command brings; it becomes part of every event the command leads to. */
export type EventContext = {
  readonly tenantId: string;
  readonly actor: Actor;
  /** Identifies the attempt of the caller: a request's idempotency key, or the id of the fact that was acted on. */
  readonly commandId: string;
  /** The order's id; events that belong to no order carry their stream id. */
  readonly correlationId: string;
  /** The event that led to this one, if any. */
  readonly causationId?: string;
  /** W3C trace context of the cause. */
  readonly traceparent?: string;
  /** When it happened, if the caller knows better than the moment of recording. RFC 3339 with milliseconds, UTC. */
  readonly occurredAt?: string;
};

/** Everything about an event but its payload. Times are RFC 3339 with milliseconds, UTC. */
export type Envelope = {
  /** UUIDv7. */
  readonly eventId: string;
  readonly schemaVersion: number;
  readonly tenantId: string;
  /** `<category>-<id>`. */
  readonly streamId: string;
  /** 1..n without a hole. */
  readonly streamVersion: number;
  readonly shard: number;
  /** Contiguous in (log, shard), from 1. */
  readonly seq: number;
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly actor: Actor;
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId?: string;
  readonly traceparent?: string;
  /** Identity of the log the event was written to. */
  readonly logId: string;
  /** Hex SHA-256 of the batch the event was written with, chained to the batch before it in the shard. */
  readonly batchHash: string;
};

/** A payload with its type name. */
export type EventBody = { readonly type: string; readonly data: object };

/** An event as it stands in a log and on a topic. */
export type RecordedEvent<E extends EventBody = EventBody> = Envelope & E;
