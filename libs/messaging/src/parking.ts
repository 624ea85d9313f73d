import { checkPayload } from '@orderlog/contracts';
import type { EventLog, SqlExecutor } from '@orderlog/event-log';
import type { Fact, FactsListener } from './facts.js';
import { describe } from './retries.js';

/** A stream that waits for a person: a fact for it failed deterministically. */
export type ParkedStream = { readonly streamId: string; readonly since: string; readonly error: string; readonly events: number };

/** One fact that waits with its stream, in arrival order. `error` is empty for those that only came after the one that failed. */
export type ParkedEvent = {
  readonly arrival: number;
  readonly topic: string;
  readonly partition: number;
  readonly seq: number;
  readonly fact: Fact;
  readonly error: string;
};

/** What operators do with parked streams. */
export interface ParkedStreams {
  list(): Promise<readonly ParkedStream[]>;
  show(streamId: string): Promise<{ readonly stream: ParkedStream; readonly events: readonly ParkedEvent[] } | undefined>;
  /** Applies its facts in order, in one transaction, through the same listeners; answers how many. Throws what a listener throws, and leaves it parked. */
  release(streamId: string): Promise<number>;
  /** Throws away one waiting fact, or (without `arrival`) the whole parking: those facts never act. Answers how many. */
  drop(streamId: string, arrival?: number): Promise<number>;
}

/** A fact on its way into the parking lot. */
export type Waiting = Omit<ParkedEvent, 'arrival'> & { readonly streamId: string };

/** The parked ones of some streams, in a transaction: `for share` holds off a release until it ends. */
export const parkedAmong = async (tx: SqlExecutor, streamIds: readonly string[]): Promise<ReadonlySet<string>> => {
  if (streamIds.length === 0) return new Set();
  const { rows } = await tx.query<{ stream_id: string }>(
    'select stream_id from parked_stream where stream_id = any($1::text[]) order by stream_id for share',
    [streamIds],
  );
  return new Set(rows.map(({ stream_id }) => stream_id));
};

/** Parks the streams that are not yet, and lets the facts wait with them, in the order given. */
export const park = async (sql: SqlExecutor, group: string, waiting: readonly Waiting[]): Promise<void> => {
  if (waiting.length === 0) return;
  const failed = waiting.filter(({ error }) => error !== '');
  const sent: Promise<unknown>[] = [];
  if (failed.length > 0) {
    const streams = sql.query(
      `insert into parked_stream (stream_id, consumer_group, error)
       select distinct on (stream_id) stream_id, $1, error
       from unnest($2::text[], $3::text[]) with ordinality as failed (stream_id, error, n)
       order by stream_id, n
       on conflict (stream_id) do nothing`,
      [group, failed.map(({ streamId }) => streamId), failed.map(({ error }) => error)],
    );
    sent.push(streams);
  }
  const events = sql.query(
    `insert into parked_event (stream_id, topic, partition, seq, fact, error)
     select stream_id, topic, partition, seq, fact, error
     from unnest($1::text[], $2::text[], $3::integer[], $4::bigint[], $5::json[], $6::text[]) with ordinality
       as waiting (stream_id, topic, partition, seq, fact, error, n)
     order by n`,
    [
      waiting.map(({ streamId }) => streamId),
      waiting.map(({ topic }) => topic),
      waiting.map(({ partition }) => partition),
      waiting.map(({ seq }) => seq),
      waiting.map(({ fact }) => JSON.stringify(fact)),
      waiting.map(({ error }) => error),
    ],
  );
  // One behind the other on one connection, without waiting in between.
  await Promise.all([...sent, events]);
};

/** Parked streams of the service now. */
export const parkedCount = async (sql: SqlExecutor): Promise<number> => {
  const { rows } = await sql.query<{ count: number }>('select count(*)::integer as count from parked_stream');
  return rows[0]?.count ?? 0;
};

/** A message that is no row of the producer's log, or a row that concerns nothing that could be parked. */
export type Stray = {
  readonly topic: string;
  readonly partition: number;
  readonly messageOffset: number;
  readonly reason: string;
  readonly key: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string | undefined;
};

const headersKeptMax = 8 * 1024;
const valueKeptMax = 64 * 1024;

/** PostgreSQL's text holds no NUL; of a stray message only what a person can read is kept. */
const readable = (text: string | undefined, most: number): string | null => text?.slice(0, most).replaceAll('\0', '\uFFFD') ?? null;

