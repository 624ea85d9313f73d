import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventContext } from '@orderlog/contracts';
import { refuse, type Command, type Event } from '@orderlog/decider';
import { eventually, freshDatabase, leftToOldHeap, type FreshDatabase } from '@orderlog/testing';
import fc from 'fast-check';
import { Client } from 'pg';
import { appendEvents, inLockOrder, pendingEvents } from './append.js';
import {
  createEventLog,
  isTransient,
  newOrderId,
  openPool,
  OutcomeUnknown,
  sqlStateOf,
  verifyChain,
  VersionConflict,
  type Aggregate,
  type EventLogOptions,
  type NewStream,
  type PostgresEventLog,
} from './index.js';

type Add = Command<'Add', { amount: number; remind?: string; call?: boolean }>;
type Added = Event<'Added', { amount: number; remind?: string; call?: boolean }>;
type Sum = { readonly sum: number; readonly amounts: ReadonlySet<number> };

/** A sum that never passes 1,000; adding 0 is nothing. Its state holds a set, which a snapshot must bring back. */
const counter: Aggregate<Add, Added, Sum, 'TooMuch'> = {
  category: 'counter',
  stateSchema: 1,
  decider: {
    initialState: { sum: 0, amounts: new Set() },
    decide: ({ data }, { sum }) => {
      if (data.amount === 0) return [];
      return sum + data.amount > 1_000 ? refuse('TooMuch') : [{ type: 'Added', data }];
    },
    evolve: ({ sum, amounts }, { data }) => ({ sum: sum + data.amount, amounts: new Set([...amounts, data.amount]) }),
  },
  reactions: ({ data }) => ({
    timers: data.remind === undefined ? [] : [data.remind === '' ? { clear: 'remind' } : { set: 'remind', dueAt: data.remind }],
    effects: data.call === true ? [{ kind: 'call', data: { amount: data.amount } }] : [],
  }),
};

const add = (amount: number, more: object = {}): Add => ({ type: 'Add', data: { amount, ...more } });
const context: EventContext = {
  tenantId: 'tenant-1',
  actor: { type: 'operator', id: 'key-1' },
  commandId: 'command-1',
  correlationId: 'correlation-1',
};

let database: FreshDatabase;
let admin: Client;
let log: PostgresEventLog;
const opened: PostgresEventLog[] = [];

const open = async (options: Partial<EventLogOptions> = {}): Promise<PostgresEventLog> => {
  const another = await createEventLog({
    service: 'order',
    connectionString: database.appUrl,
    checkPayload: (type, data) => (type === 'Added' && 'amount' in data && typeof data.amount === 'number' ? undefined : 'amount is not a number'),
    onError: (error) => {
      throw error;
    },
    ...options,
  });
  opened.push(another);
  return another;
};

const newStream = (shard = 3): string => `counter-${newOrderId(shard)}`;

const holes = async (): Promise<unknown[]> => {
  const { rows } = await admin.query(`
    select 'seq' as what, shard::text as id from event_log group by shard having max(seq) <> count(*) or min(seq) <> 1
    union all select 'version', stream_id from event_log group by stream_id having max(version) <> count(*) or min(version) <> 1
    union all select 'head', h.shard::text from shard_head h where h.seq <> (select count(*) from event_log l where l.shard = h.shard)
    union all select 'stream', s.stream_id from streams s where s.version <> (select count(*) from event_log l where l.stream_id = s.stream_id)`);
  return rows;
};

beforeAll(async () => {
  database = await freshDatabase({ service: 'order' });
  admin = new Client({ connectionString: database.adminUrl });
  await admin.connect();
});

beforeEach(async () => {
  log = await open();
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
  expect(await holes()).toStrictEqual([]);
});

afterAll(async () => {
  await admin.end();
  await database.drop();
});

