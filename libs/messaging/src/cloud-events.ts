import type { ServiceName } from '@orderlog/contracts';
import type { Meta, StoredEvent } from '@orderlog/event-log';
import type { Fact } from './facts.js';
import type { HeaderTexts } from './kafka.port.js';

/** An event as it stands on its topic and in the answers of the log reader: CloudEvents 1.0, binary mode. */
export type WireRecord = { readonly key: string; readonly headers: Readonly<Record<string, string>>; readonly value: string };

/** What is needed of a message before its payload is: where it stands in which log. */
export type WirePosition = { readonly logId: string; readonly shard: number; readonly seq: number; readonly eventId: string; readonly type: string };

/** The rest of the envelope, for which CloudEvents has no attribute. */
type WireMeta = Meta & { readonly recordedAt: string; readonly batchHash: string };

/**
 * A text directly in a JSON object. It is found, not parsed: where nothing is escaped, what looks like a name and the beginning of a text is one, and
 * nothing in `Meta` but the object itself has such names.
 */
const textIn = (json: string, name: string): string | undefined => {
  if (json.includes('\\')) return (JSON.parse(json) as Readonly<Record<string, string | undefined>>)[name];
  const opening = `"${name}":"`;
  const at = json.indexOf(opening);
  return at < 0 ? undefined : json.slice(at + opening.length, json.indexOf('"', at + opening.length));
};

/** An event as its topic carries it. What is stored as JSON stays the text it is: reading and writing it again took as long as all else here. */
export const encodeEvent = (source: ServiceName, { event, metaJson, dataJson }: StoredEvent): WireRecord => {
  const headers: Record<string, string> = {
    ce_specversion: '1.0',
    ce_id: event.eventId,
    ce_source: `/orderlog/${source}`,
    ce_type: event.type,
    ce_subject: textIn(metaJson, 'correlationId') ?? '',
    ce_time: event.occurredAt,
    ce_sequence: String(event.streamVersion),
    ce_dataschema: `orderlog.${source}.v1.${event.type}/${event.schemaVersion}`,
    'content-type': 'application/json',
    orderlogshard: String(event.shard),
    orderlogseq: String(event.seq),
    orderloglogid: event.logId,
    orderlogmeta: `{"recordedAt":"${event.recordedAt}","batchHash":"${event.batchHash}",${metaJson.slice(1)}`,
  };
  const traceparent = textIn(metaJson, 'traceparent');
  if (traceparent !== undefined) headers.traceparent = traceparent;
  return { key: event.streamId, headers, value: dataJson };
};

/** A positive integer written in decimal, or undefined. */
const count = (text: string | undefined): number | undefined => {
  const number = Number(text);
  return text !== undefined && text !== '' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
};

const positionNames = ['orderlogseq', 'orderlogshard', 'orderloglogid', 'ce_id', 'ce_type'] as const;

/** Where a message says it stands; undefined if it does not say so readably. Cheap: the payload is not touched. */
export const positionOf = (texts: HeaderTexts): WirePosition | undefined => {
  const [seqText, shardText, logId, eventId, type] = texts(positionNames);
  const seq = count(seqText);
  const shard = count(shardText);
  if (seq === undefined || seq === 0 || shard === undefined || !logId || !eventId || !type) return undefined;
  return { logId, shard, seq, eventId, type };
};

const envelopeNames = ['ce_sequence', 'ce_dataschema', 'ce_time', 'orderlogmeta', 'traceparent'] as const;

/** The whole event; throws if any part of it cannot be read. `position` saves reading it again where it is known. */
export const decodeFact = (source: ServiceName, key: string | undefined, texts: HeaderTexts, value: string | undefined, position = positionOf(texts)): Fact => {
  const [sequence, schema, occurredAt, metaJson, traceparent] = texts(envelopeNames);
  const streamVersion = count(sequence);
  const schemaVersion = count(schema?.split('/').at(-1));
  if (position === undefined || streamVersion === undefined || schemaVersion === undefined || occurredAt === undefined || !key || value === undefined) {
    throw new Error('the envelope is incomplete');
  }
  const meta = JSON.parse(metaJson ?? '') as WireMeta;
  const data: unknown = JSON.parse(value);
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw new Error('the payload is not an object');
  return {
    source,
    eventId: position.eventId,
    type: position.type,
    schemaVersion,
    tenantId: meta.tenantId,
    streamId: key,
    streamVersion,
    shard: position.shard,
    seq: position.seq,
    occurredAt,
    recordedAt: meta.recordedAt,
    actor: meta.actor,
    commandId: meta.commandId,
    correlationId: meta.correlationId,
    ...(meta.causationId === undefined ? {} : { causationId: meta.causationId }),
    ...(traceparent === undefined ? {} : { traceparent }),
    logId: position.logId,
    batchHash: meta.batchHash,
    data,
  };
};

/** The texts among a message's headers. One given twice is an array there and counts as missing. */
export const textsOf =
  (headers: Readonly<Record<string, unknown>>): HeaderTexts =>
  (names) =>
    names.map((name) => {
      const value = headers[name];
      return Buffer.isBuffer(value) ? value.toString('utf8') : typeof value === 'string' ? value : undefined;
    });
