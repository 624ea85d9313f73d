import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EventContext } from '@orderlog/contracts';
import type { Command, Event } from '@orderlog/decider';
import { eventually, freshDatabase, type FreshDatabase } from '@orderlog/testing';
import { Client } from 'pg';
import { createEventLog, newOrderId, type Aggregate, type PostgresEventLog } from './index.js';

type Add = Command<'Add', { amount: number }>;
type Added = Event<'Added', { amount: number }>;
type Sum = { readonly sum: number; readonly amounts: ReadonlySet<number> };

const counter: Aggregate<Add, Added, Sum, never> = {
  category: 'counter',
  stateSchema: 1,
  decider: {
    initialState: { sum: 0, amounts: new Set() },
    decide: ({ data }) => [{ type: 'Added', data }],
    evolve: ({ sum, amounts }, { data }) => ({ sum: sum + data.amount, amounts: new Set([...amounts, data.amount]) }),
  },
};
const add = (amount: number): Add => ({ type: 'Add', data: { amount } });
const context: EventContext = { tenantId: 't', actor: { type: 'operator', id: 'k' }, commandId: 'c', correlationId: 'o' };

let database: FreshDatabase;
let admin: Client;
const open = (): Promise<PostgresEventLog> =>
  createEventLog({ service: 'order', connectionString: database.appUrl, schema: database.schema, checkPayload: () => undefined });
const withLog = async <T>(work: (log: PostgresEventLog) => Promise<T>): Promise<T> => {
  const log = await open();
  try {
    return await work(log);
  } finally {
    await log.close();
  }
};

beforeAll(async () => {
  database = await freshDatabase({ service: 'order' });
  admin = new Client({ connectionString: database.adminUrl });
  await admin.connect();
});
afterAll(async () => {
  await admin.end();
  await database.drop();
});

describe('a stream of 100,000 events', () => {
  const length = 100_000;
  const stream = `counter-${newOrderId(13)}`;
  const right = { version: length + 1, state: { sum: 7, amounts: new Set([1, -1, 7]) } };

  const sessions = async (): Promise<number> => {
    const { rows } = await admin.query<{ n: string }>(`select count(*) as n from pg_stat_activity where datname = current_database() and application_name like 'orderlog %'`);
    return Number(rows[0]?.n);
  };
  /** Rows of the log that were read so far by sessions that have ended. */
  const rowsRead = async (): Promise<number> => {
    const { rows } = await admin.query<{ n: string }>(`select idx_tup_fetch + seq_tup_read as n from pg_stat_all_tables where relid = 'event_log'::regclass`);
    return Number(rows[0]?.n);
  };
  /** Rows of the log that a process reads which has just started; its sessions say so when they end. */
  const costOf = async (work: (fresh: PostgresEventLog) => Promise<unknown>): Promise<number> => {
    const before = await rowsRead();
    await withLog(work);
    await eventually(async () => (await sessions()) === 0);
    return (await rowsRead()) - before;
  };

  beforeAll(async () => {
    const each = 5_000;
    await withLog(async (log) => {
      for (let n = 0; n < length; n += each) {
        await log.transact((tx) => tx.decide(counter, Array.from({ length: each }, (_, m) => ({ streamId: stream, command: add(m % 2 === 0 ? 1 : -1), context }))));
      }
      await log.execute(counter, stream, add(7), context);
    });
    const { rows } = await admin.query<{ version: number }>('select version from snapshots where stream_id = $1', [stream]);
    expect(rows).toStrictEqual([{ version: length }]);
  }, 180_000);

  it('is loaded after a restart from its snapshot and the few events behind it', async () => {
    expect(await withLog((log) => log.state(counter, stream))).toStrictEqual(right);
    expect(await costOf((fresh) => fresh.state(counter, stream))).toBe(1);
  });

  it('is folded from its beginning where the snapshot is of another shape of the state, and right all the same', async () => {
    const newer = { ...counter, stateSchema: 2 };
    let state: unknown;
    const cost = await costOf(async (fresh) => {
      state = await fresh.state(newer, stream);
    });
    expect(state).toStrictEqual(right);
    expect(cost).toBeGreaterThan(length);
  });

  it('is not taken from a snapshot that is beyond its events: a restore of one table, or somebody’s hand', async () => {
    await admin.query('update snapshots set version = version + 1000000 where stream_id = $1', [stream]);
    try {
      expect(await withLog((log) => log.state(counter, stream))).toStrictEqual(right);
      expect(await withLog((log) => log.transact(async (tx) => (await tx.load(counter, [stream])).get(stream)))).toStrictEqual(right);
    } finally {
      await admin.query('update snapshots set version = version - 1000000 where stream_id = $1', [stream]);
    }
  });

  it('is appended to for what a short one costs: once it is read, for no rows at all', async () => {
    const short = `counter-${newOrderId(13)}`;
    await withLog(async (log) => {
      for (let n = 0; n < 10; n += 1) await log.execute(counter, short, add(1), context);
    });
    for (const streamId of [short, stream]) {
      const append = (log: PostgresEventLog): Promise<unknown> => log.execute(counter, streamId, add(0), context);
      expect(await costOf(append)).toBeLessThanOrEqual(10);
      expect(await costOf((fresh) => fresh.transact((tx) => tx.decide(counter, [{ streamId, command: add(0), context }])))).toBeLessThanOrEqual(11);
      const many = await costOf(async (fresh) => {
        for (let n = 0; n < 50; n += 1) await append(fresh);
      });
      expect(many).toBeLessThanOrEqual(12);
    }
    expect(await withLog((log) => log.state(counter, stream))).toMatchObject({ version: right.version + 52, state: { sum: 7 } });
  });
});
