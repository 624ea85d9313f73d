import type { EventBody, EventContext, RecordedEvent } from '@orderlog/contracts';
import { escapeIdentifier, type Pool, type PoolClient } from 'pg';
import { newEventId } from './ids.js';
import type { RecentEvent } from './recent.js';
import { metaOf } from './recorded.js';
import type { Condition, Meta, Reactions } from './event-log.js';
import { runPrepared } from './session.js';

/** An event on its way into the log. */
export type PendingEvent = {
  readonly version: number;
  readonly eventId: string;
  readonly body: EventBody;
  readonly schemaVersion: number;
  /** Undefined: the moment of recording. */
  readonly occurredAt: string | undefined;
  readonly meta: Meta;
  readonly dataJson: string;
  readonly metaJson: string;
  readonly reactions: Reactions | undefined;
};

/** Everything that is to be appended to one stream. */
export type StreamAppend = { readonly streamId: string; readonly shard: number; readonly expected: number; readonly events: readonly PendingEvent[] };

/** Where the events of a stream went. */
export type Appended = { readonly firstSeq: number; readonly recordedAt: string; readonly batchHash: string };

/** SQLSTATE with which a strict append says that a stream was not at its expected version; the message is the stream id. */
export const conflictState = 'OL409';

/** SQLSTATE with which a condition says that not all may be appended. */
export const refusedState = 'OL412';

/** Stands between list elements: JSON and our identifiers cannot hold it raw. */
const separator = '\u001e';

// One row a shard instead of one a stream: of 512 rows a batch of orders the driver made objects for a tenth of the time that accepting them took.
const appendSqlOf = (strict: string): string => `select string_agg(n::text, ',') as streams, string_agg(first_seq::text, ',') as first_seqs, recorded_at, encode(batch_hash, 'hex') as batch_hash
from append_events(${strict}, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) group by recorded_at, batch_hash`;
const lenientSql = appendSqlOf('false');
const strictSql = appendSqlOf('true');
const conditionalSqls = new Map<string, string>();
const argumentsOfAppend = 14;

/** Arguments are computed before the function runs: what the condition answers is whether the append is strict, and that is true. */
const conditionalSql = ({ name, values }: Condition): string => {
  const known = conditionalSqls.get(name);
  if (known !== undefined) return known;
  const sql = appendSqlOf(`${escapeIdentifier(name)}(${values.map((_, n) => `$${argumentsOfAppend + 1 + n}`).join(', ')})`);
  conditionalSqls.set(name, sql);
  return sql;
};

/** How an event is made ready for the log. */
export type EventRules = {
  readonly schemaVersionOf: (type: string) => number;
  /** Says what is wrong with a payload. */
  readonly checkPayload: (type: string, data: object) => string | undefined;
};

/** Checks, numbers and serializes events that a decider answered. A payload against its contract is a bug, and throws. */
export const pendingEvents = <E extends EventBody>(
  rules: EventRules,
  streamId: string,
  version: number,
  events: readonly E[],
  context: EventContext,
  reactions?: (event: E) => Reactions,
): readonly PendingEvent[] => {
  const meta = metaOf(context);
  const metaJson = JSON.stringify(meta);
  const occurredAt = context.occurredAt === undefined ? undefined : new Date(context.occurredAt).toISOString();
  return events.map((body, n) => {
    const wrong = rules.checkPayload(body.type, body.data);
    if (wrong !== undefined) throw new TypeError(`${body.type} for ${streamId} breaks its contract: ${wrong}`);
    return {
      version: version + n + 1,
      eventId: newEventId(),
      body,
      schemaVersion: rules.schemaVersionOf(body.type),
      occurredAt,
      meta,
      dataJson: JSON.stringify(body.data),
      metaJson,
      reactions: reactions?.(body),
    };
  });
};

type Row = { readonly streams: string; readonly first_seqs: string; readonly recorded_at: string; readonly batch_hash: string };
type TimerRow = { readonly stream: number; readonly kind: string; readonly due_at: string | null; readonly version: number };
type Entry = { readonly stream: number; readonly event: PendingEvent };

/** One row a timer: of several changes in one append the last one counts. */
const timersOf = (entries: readonly Entry[]): string | null => {
  const last = new Map<string, TimerRow>();
  for (const { stream, event } of entries) {
    for (const change of event.reactions?.timers ?? []) {
      const [kind, dueAt] = 'set' in change ? [change.set, change.dueAt] : [change.clear, null];
      last.set(`${stream} ${kind}`, { stream, kind, due_at: dueAt, version: event.version });
    }
  }
  return last.size === 0 ? null : JSON.stringify([...last.values()]);
};

const effectsOf = (entries: readonly Entry[]): string | null => {
  const rows = entries.flatMap(({ stream, event }) =>
    (event.reactions?.effects ?? []).map(({ kind, data }) => ({ stream, version: event.version, kind, data })),
  );
  return rows.length === 0 ? null : JSON.stringify(rows);
};