describe('executing commands', () => {
  it('appends what the decider answers, with the whole envelope', async () => {
    const stream = newStream(5);
    const outcome = await log.execute(counter, stream, add(7), { ...context, causationId: 'cause-1', traceparent: 'trace-1', occurredAt: '2026-01-31T08:00:00Z' });
    expect(outcome).toMatchObject({ version: 1, state: { sum: 7 } });
    const events = await log.read(stream);
    expect('events' in outcome && outcome.events).toStrictEqual(events);
    expect(events).toStrictEqual([
      {
        eventId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        type: 'Added',
        schemaVersion: 1,
        streamId: stream,
        streamVersion: 1,
        shard: 5,
        seq: 1,
        occurredAt: '2026-01-31T08:00:00.000Z',
        recordedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        tenantId: 'tenant-1',
        actor: { type: 'operator', id: 'key-1' },
        commandId: 'command-1',
        correlationId: 'correlation-1',
        causationId: 'cause-1',
        traceparent: 'trace-1',
        logId: log.logId,
        batchHash: expect.stringMatching(/^[0-9a-f]{64}$/),
        data: { amount: 7 },
      },
    ]);
  });

  it('answers a refusal and "nothing to do" without writing', async () => {
    const stream = newStream();
    expect(await log.execute(counter, stream, add(1_001), context)).toStrictEqual({ refused: 'TooMuch' });
    expect(await log.execute(counter, stream, add(0), context)).toStrictEqual({ version: 0, state: counter.decider.initialState, events: [] });
    expect(await log.read(stream)).toStrictEqual([]);
  });

  it('throws for a payload that breaks its contract', async () => {
    await expect(log.execute(counter, newStream(), { type: 'Add', data: { amount: 'x' } } as never, context)).rejects.toThrow('breaks its contract');
  });

  it('decides commands of one stream one after the other', async () => {
    const stream = newStream();
    const outcomes = await Promise.all(Array.from({ length: 150 }, () => log.execute(counter, stream, add(10), context)));
    expect(outcomes.filter((outcome) => 'refused' in outcome)).toHaveLength(50);
    expect(await log.state(counter, stream)).toMatchObject({ version: 100, state: { sum: 1_000 } });
  });

  it('does not refuse on what it remembers when another process has written', async () => {
    const stream = newStream();
    const other = await open();
    await log.execute(counter, stream, add(1_000), context);
    expect(await other.execute(counter, stream, add(-990), context)).toMatchObject({ version: 2 });
    expect(await log.execute(counter, stream, add(500), context)).toMatchObject({ version: 3, state: { sum: 510 } });
  });

  it('decides again when another process was faster, and lets one of two creators win', async () => {
    const others = await Promise.all([open(), open(), open()]);
    const streams = Array.from({ length: 20 }, () => newStream());
    await Promise.all(streams.flatMap((stream) => others.map((other) => other.execute(counter, stream, add(600), context))));
    for (const stream of streams) expect(await log.state(counter, stream)).toMatchObject({ version: 1, state: { sum: 600 } });
  });

  it('keeps times, sequence and versions whole under 8 writers on shared shards', async () => {
    const writers = await Promise.all(Array.from({ length: 4 }, () => open({ writers: 2 })));
    const streams = Array.from({ length: 40 }, (_, n) => newStream(n % 2));
    const before = (await log.heads()).reduce((sum, { seq }) => sum + seq, 0);
    await Promise.all(
      writers.flatMap((writer, w) =>
        Array.from({ length: 250 }, async (_, n) => {
          const created = newStream(n % 2);
          await writer.execute(counter, created, add(1), context);
          // Every process has ten streams of its own and creates others.
          await writer.execute(counter, streams[w * 10 + (n % 10)] ?? created, add(1), context);
        }),
      ),
    );
    const after = (await log.heads()).reduce((sum, { seq }) => sum + seq, 0);
    expect(after - before).toBe(2_000);
    const { rows } = await admin.query(`select 1 from (select recorded_at, lag(recorded_at) over (partition by shard order by seq) as before from event_log) as t where recorded_at < before`);
    expect(rows).toStrictEqual([]);
  });

  it('sets, moves and clears timers and writes effects with their events', async () => {
    const stream = newStream(9);
    const timers = async () => (await log.sql.query('select kind, shard, due_at, epoch from timers where stream_id = $1', [stream])).rows;
    await log.execute(counter, stream, add(1, { remind: '2030-01-01T00:00:00.000Z' }), context);
    expect(await timers()).toStrictEqual([{ kind: 'remind', shard: 9, due_at: '2030-01-01T00:00:00.000Z', epoch: 1 }]);
    await log.execute(counter, stream, add(1, { remind: '2031-01-01T00:00:00.000Z', call: true }), context);
    expect(await timers()).toStrictEqual([{ kind: 'remind', shard: 9, due_at: '2031-01-01T00:00:00.000Z', epoch: 2 }]);
    await log.execute(counter, stream, add(1, { remind: '' }), context);
    expect(await timers()).toStrictEqual([]);
    await log.execute(counter, stream, add(1, { remind: '2032-01-01T00:00:00.000Z' }), context);
    expect(await timers()).toMatchObject([{ epoch: 4 }]);
    const { rows } = await log.sql.query('select version, kind, data, attempts from pending_effects where stream_id = $1', [stream]);
    expect(rows).toStrictEqual([{ version: 2, kind: 'call', data: { amount: 1 }, attempts: 0 }]);
  });

  it('wakes listeners after each commit that appended', async () => {
    let woken = 0;
    const stop = log.onAppended(() => (woken += 1));
    await log.execute(counter, newStream(), add(1), context);
    await log.execute(counter, newStream(), add(0), context);
    await log.transact((tx) => tx.load(counter, [newStream()]));
    expect(woken).toBe(1);
    stop();
    await log.execute(counter, newStream(), add(1), context);
    expect(woken).toBe(1);
  });

  it('keeps a snapshot of a long stream and folds on from it', async () => {
    const stream = newStream();
    for (let n = 0; n < 4; n += 1) {
      await log.transact((tx) => tx.decide(counter, Array.from({ length: 30 }, (_, m) => ({ streamId: stream, command: add(m % 2 === 0 ? 1 : -1), context }))));
    }
    await eventually(async () => (await admin.query('select version from snapshots where stream_id = $1', [stream])).rows[0]?.version === 120);
    await admin.query(`update snapshots set state_schema = 2 where stream_id = $1`, [stream]);
    expect(await (await open()).state(counter, stream)).toStrictEqual({ version: 120, state: { sum: 0, amounts: new Set([1, -1]) } });
    await admin.query(`update snapshots set state_schema = 1 where stream_id = $1`, [stream]);
    const other = await open();
    expect(await other.state(counter, stream)).toStrictEqual({ version: 120, state: { sum: 0, amounts: new Set([1, -1]) } });
    expect(await other.execute(counter, stream, add(5), context)).toMatchObject({ version: 121, state: { sum: 5 } });
  });

  it('upcasts on reading, and hands the relay what was written', async () => {
    const stream = newStream(11);
    await log.execute(counter, stream, add(1), context);
    const newer = await open({ upcasters: { Added: [(data) => ({ ...data, amount: (data as { amount: number }).amount * 100 })] } });
    expect(await newer.state(counter, stream)).toMatchObject({ state: { sum: 100 } });
    await newer.execute(counter, stream, add(5), context);
    expect((await newer.read(stream)).map(({ data, schemaVersion }) => [data, schemaVersion])).toStrictEqual([[{ amount: 100 }, 1], [{ amount: 5 }, 2]]);
    const last = (await newer.readShard(11, 0, 1_000)).filter(({ event }) => event.streamId === stream);
    expect(last.map(({ dataJson }) => dataJson)).toStrictEqual(['{"amount":1}', '{"amount":5}']);
  });

  it('says that the outcome is unknown when the connection breaks while committing', async () => {
    const blocker = new Client({ connectionString: database.adminUrl });
    await blocker.connect();
    await blocker.query('begin');
    await blocker.query('select 1 from shard_head for update');
    const writing = log.execute(counter, newStream(), add(1), context);
    const failed = expect(writing).rejects.toThrow(OutcomeUnknown);
    await eventually(async () => (await admin.query(`select 1 from pg_stat_activity where application_name = 'orderlog order writer' and wait_event_type = 'Lock'`)).rowCount === 1);
    await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'orderlog order writer' and wait_event_type = 'Lock'`);
    await failed;
    await blocker.query('rollback');
    await blocker.end();
  });
});

describe('a batch with a row that the database refuses', () => {
  it('fails that row alone: its neighbours are committed', async () => {
    const streams = Array.from({ length: 60 }, () => newStream(6));
    // The date of a timer is read in the database: this one is none, which no check before it sees.
    const answers = await Promise.allSettled(streams.map((stream, n) => log.execute(counter, stream, add(1, n === 37 ? { remind: 'never' } : {}), context)));
    expect(answers.flatMap(({ status }, n) => (status === 'rejected' ? [n] : []))).toStrictEqual([37]);
    expect(sqlStateOf((answers[37] as PromiseRejectedResult).reason)).toBe('22007');
    for (const [n, stream] of streams.entries()) expect(await log.state(counter, stream)).toMatchObject({ version: n === 37 ? 0 : 1 });
  });
});

describe('a pool of sessions', () => {
  it('ends when its connections are closed: nothing can break in them any more', async () => {
    const pool = openPool(database.appUrl, 'order', 'closing', 3, (error) => {
      throw error;
    });
    let open = 0;
    pool.on('connect', (client) => {
      open += 1;
      client.once('end', () => (open -= 1));
    });
    await Promise.all(Array.from({ length: 20 }, () => pool.query('select pg_sleep(0.01)')));
    expect(open).toBe(3);
    await pool.end();
    expect(open).toBe(0);
  });
});

describe('a transaction', () => {
  it('leaves nothing of its events to the old generation of the heap', async () => {
    const [bytes, streamId] = [20_000, newStream()];
    const left = await leftToOldHeap(200, (n) =>
      log
        .transact(async (tx) => {
          await tx.decide(counter, [{ streamId, command: add(1), context: { ...context, commandId: `${n}`.padEnd(bytes, '.') } }]);
          // Rolled back: what is committed the log keeps for those who follow it.
          throw new RangeError('over');
        })
        .catch(() => undefined),
    );
    // With an accessor in what the transaction is made of: all of it, twice (the metadata as an object and as text).
    expect(left).toBeLessThan(bytes / 4);
  });

  it('decides each command on what its predecessors left, and appends in that order', async () => {
    const [one, two] = [newStream(7), newStream(7)];
    const outcomes = await log.transact((tx) =>
      tx.decide(counter, [
        { streamId: one, command: add(1), context },
        { streamId: two, command: add(10), context },
        { streamId: one, command: add(2), context },
        { streamId: one, command: add(1_000), context },
      ]),
    );
    expect(outcomes).toMatchObject([{ version: 1, state: { sum: 1 } }, { version: 1, state: { sum: 10 } }, { version: 2, state: { sum: 3 } }, { refused: 'TooMuch' }]);
    const rows = (await log.readShards([{ shard: 7, after: 0 }], 1_000)).filter(({ streamId }) => streamId === one || streamId === two);
    expect(rows.map(({ data }) => data)).toStrictEqual([{ amount: 1 }, { amount: 10 }, { amount: 2 }]);
  });

  it('writes nothing when its work throws, and its statements are undone', async () => {
    const stream = newStream();
    const failing = log.transact(async (tx) => {
      await tx.decide(counter, [{ streamId: stream, command: add(1), context }]);
      await tx.query(`insert into timers (stream_id, kind, shard, due_at, epoch) values ($1, 'x', 1, now(), 1)`, [stream]);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await log.read(stream)).toStrictEqual([]);
    expect((await log.sql.query('select 1 from timers where stream_id = $1', [stream])).rows).toStrictEqual([]);
  });

  it('fails, and nothing else does, when the server ends its session because it stood still', async () => {
    const told: unknown[] = [];
    const another = await open({ onError: (error) => void told.push(error) });
    const stream = newStream();
    const standing = another.transact(async (tx) => {
      await tx.query('set local idle_in_transaction_session_timeout = 20');
      await eventually(async () => told.length > 0);
      await tx.decide(counter, [{ streamId: stream, command: add(1), context }]);
    });
    expect(isTransient(await standing.catch((error: unknown) => error))).toBe(true);
    expect(told.some((error) => sqlStateOf(error) === '25P03')).toBe(true);
    expect(await another.execute(counter, stream, add(2), context)).toMatchObject({ version: 1, state: { sum: 2 } });
  });

  it('undoes an attempt that throws, and only it', async () => {
    const stream = newStream();
    await log.transact(async (tx) => {
      await tx.decide(counter, [{ streamId: stream, command: add(1), context }]);
      const attempt = tx.attempt(async () => {
        await tx.decide(counter, [{ streamId: stream, command: add(2), context }, { streamId: newStream(), command: add(2), context }]);
        await tx.query('select 1 / 0');
      });
      await expect(attempt).rejects.toThrow('division by zero');
      await tx.attempt(() => tx.decide(counter, [{ streamId: stream, command: add(4), context }]));
    });
    expect((await log.read(stream)).map(({ data }) => data)).toStrictEqual([{ amount: 1 }, { amount: 4 }]);
    expect(await log.state(counter, stream)).toMatchObject({ version: 2, state: { sum: 5 } });
  });

  it('refuses to commit when the error of a statement was swallowed', async () => {
    const swallowing = log.transact((tx) => tx.query('select 1 / 0').catch(() => undefined));
    await expect(swallowing).rejects.toThrow('swallowed');
  });

  it('refuses to append to a stream it has not locked', async () => {
    const blind = log.transact(async (tx) => tx.append(counter, newStream(), [{ type: 'Added', data: { amount: 1 } }], context));
    await expect(blind).rejects.toThrow('has not loaded');
  });

  it('creates a stream that cannot exist yet without reading it; where it does, it gives up', async () => {
    const stream = newStream();
    const create = () => log.transact(async (tx) => tx.append(counter, stream, [{ type: 'Added', data: { amount: 1 } }], context, { isNew: true }));
    await create();
    await expect(create()).rejects.toThrow(VersionConflict);
    expect(await log.read(stream)).toHaveLength(1);
  });

  it('is run again as a whole when another one created its stream meanwhile', async () => {
    const stream = newStream();
    const other = await open();
    let runs = 0;
    const outcome = await log.transact(async (tx) => {
      runs += 1;
      await tx.load(counter, [stream]);
      if (runs === 1) await other.execute(counter, stream, add(600), context);
      return tx.decide(counter, [{ streamId: stream, command: add(600), context }]);
    });
    expect([runs, outcome]).toStrictEqual([2, [{ refused: 'TooMuch' }]]);
  });

  it('waits for streams that another one holds, and sees what that one wrote', async () => {
    const streams = Array.from({ length: 30 }, () => newStream());
    const others = await Promise.all([open(), open()]);
    const deciding = [log, ...others].flatMap((each, n) =>
      Array.from({ length: 10 }, (_, m) =>
        each.transact((tx) => {
          const order = (n + m) % 2 === 0 ? streams : [...streams].reverse();
          return tx.decide(counter, order.map((streamId) => ({ streamId, command: add(100), context })));
        }),
      ),
    );
    await Promise.all(deciding);
    for (const stream of streams) expect(await log.state(counter, stream)).toMatchObject({ version: 10, state: { sum: 1_000 } });
  });

  it('is run again after a deadlock', async () => {
    const names = ['a', 'b'].map((name) => `counter-${name}-${newOrderId(1)}`);
    await log.transact((tx) => tx.decide(counter, names.map((streamId) => ({ streamId, command: add(1), context }))));
    let arrived = 0;
    let meet: () => void = () => undefined;
    const met = new Promise<void>((resolve) => (meet = resolve));
    const crossing = (order: readonly (string | undefined)[]) =>
      log.transact(async (tx) => {
        for (const name of order) {
          await tx.decide(counter, [{ streamId: name ?? '', command: add(1), context }]);
          arrived += 1;
          if (arrived === 2) meet();
          await met;
        }
      });
    await Promise.all([crossing(names), crossing([...names].reverse())]);
    for (const name of names) expect(await log.state(counter, name)).toMatchObject({ version: 3 });
  });
});

describe('reading shards', () => {
  it('replays a shard by COPY as it reads it, whatever stands in it', async () => {
    const stream = `counter-a\\b@c-${newOrderId(13)}`;
    const texts = ['C:\\new\\table', 'tab\t line\n return\r bell\b feed\f v\v', 'São Paulo 東京 🙂', '"quoted" \\" \\N', ''];
    for (const text of texts) await log.execute(counter, stream, add(1, { remind: '', note: text }), { ...context, commandId: text, causationId: text });
    const read = await log.readShards([{ shard: 13, after: 0 }], 1_000);
    expect(read.filter(({ streamId }) => streamId === stream).map(({ data }) => (data as { note?: string }).note)).toStrictEqual(texts);
    expect(await log.replay(13, 0, 1_000)).toStrictEqual(read);
    expect(await log.replay(13, 2, 2)).toStrictEqual(read.slice(2, 4));
    expect(await log.replay(13, read.length, 10)).toStrictEqual([]);
    const decider = { initialState: [] as string[], evolve: (seen: string[], { data }: { type: string; data: { note?: string } }) => [...seen, data.note ?? ''] };
    const notes = await log.foldShard({ category: 'counter', decider }, 13);
    expect(notes.get(stream)).toStrictEqual({ version: texts.length, state: texts });
    expect([...notes.values()].reduce((sum, { version }) => sum + version, 0)).toBe(read.length);
    expect((await log.foldShard({ category: 'count', decider }, 13)).size).toBe(0);
  });

  it('gives rows behind each cursor, in the order of shard and sequence', async () => {
    for (const shard of [14, 15]) for (let n = 0; n < 3; n += 1) await log.execute(counter, newStream(shard), add(n + 1), context);
    const rows = await log.readShards([{ shard: 15, after: 0 }, { shard: 14, after: 1 }], 2);
    expect(rows.map(({ shard, seq }) => [shard, seq])).toStrictEqual([[14, 2], [14, 3], [15, 1], [15, 2]]);
    // Of a process that appended none of them: from the database.
    const follower = (await open()).follow();
    const stored = await follower.readStored([{ shard: 15, after: 0 }, { shard: 14, after: 1 }], 2);
    expect(rows).toStrictEqual(stored.map(({ event, metaJson, dataJson }) => ({ ...event, ...(JSON.parse(metaJson) as object), data: JSON.parse(dataJson) as unknown })));
    expect(stored).toStrictEqual([...(await log.readShard(14, 1, 2)), ...(await log.readShard(15, 0, 2))]);
    // Behind a read that was full: by COPY.
    expect(await follower.readStored([{ shard: 15, after: 1 }, { shard: 13, after: 1 }, { shard: 14, after: 2 }], 3)).toStrictEqual([
      ...(await log.readShard(13, 1, 3)),
      ...(await log.readShard(14, 2, 3)),
      ...(await log.readShard(15, 1, 3)),
    ]);
  });
});

describe('following the log', () => {
  it('gives what reading it gives, whichever road and process appended it', async () => {
    const [other, follower] = [await open(), log.follow()];
    const streams = Array.from({ length: 6 }, (_, n) => newStream(n % 3));
    const heads = await log.heads();
    const cursors = new Map(heads.map(({ shard, seq }) => [shard, seq]));
    const followed: unknown[] = [];
    const commandsOf = (ids: readonly string[]) => ids.map((streamId) => ({ streamId, command: add(1), context }));
    const wanted = 6 + 12 + 6 + 6;
    await Promise.all(streams.map((streamId) => log.execute(counter, streamId, add(1), context)));
    await log.transact((tx) => tx.decide(counter, commandsOf([...streams, ...[...streams].reverse()])));
    await other.transact((tx) => tx.decide(counter, commandsOf(streams)));
    await Promise.all(streams.map((streamId) => log.execute(counter, streamId, { ...add(2), data: { amount: 2, call: true } }, { ...context, occurredAt: '2026-01-02T03:04:05Z' })));
    await eventually(async () => {
      for (const row of await follower.read([...cursors].map(([shard, after]) => ({ shard, after })), 2)) {
        followed.push(row);
        cursors.set(row.shard, row.seq);
      }
      return followed.length === wanted;
    });
    const byPlace = (a: { shard: number; seq: number }, b: { shard: number; seq: number }): number => a.shard - b.shard || a.seq - b.seq;
    const stored = await log.readShards(heads.map(({ shard, seq }) => ({ shard, after: seq })), wanted);
    expect((followed as typeof stored).toSorted(byPlace)).toStrictEqual(stored);
  });
});

describe('reading the beginnings of streams', () => {
  it('gives each up to its version, as reading them one by one does, and nothing for a stream without events', async () => {
    const [one, two, none] = [newStream(3), newStream(9), newStream(3)];
    for (const amount of [1, 2, 3]) for (const stream of [one, two]) await log.execute(counter, stream, add(amount), context);
    const beginnings = await log.readBeginnings([{ streamId: two, upTo: 2 }, { streamId: none, upTo: 5 }, { streamId: one, upTo: 9 }]);
    expect([...beginnings.keys()].sort()).toStrictEqual([one, two].sort());
    expect(beginnings.get(one)).toStrictEqual(await log.read(one));
    expect(beginnings.get(two)).toStrictEqual(await log.read(two, { upTo: 2 }));
  });
});

describe('the hash chain', () => {
  const shard = 12;
  const broken = async () => (await verifyChain(log.sql, 'order', { pageRows: 7 })).broken;
  /** As a superuser could, behind the service's back: what is found then, and nothing once it is undone. */
  const tampered = async (change: string, undo: string): Promise<unknown> => {
    await admin.query(change);
    const found = await broken();
    await admin.query(undo);
    expect(await broken()).toStrictEqual([]);
    return found;
  };
  const row = (seq: number): string => `where shard = ${shard} and seq = ${seq}`;
  const set = (seq: number, column: string, value: string, before: string) =>
    tampered(`update event_log set ${column} = ${value} ${row(seq)}`, `update event_log set ${column} = ${before} ${row(seq)}`);
  const swapped = (one: number, other: number): string => `
    update event_log set seq = -1 ${row(one)}; update event_log set seq = ${one} ${row(other)}; update event_log set seq = ${other} where shard = ${shard} and seq = -1`;
  const bare = [
    'create table kept as select * from event_log where shard = 12 and seq between $first and $last; delete from event_log where shard = 12 and seq between $first and $last',
    'insert into event_log select * from kept; drop table kept',
  ];
  const cut = (first: number, last: number) => bare.map((sql) => sql.replaceAll('$first', String(first)).replaceAll('$last', String(last))) as [string, string];

  /** Batches 1 to 5, 6 to 10, …, 21 to 25 and the single row 26. */
  const fill = async () => {
    for (let n = 0; n < 5; n += 1) {
      await log.transact((tx) => tx.decide(counter, Array.from({ length: 5 }, () => ({ streamId: newStream(shard), command: add(1), context }))));
    }
    await log.execute(counter, newStream(shard), add(1), context);
  };
  const valueAt = async (seq: number, column: string): Promise<string> =>
    `'${(await admin.query<{ value: string }>(`select ${column}::text as value from event_log ${row(seq)}`)).rows[0]?.value ?? ''}'`;

  it('names shard and sequence of whatever was changed', async () => {
    await fill();
    expect(await broken()).toStrictEqual([]);
    const batch = { shard, seq: 6, lastSeq: 10, reason: 'the batch hash does not fit its rows' };
    const changes: readonly (readonly [string, string])[] = [
      ['data', `'{"amount":2}'`],
      ['meta', `'{}'`],
      ['type', `'Odd'`],
      ['schema_version', '2'],
      ['version', '2'],
      ['stream_id', `'counter-other'`],
      ['event_id', `'00000000-0000-0000-0000-000000000000'`],
      ['occurred_at', `occurred_at + interval '1 ms'`],
      ['recorded_at', `recorded_at + interval '1 ms'`],
    ];
    for (const [column, value] of changes) {
      // Of a row among others its batch, of a row alone the row itself.
      expect([column, await set(8, column, value, await valueAt(8, column))]).toStrictEqual([column, [batch]]);
      expect([column, await set(26, column, value, await valueAt(26, column))]).toStrictEqual([column, [{ ...batch, seq: 26, lastSeq: 26 }]]);
    }
    // A single byte of the payload, and a blank that changes nothing in JSON.
    expect(await set(8, 'data', `'{"amount": 1}'`, `'{"amount":1}'`)).toStrictEqual([batch]);
  });

  it('names the row whose hash was changed', async () => {
    const other = `decode(repeat('ab', 32), 'hex')`;
    for (const seq of [6, 8, 10]) {
      expect(await set(seq, 'batch_hash', other, await valueAt(seq, 'batch_hash'))).toStrictEqual([{ shard, seq, lastSeq: seq, reason: expect.stringContaining('hash') }]);
    }
    expect(await set(26, 'batch_hash', other, await valueAt(26, 'batch_hash'))).toStrictEqual([{ shard, seq: 26, lastSeq: 26, reason: expect.stringContaining('hash') }]);
    const hash = await valueAt(6, 'batch_hash');
    const all = (value: string): string => `update event_log set batch_hash = ${value} where shard = ${shard} and seq between 6 and 10`;
    expect(await tampered(all(other), all(hash))).toMatchObject([{ shard, seq: 6, lastSeq: 10 }]);
  });

  it('names rows that were taken away', async () => {
    for (const seq of [6, 8, 10, 1]) {
      const first = seq === 10 || seq === 6 ? { shard } : { shard, seq, lastSeq: seq, reason: `row ${seq} is missing` };
      expect(await tampered(...cut(seq, seq))).toMatchObject([first]);
    }
    expect(await tampered(...cut(6, 10))).toStrictEqual([{ shard, seq: 6, lastSeq: 10, reason: 'row 6 is missing' }]);
  });

  it('names rows that changed places', async () => {
    expect(await tampered(swapped(7, 9), swapped(7, 9))).toStrictEqual([{ shard, seq: 6, lastSeq: 10, reason: 'the batch hash does not fit its rows' }]);
    // A row of another batch has another hash.
    expect(await tampered(swapped(7, 18), swapped(7, 18))).toStrictEqual([{ shard, seq: 7, lastSeq: 7, reason: 'row 7 has not the hash of its batch' }]);
  });

  it('names the tail that was cut off, also when the head was moved back to what is left', async () => {
    const [away, back] = cut(21, 26);
    expect(await tampered(away, back)).toStrictEqual([{ shard, seq: 21, lastSeq: 26, reason: 'the head is at 26' }]);
    const head = async (): Promise<string> => {
      const { rows } = await admin.query<{ seq: string; hash: string }>(`select seq, encode(hash, 'hex') as hash from shard_head where shard = ${shard}`);
      return `update shard_head set seq = ${rows[0]?.seq ?? 0}, hash = decode('${rows[0]?.hash ?? ''}', 'hex') where shard = ${shard}`;
    };
    const moved = `update shard_head h set seq = e.seq, hash = e.batch_hash from event_log e where h.shard = ${shard} and e.shard = ${shard} and e.seq = 20`;
    const undone = await head();
    expect(await tampered(`${moved}; ${away}`, `${back}; ${undone}`)).toStrictEqual([{ shard, seq: 21, lastSeq: 26, reason: 'its streams have 26 events, the head is at 20' }]);
  });
});

describe('the service’s role', () => {
  it.each([
    ['change an event', `update event_log set type = 'x'`],
    ['delete an event', 'delete from event_log'],
    ['change an event through its view', `update event_log_json set type = 'x'`],
    ['delete an event through its view', 'delete from event_log_json'],
    ['empty the log', 'truncate event_log'],
    ['drop the log', 'drop table event_log'],
    ['alter the log', 'alter table event_log add column x int'],
    ['lock the log against everyone', 'lock table event_log in access exclusive mode'],
    ['put a trigger on the log', 'create trigger t before insert on event_log execute function suppress_redundant_updates_trigger()'],
    ['remove a stream', 'delete from streams'],
    ['empty the streams', 'truncate streams'],
    ['remove a head', 'delete from shard_head'],
    ['add a head', `insert into shard_head values (99, gen_random_uuid(), 0, '')`],
    ['forget a migration', 'delete from migrations'],
    ['make a table in the schema', 'create table mine (a int)'],
    ['replace the append function', `create or replace function append_events() returns void language sql as 'select null::void'`],
    ['become the owner', 'set role orderlog_test_owner'],
  ])('may not %s', async (_what, statement) => {
    const refused = await log.transact((tx) => tx.query(statement)).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(sqlStateOf(refused)).toBe('42501');
  });

  it('cannot give itself rights: the statement changes nothing', async () => {
    await log.sql.query('grant update, delete on event_log to current_user');
    const { rows } = await admin.query(`select has_table_privilege('orderlog_test_app', 'event_log', 'update, delete, truncate') as may`);
    expect(rows).toStrictEqual([{ may: false }]);
  });

  it('owns nothing', async () => {
    const { rows } = await admin.query(`select relname from pg_class where relowner = 'orderlog_test_app'::regrole`);
    expect(rows).toStrictEqual([]);
  });
});

describe('making streams on a condition', () => {
  const first = (streamId: string): NewStream<Added> => ({ streamId, events: [{ type: 'Added', data: { amount: 4 } }], context });
  const under = (isAllowed: boolean) => ({ name: 'allowed', values: [isAllowed, 'note'] });

  beforeAll(async () => {
    await admin.query('create table notes (text text not null); grant select, insert on notes to public');
    await admin.query(`create function allowed(p_is_allowed boolean, p_text text) returns boolean language plpgsql as $$
      begin
        insert into notes values (p_text);
        if not p_is_allowed then raise exception using errcode = 'OL412'; end if;
        return true;
      end $$`);
  });
  beforeEach(() => admin.query('truncate notes'));
  const notes = async () => (await admin.query('select * from notes')).rows.length;

  it('makes all of them, with what belongs to them, and remembers and tells them', async () => {
    let heard = 0;
    log.onAppended(() => (heard += 1));
    const streams = [newStream(9), newStream(9), newStream(2)];
    expect(await log.create(counter, streams.map(first), under(true))).toStrictEqual(streams.map(() => ({ sum: 4, amounts: new Set([4]) })));
    for (const stream of streams) {
      expect(await log.read(stream)).toMatchObject([{ type: 'Added', streamVersion: 1, data: { amount: 4 } }]);
      expect(await log.execute(counter, stream, add(5), context)).toMatchObject({ version: 2, state: { sum: 9 } });
    }
    expect([await notes(), heard]).toStrictEqual([1, 4]);
  });

  it.each([
    ['the condition says no', false, 0],
    ['one of them exists', true, 1],
  ])('makes none when %s', async (_, isAllowed, existing) => {
    const streams = [newStream(6), newStream(6)];
    for (const stream of streams.slice(0, existing)) await log.execute(counter, stream, add(1), context);
    expect(await log.create(counter, streams.map(first), under(isAllowed))).toBeUndefined();
    for (const [n, stream] of streams.entries()) expect((await log.state(counter, stream)).version).toBe(n < existing ? 1 : 0);
    expect(await notes()).toBe(0);
  });

  it('says that the outcome is unknown when the connection breaks meanwhile', async () => {
    const blocker = new Client({ connectionString: database.adminUrl });
    await blocker.connect();
    await blocker.query('begin; select 1 from shard_head for update');
    const outcome = log.create(counter, [first(newStream(7))], under(true)).catch((error: unknown) => error);
    const waiting = `from pg_stat_activity where datname = current_database() and application_name = 'orderlog order' and wait_event_type = 'Lock'`;
    await eventually(async () => (await admin.query(`select 1 ${waiting}`)).rows.length === 1);
    await admin.query(`select pg_terminate_backend(pid) ${waiting}`);
    expect(await outcome).toBeInstanceOf(OutcomeUnknown);
    await blocker.query('rollback');
    await blocker.end();
  });
});

describe('an append of several streams', () => {
  const rules = { schemaVersionOf: () => 1, checkPayload: () => undefined };
  const appendTo = (streamId: string, shard: number, expected: number) => ({
    streamId,
    shard,
    expected,
    events: pendingEvents(rules, streamId, expected, [add(1, { remind: '2099-01-31T08:00:00Z' }), add(2, { remind: '' }), add(3, { call: true })].map(({ data }): Added => ({ type: 'Added', data })), context),
  });
  const cases = ['one shard', 'two shards'].flatMap((shards) =>
    ['new', 'old', 'new and old'].flatMap((age) => ['none', 'the first', 'the last'].flatMap((conflicts) => ['in lock order', 'in another order'].map((order) => ({ shards, age, conflicts, order })))),
  );

  it.each(cases)('$shards, $age, conflicts: $conflicts, $order', async ({ shards, age, conflicts, order }) => {
    const shardOf = (n: number) => (shards === 'two shards' && n % 2 === 1 ? 4 : 3);
    const streamIds = Array.from({ length: 4 }, (_, n) => ({ streamId: newStream(shardOf(n)), shard: shardOf(n) }));
    const isOld = (n: number) => age === 'old' || (age === 'new and old' && n < 2);
    for (const [n, { streamId }] of streamIds.entries()) if (isOld(n)) await log.execute(counter, streamId, add(1), context);
    const loser = { none: undefined, 'the first': 0, 'the last': 3 }[conflicts];
    const appends = streamIds.map(({ streamId, shard }, n) => appendTo(streamId, shard, n === loser ? 7 : Number(isOld(n))));
    const sorted = order === 'in lock order' ? inLockOrder(appends) : inLockOrder(appends).toReversed();
    const { streams, rows } = await appendEvents(log.pool, sorted, false);
    expect(streams.map((one) => one !== undefined)).toStrictEqual(sorted.map((append) => append !== appends[loser ?? -1]));
    for (const append of appends) {
      const read = await log.read(append.streamId);
      const mine = rows(log.logId).flatMap(({ event }) => (event.streamId === append.streamId ? [event] : []));
      expect(read.slice(append === appends[loser ?? -1] ? 0 : append.expected)).toStrictEqual(append === appends[loser ?? -1] ? read : mine);
    }
    const { broken } = await verifyChain(log.sql, 'order');
    expect(broken).toStrictEqual([]);
    if (loser !== undefined) await expect(appendEvents(log.pool, sorted, true)).rejects.toMatchObject({ code: 'OL409' });
  });
});

describe('any sequence of commands', () => {
  const commands = fc.array(
    fc.record({ stream: fc.nat({ max: 3 }), process: fc.nat({ max: 1 }), isBatch: fc.boolean(), amounts: fc.array(fc.integer({ min: -5, max: 400 }), { minLength: 1, maxLength: 4 }) }),
    { minLength: 1, maxLength: 25 },
  );

  it('leaves the same as folding in memory, whichever process and road took it', async () => {
    const processes = [log, await open({ cache: { streamsMax: 2 } })];
    await fc.assert(
      fc.asyncProperty(commands, async (steps) => {
        const streams = Array.from({ length: 4 }, (_, n) => newStream(n));
        const expected = streams.map(() => counter.decider.initialState);
        for (const { stream, process, isBatch, amounts } of steps) {
          const [streamId, each] = [streams[stream] ?? '', processes[process] ?? log];
          for (const amount of amounts) {
            const decided = counter.decider.decide(add(amount), expected[stream] ?? counter.decider.initialState);
            if (!('refused' in decided)) expected[stream] = decided.reduce(counter.decider.evolve, expected[stream] ?? counter.decider.initialState);
          }
          if (isBatch) await each.transact((tx) => tx.decide(counter, amounts.map((amount) => ({ streamId, command: add(amount), context }))));
          else for (const amount of amounts) await each.execute(counter, streamId, add(amount), context);
        }
        for (const [n, streamId] of streams.entries()) {
          for (const each of processes) expect((await each.state(counter, streamId)).state).toStrictEqual(expected[n]);
        }
      }),
      { numRuns: 15, seed: 7 },
    );
    expect((await verifyChain(log.sql, 'order')).broken).toStrictEqual([]);
  });
});