/** Sets messages aside, once each. */
export const quarantine = async (sql: SqlExecutor, group: string, strays: readonly Stray[]): Promise<void> => {
  if (strays.length === 0) return;
  await sql.query(
    `insert into quarantined_message (consumer_group, topic, partition, message_offset, reason, message_key, headers, value)
     select $1, * from unnest($2::text[], $3::integer[], $4::bigint[], $5::text[], $6::text[], $7::json[], $8::text[])
     on conflict do nothing`,
    [
      group,
      strays.map(({ topic }) => topic),
      strays.map(({ partition }) => partition),
      strays.map(({ messageOffset }) => messageOffset),
      strays.map(({ reason }) => readable(reason, 2000)),
      strays.map(({ key }) => readable(key, 2000)),
      strays.map(({ headers }) => {
        const text = JSON.stringify(headers);
        return text.length > headersKeptMax ? '{}' : text;
      }),
      strays.map(({ value }) => readable(value, valueKeptMax)),
    ],
  );
};

type StreamRow = { stream_id: string; since: string; error: string; events: number };
type EventRow = { arrival: number; topic: string; partition: number; seq: number; fact: Fact; error: string };

const selectStreams = `
  select s.stream_id, s.since, s.error, (select count(*)::integer from parked_event e where e.stream_id = s.stream_id) as events
  from parked_stream s`;

const streamOf = ({ stream_id, since, error, events }: StreamRow): ParkedStream => ({ streamId: stream_id, since, error, events });

const eventsOf = async (sql: SqlExecutor, streamId: string): Promise<readonly ParkedEvent[]> => {
  const { rows } = await sql.query<EventRow>(
    'select arrival, topic, partition, seq, fact, error from parked_event where stream_id = $1 order by arrival',
    [streamId],
  );
  return rows.map((row) => ({ ...row, arrival: Number(row.arrival), seq: Number(row.seq) }));
};

/** Parked streams of a service, for its API and the command line. */
export const parkedStreams = (options: { readonly log: EventLog; readonly sql: SqlExecutor; readonly listeners: readonly FactsListener[] }): ParkedStreams => {
  const { log, sql, listeners } = options;

  const listenerOf = (fact: Fact): FactsListener => {
    const listener = listeners.find(({ hears }) => hears.some(({ source, types }) => source === fact.source && types.includes(fact.type)));
    if (listener === undefined) throw new Error(`nobody listens to ${fact.type} of ${fact.source} any more: drop it`);
    const wrong = checkPayload(fact.source, fact.type, fact.data);
    if (wrong !== undefined) throw new Error(`${fact.type} of ${fact.source}: ${wrong}`);
    return listener;
  };

  return {
    async list() {
      const { rows } = await sql.query<StreamRow>(`${selectStreams} order by s.since, s.stream_id limit 1000`);
      return rows.map(streamOf);
    },
    async show(streamId) {
      const { rows } = await sql.query<StreamRow>(`${selectStreams} where s.stream_id = $1`, [streamId]);
      return rows[0] === undefined ? undefined : { stream: streamOf(rows[0]), events: await eventsOf(sql, streamId) };
    },
    async release(streamId) {
      try {
        return await log.transact(async (tx) => {
          // The row first, as consumers do: whoever is adding facts ends before we look, whoever comes later finds the stream free.
          const { rowCount } = await tx.query('select 1 from parked_stream where stream_id = $1 for update', [streamId]);
          if (rowCount === 0) return 0;
          const waiting = await eventsOf(tx, streamId);
          for (const { fact } of waiting) await listenerOf(fact).handle([fact], tx);
          await tx.query('delete from parked_event where stream_id = $1', [streamId]);
          await tx.query('delete from parked_stream where stream_id = $1', [streamId]);
          return waiting.length;
        });
      } catch (error) {
        await sql.query('update parked_stream set error = $2 where stream_id = $1', [streamId, describe(error)]);
        throw error;
      }
    },
    async drop(streamId, arrival) {
      return log.transact(async (tx) => {
        await tx.query('select 1 from parked_stream where stream_id = $1 for update', [streamId]);
        const { rowCount } = await tx.query('delete from parked_event where stream_id = $1 and ($2::bigint is null or arrival = $2)', [streamId, arrival ?? null]);
        if (arrival === undefined) await tx.query('delete from parked_stream where stream_id = $1', [streamId]);
        return rowCount ?? 0;
      });
    },
  };
};
