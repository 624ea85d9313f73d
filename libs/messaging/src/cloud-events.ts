import type { ServiceName, Actor } from '@orderlog/contracts';
import type { StoredEvent } from '@orderlog/event-log';
import type { Fact } from './facts.js';

/** An event as it stands on its topic and in the answers of the log reader: CloudEvents 1.0, binary mode. */
export type WireRecord = { readonly key: string; readonly headers: Readonly<Record<string, string>>; readonly value: string };

/** What is needed of a message before its payload is: where it stands in which log. */
export type WirePosition = { readonly logId: string; readonly shard: number; readonly seq: number; readonly eventId: string; readonly type: string };

/** The rest of the envelope, for which CloudEvents has no attribute. */
type Meta = {
  readonly tenantId: string;
  readonly recordedAt: string;
  readonly actor: Actor;
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId?: string;
  readonly batchHash: string;
};

/** Reads one header as text; undefined if it is missing or not text. */
export type HeaderReader = (name: string) => string | undefined;

/** An event as its topic carries it. */
export const encodeEvent = (source: ServiceName, { event, dataJson }: StoredEvent): WireRecord => {
  const meta: Meta = {
    tenantId: event.tenantId,
    recordedAt: event.recordedAt,
    actor: event.actor,
    commandId: event.commandId,
    correlationId: event.correlationId,
    ...(event.causationId === undefined ? {} : { causationId: event.causationId }),
    batchHash: event.batchHash,
  };
  const headers: Record<string, string> = {
    ce_specversion: '1.0',
    ce_id: event.eventId,
    ce_source: `/orderlog/${source}`,
    ce_type: event.type,
    ce_subject: event.correlationId,
    ce_time: event.occurredAt,
    ce_sequence: String(event.streamVersion),
    ce_dataschema: `orderlog.${source}.v1.${event.type}/${event.schemaVersion}`,
    'content-type': 'application/json',
    orderlogshard: String(event.shard),
    orderlogseq: String(event.seq),
    orderloglogid: event.logId,
    orderlogmeta: JSON.stringify(meta),
  };
  if (event.traceparent !== undefined) headers.traceparent = event.traceparent;
  return { key: event.streamId, headers, value: dataJson };
};

/** A positive integer written in decimal, or undefined. */
const count = (text: string | undefined): number | undefined => {
  const number = Number(text);
  return text !== undefined && text !== '' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
};

/**
 * The same text as one that stands for itself. V8 makes a cut of 13 and more characters a pointer into the text it was cut from, and headers are
 * cut from one text a message (`record-headers.ts`): an id that is remembered kept all its 780 bytes, 44 MB in the order service
 * with 1,024 remembered a partition. Joining and cutting anew is what makes a copy, and takes 60 ns (through a buffer: 120).
 */
const ownText = (text: string): string => ` ${text}`.slice(1);

/** Where a message says it stands; undefined if it does not say so readably. Cheap: the payload is not touched. */
export const positionOf = (header: HeaderReader): WirePosition | undefined => {
  const seq = count(header('orderlogseq'));
  const shard = count(header('orderlogshard'));
  const logId = header('orderloglogid');
  const eventId = header('ce_id');
  const type = header('ce_type');
  if (seq === undefined || seq === 0 || shard === undefined || !logId || !eventId || !type) return undefined;
  return { logId, shard, seq, eventId: ownText(eventId), type };
};

/** The whole event; throws if any part of it cannot be read. */
export const decodeFact = (source: ServiceName, key: string | undefined, header: HeaderReader, value: string | undefined): Fact => {
  const position = positionOf(header);
  const streamVersion = count(header('ce_sequence'));
  const schemaVersion = count(header('ce_dataschema')?.split('/').at(-1));
  const occurredAt = header('ce_time');
  if (position === undefined || streamVersion === undefined || schemaVersion === undefined || occurredAt === undefined || !key || value === undefined) {
    throw new Error('the envelope is incomplete');
  }
  const meta = JSON.parse(header('orderlogmeta') ?? '') as Meta;
  const data: unknown = JSON.parse(value);
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw new Error('the payload is not an object');
  const traceparent = header('traceparent');
  return {
    source,
    eventId: position.eventId,
    type: ownText(position.type),
    schemaVersion,
    tenantId: meta.tenantId,
    streamId: key,
    streamVersion,
    shard: position.shard,
    seq: position.seq,
    occurredAt: ownText(occurredAt),
    recordedAt: meta.recordedAt,
    actor: meta.actor,
    commandId: meta.commandId,
    correlationId: meta.correlationId,
    ...(meta.causationId === undefined ? {} : { causationId: meta.causationId }),
    ...(traceparent === undefined ? {} : { traceparent: ownText(traceparent) }),
    logId: ownText(position.logId),
    batchHash: meta.batchHash,
    data,
  };
};

/** Headers of a Kafka message as text. A header given twice is an array there and counts as missing. */
export const headersOf =
  (headers: Readonly<Record<string, unknown>>): HeaderReader =>
  (name) => {
    const value = headers[name];
    return Buffer.isBuffer(value) ? value.toString('utf8') : typeof value === 'string' ? value : undefined;
  };
