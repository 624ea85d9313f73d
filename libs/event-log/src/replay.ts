import type { EventBody, RecordedEvent } from '@orderlog/contracts';
import type { Decider } from '@orderlog/decider';
import type { Connection, PoolClient, Submittable } from 'pg';
import type { ShardCursors, StoredEvent } from './event-log.js';
import { recordedEvent, storedEvent, type EventRow } from './recorded.js';
import { rfc3339 } from './session.js';
import type { Folded } from './state-cache.js';

const columns = 'shard, seq, stream_id, version, event_id, type, schema_version, occurred_at, recorded_at, data, meta, batch_hash';

/** A `copy … to stdout`, whose rows come one by one as the server writes them. What pg calls of a query is all there is to it. */
class CopyOut implements Submittable {
  readonly done: Promise<void>;
  #resolve: () => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #error: unknown;

  constructor(
    private readonly text: string,
    private readonly onRow: (row: Buffer) => void,
  ) {
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: Connection): void {
    connection.query(this.text);
  }
  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    if (this.#error !== undefined) return;
    try {
      this.onRow(chunk);
    } catch (error) {
      // Thrown here it would end the connection's own reading: the rest of the rows is let pass.
      this.#error = error;
    }
  }
  handleCommandComplete(): void {}
  handleError(error: unknown): void {
    this.#reject(error);
  }
  handleReadyForQuery(): void {
    if (this.#error === undefined) this.#resolve();
    else this.#reject(this.#error);
  }
}

/** Runs a `copy … to stdout` in text format on a connection that is not pipelined (pg refuses it there); answers when all rows came. */
export const copyOut = async (client: PoolClient, text: string, onRow: (row: Buffer) => void): Promise<void> => {
  const copy = new CopyOut(text, onRow);
  client.query(copy);
  await copy.done;
};

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** What COPY writes with a backslash. In JSON of ours that is a backslash only. */
const unescaped = (text: string): string => (text.includes('\\') ? text.replace(/\\(.)/g, (_, character: string) => escapes[character] ?? character) : text);

const rowOf = (row: Buffer): EventRow => {
  const [shard = '', seq = '', streamId = '', version = '', eventId = '', type = '', schemaVersion = '', occurredAt = '', recordedAt = '', data = '', meta = '', hash = ''] = row
    .toString('utf8', 0, row.length - 1)
    .split('\t');
  return {
    shard: Number(shard),
    seq: Number(seq),
    stream_id: unescaped(streamId),
    version: Number(version),
    event_id: eventId,
    type,
    schema_version: Number(schemaVersion),
    occurred_at: rfc3339(occurredAt),
    recorded_at: rfc3339(recordedAt),
    data: unescaped(data),
    meta: unescaped(meta),
    // `\\x` and the digits.
    batch_hash: hash.slice(3),
  };
};

/** Rows of a shard with `seq` behind `after`, `limit` at most, by COPY. */
export const copyEvents = async (client: PoolClient, shard: number, after: number, limit: number, logId: string): Promise<readonly RecordedEvent[]> => {
  const [first, last] = [Math.trunc(after), Math.trunc(after + limit)];
  const events: RecordedEvent[] = [];
  const select = `select ${columns} from event_log where shard = ${Math.trunc(shard)} and seq > ${first} and seq <= ${last} order by seq`;
  await copyOut(client, `copy (${select}) to stdout`, (row) => events.push(recordedEvent(rowOf(row), logId)));
  return events;
};

/** Rows of several shards, each behind its own cursor and `limit` of it at most, by (shard, seq). By COPY: a row is one text, taken apart, where otherwise each column is one. */
export const copyStored = async (client: PoolClient, cursors: ShardCursors, limit: number, logId: string): Promise<readonly StoredEvent[]> => {
  const events: StoredEvent[] = [];
  const places = cursors.map(({ shard, after }) => `(${Math.trunc(shard)}, ${Math.trunc(after)})`).join(', ');
  const select = `select ${columns} from (values ${places}) as c (in_shard, after)
    cross join lateral (select * from event_log l where l.shard = c.in_shard and l.seq > c.after order by l.seq limit ${Math.trunc(limit)}) as e order by shard, seq`;
  await copyOut(client, `copy (${select}) to stdout`, (row) => events.push(storedEvent(rowOf(row), logId)));
  return events;
};

/** A kind of stream as far as folding needs it. */
export type FoldedKind<E extends EventBody, S> = { readonly category: string; readonly decider: Pick<Decider<never, E, S>, 'initialState' | 'evolve'> };

/** Rows of one statement of a fold: well within a session's `statement_timeout`. */
const foldRows = 20_000;

/**
 * Folds every stream of a kind in a shard. Only what a fold needs is read, and nothing is made of a row but its payload: half the work of `copyEvents`.
 * `today` brings a payload to today's schema.
 */
export const foldEvents = async <E extends EventBody, S>(
  client: PoolClient,
  shard: number,
  { category, decider: { initialState, evolve } }: FoldedKind<E, S>,
  today: (type: string, schemaVersion: number, data: object) => object,
): Promise<Map<string, Folded<S>>> => {
  const folded = new Map<string, { version: number; state: S }>();
  const prefix = `${category}-`;
  const fold = (row: Buffer): void => {
    const text = row.toString('utf8', 0, row.length - 1);
    if (!text.startsWith(prefix)) return;
    const typeAt = text.indexOf('\t') + 1;
    const versionAt = text.indexOf('\t', typeAt) + 1;
    const dataAt = text.indexOf('\t', versionAt) + 1;
    const type = text.slice(typeAt, versionAt - 1);
    const data = today(type, Number(text.slice(versionAt, dataAt - 1)), JSON.parse(unescaped(text.slice(dataAt))) as object);
    const streamId = unescaped(text.slice(0, typeAt - 1));
    const known = folded.get(streamId);
    const event = { type, data } as unknown as E;
    if (known === undefined) folded.set(streamId, { version: 1, state: evolve(initialState, event) });
    else {
      known.version += 1;
      known.state = evolve(known.state, event);
    }
  };
  for (let [after, rows] = [0, foldRows]; rows === foldRows; after += foldRows) {
    rows = 0;
    const select = `select stream_id, type, schema_version, data from event_log where shard = ${Math.trunc(shard)} and seq > ${after} and seq <= ${after + foldRows} order by seq`;
    await copyOut(client, `copy (${select}) to stdout`, (row) => {
      rows += 1;
      fold(row);
    });
  }
  return folded;
};