/** The numbers that `append_events` gave: in each shard one after the other in the order of the entries, without those that conflict. */
const rowsOf = (streams: readonly StreamAppend[], entries: readonly Entry[], appended: readonly (Appended | undefined)[], logId: string): readonly RecentEvent[] => {
  const next = new Map<number, number>();
  for (const [n, one] of appended.entries()) {
    const shard = streams[n]?.shard;
    if (one !== undefined && shard !== undefined) next.set(shard, Math.min(one.firstSeq, next.get(shard) ?? Infinity));
  }
  return entries.flatMap(({ stream, event }): RecentEvent[] => {
    const [append, one] = [streams[stream - 1], appended[stream - 1]];
    if (append === undefined || one === undefined) return [];
    const seq = next.get(append.shard) ?? 0;
    next.set(append.shard, seq + 1);
    return [{ event: recordedAs(append, event, seq, one, logId), metaJson: event.metaJson, dataJson: event.dataJson, bytes: event.dataJson.length + event.metaJson.length }];
  });
};

/** What one call of `append_events` did. */
export type AppendedStreams = {
  /** One element a stream, undefined for a conflict. */
  readonly streams: readonly (Appended | undefined)[];
  /** The rows as they stand in the log now, each shard's in its order. */
  readonly rows: (logId: string) => readonly RecentEvent[];
};

/** In the order in which `append_events` locks them (code units are bytes here: ids are ASCII). */
export const inLockOrder = <S extends Pick<StreamAppend, 'streamId'>>(streams: readonly S[]): readonly S[] =>
  [...streams].sort((a, b) => Number(a.streamId > b.streamId) - Number(a.streamId < b.streamId));

/**
 * Runs `append_events`. `order` gives the order of the events in their shards where it is not the streams' order. If it is strict a conflict
 * raises `conflictState`, and nothing at all is written; under a condition too, or when that raises. Streams in lock order are compared as a whole,
 * others one by one.
 */
export const appendEvents = async (
  runner: Pool | PoolClient,
  streams: readonly StreamAppend[],
  strict: boolean | Condition,
  order?: readonly { readonly streamId: string; readonly event: PendingEvent }[],
): Promise<AppendedStreams> => {
  const numberOf = new Map(streams.map(({ streamId }, n) => [streamId, n + 1]));
  const entries: readonly Entry[] =
    order?.map(({ streamId, event }) => ({ stream: numberOf.get(streamId) ?? 0, event })) ??
    streams.flatMap(({ events }, n) => events.map((event) => ({ stream: n + 1, event })));
  const sql = typeof strict === 'object' ? conditionalSql(strict) : strict ? strictSql : lenientSql;
  const { rows } = await runPrepared<Row>(runner, sql, [
    streams.map(({ streamId }) => streamId).join(separator),
    streams.map(({ shard }) => shard),
    streams.map(({ expected }) => expected),
    streams.map(({ expected, events }) => expected + events.length),
    entries.map(({ stream }) => stream),
    entries.map(({ event }) => event.version),
    entries.map(({ event }) => event.eventId),
    entries.map(({ event }) => event.body.type).join(separator),
    entries.map(({ event }) => event.schemaVersion),
    entries.map(({ event }) => event.occurredAt ?? '').join(separator),
    entries.map(({ event }) => event.dataJson).join(separator),
    entries.map(({ event }) => event.metaJson).join(separator),
    timersOf(entries),
    effectsOf(entries),
    ...(typeof strict === 'object' ? strict.values : []),
  ]);
  const appended = new Array<Appended | undefined>(streams.length).fill(undefined);
  for (const { streams: numbers, first_seqs: list, recorded_at: recordedAt, batch_hash: batchHash } of rows) {
    const firstSeqs = list.split(',');
    for (const [at, n] of numbers.split(',').entries()) appended[Number(n) - 1] = { firstSeq: Number(firstSeqs[at]), recordedAt, batchHash };
  }
  return { streams: appended, rows: (logId) => rowsOf(streams, entries, appended, logId) };
};

const recordedAs = ({ streamId, shard }: StreamAppend, event: PendingEvent, seq: number, { recordedAt, batchHash }: Appended, logId: string): RecordedEvent => ({
  eventId: event.eventId,
  schemaVersion: event.schemaVersion,
  streamId,
  streamVersion: event.version,
  shard,
  seq,
  occurredAt: event.occurredAt ?? recordedAt,
  recordedAt,
  ...event.meta,
  logId,
  batchHash,
  ...event.body,
});

/** The events of a stream as they now stand in the log; only where they lie next to each other in their shard. */
export const recordedEvents = <E extends EventBody>(append: StreamAppend, appended: Appended, logId: string): readonly RecordedEvent<E>[] =>
  append.events.map((event, n) => recordedAs(append, event, appended.firstSeq + n, appended, logId) as RecordedEvent<E>);
