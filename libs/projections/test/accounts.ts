import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventContext } from '@orderlog/contracts';
import type { Command, Event } from '@orderlog/decider';
import { createEventLog, newOrderId, openPool, type Aggregate, type PostgresEventLog } from '@orderlog/event-log';
import { freshDatabase, type FreshDatabase } from '@orderlog/testing';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { createProjections, projection, projectionMigrations, type Projections, type ProjectionsOptions } from '../src/index.js';

/** Adds to an account. */
export type Add = Command<'Add', { amount: number }>;
/** What was added. */
export type Added = Event<'Added', { amount: number }>;
/** A remark that comes with it. */
export type Noted = Event<'Noted', { text: string }>;

/** An account: the sum of what was added. */
export const account: Aggregate<Add, Added | Noted, number, never> = {
  category: 'account',
  stateSchema: 1,
  decider: {
    initialState: 0,
    decide: ({ data }) => [{ type: 'Added', data }, { type: 'Noted', data: { text: 'x' } }],
    evolve: (sum, event) => (event.type === 'Added' ? sum + event.data.amount : sum),
  },
};

/** Nobody in particular. */
export const context: EventContext = { tenantId: 't', actor: { type: 'operator', id: 'o' }, commandId: 'c', correlationId: 'o' };

/** One row a stream: a row that knows its version, so that it may be given the same events again. */
export const balances = projection<Added>({
  name: 'balances',
  version: 1,
  tables: ['balances_v1'],
  types: ['Added'],
  apply: async (events, sql) => {
    const sums = new Map<string, { amount: number; version: number; at: string }>();
    const { rows } = await sql.query<{ stream_id: string; version: number; amount: string }>(
      'select stream_id, version, amount::text as amount from balances_v1 where stream_id = any($1::text[])',
      [[...new Set(events.map(({ streamId }) => streamId))]],
    );
    for (const { stream_id: streamId, version, amount } of rows) sums.set(streamId, { amount: Number(amount), version, at: '' });
    for (const { streamId, streamVersion, data, recordedAt } of events) {
      const before = sums.get(streamId) ?? { amount: 0, version: 0, at: '' };
      if (streamVersion > before.version) sums.set(streamId, { amount: before.amount + data.amount, version: streamVersion, at: recordedAt });
    }
    const changed = [...sums].filter(([, { at }]) => at !== '');
    await sql.query(
      `insert into balances_v1 (stream_id, version, amount, updated_at) select * from unnest($1::text[], $2::integer[], $3::bigint[], $4::timestamptz[])
       on conflict (stream_id) do update set version = excluded.version, amount = excluded.amount, updated_at = excluded.updated_at`,
      [changed.map(([id]) => id), changed.map(([, { version }]) => version), changed.map(([, { amount }]) => amount), changed.map(([, { at }]) => at)],
    );
  },
});

/** Counts, so it shows every event that is applied twice or not at all. */
export const counts = projection<Added | Noted>({
  name: 'counts',
  version: 1,
  tables: ['counts_v1'],
  apply: async (events, sql) => {
    const byShard = new Map<number, number>();
    for (const { shard } of events) byShard.set(shard, (byShard.get(shard) ?? 0) + 1);
    await sql.query(
      `insert into counts_v1 (shard, events) select * from unnest($1::smallint[], $2::bigint[])
       on conflict (shard) do update set events = counts_v1.events + excluded.events`,
      [[...byShard.keys()], [...byShard.values()]],
    );
  },
});

const tables = `
  create table balances_v1 (stream_id text primary key, version integer not null, amount bigint not null, updated_at timestamptz not null) with (fillfactor = 70, autovacuum_vacuum_threshold = 1000);
  create table counts_v1 (shard smallint primary key, events bigint not null);
  create view balances as select * from balances_v1;
  create view counts as select * from counts_v1;`;

/** A log of accounts with read models, on a database of its own. */
export type Accounts = {
  readonly database: FreshDatabase;
  readonly log: PostgresEventLog;
  readonly pool: Pool;
  /** What turns failed with. */
  readonly failures: string[];
  /** Makes a runner; it is stopped at the end. */
  readonly make: (options?: Partial<ProjectionsOptions>) => Promise<Projections>;
  /** Adds 0, 1, 2 … to as many new accounts: two events each. */
  readonly append: (many: number) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Opens it. */
export const openAccounts = async (): Promise<Accounts> => {
  const folder = await mkdtemp(join(tmpdir(), 'projections-'));
  await writeFile(join(folder, '0001-tables.sql'), tables);
  const database = await freshDatabase({ service: 'order', folders: [projectionMigrations, { name: 'test', path: folder }] });
  await rm(folder, { recursive: true });
  const log = await createEventLog({ service: 'order', connectionString: database.appUrl, checkPayload: () => undefined });
  const pool = openPool(database.appUrl, 'order', 'test', 2, () => undefined);
  const [running, sources, failures]: [Projections[], DataSource[], string[]] = [[], [], []];
  const openSource = async (): Promise<DataSource> => {
    const extra = { options: `-c search_path="order" -c TimeZone=UTC` };
    const source = new DataSource({ type: 'postgres', url: database.appUrl, poolSize: 3, extra });
    sources.push(source);
    return source.initialize();
  };
  return {
    database,
    log,
    pool,
    failures,
    make: async (options = {}) => {
      const made = createProjections({
        log,
        dataSource: await openSource(),
        projections: [balances, counts],
        onError: (name, error) => failures.push(`${name}: ${String(error)}`),
        ...options,
      });
      running.push(made);
      return made;
    },
    append: async (many) => {
      await log.transact((tx) =>
        tx.decide(
          account,
          Array.from({ length: many }, (_, n) => ({ streamId: `account-${newOrderId(n % 16)}`, command: { type: 'Add', data: { amount: n } }, context })),
        ),
      );
    },
    close: async () => {
      await Promise.all(running.map((each) => each.stop()));
      await Promise.all(sources.map((source) => source.destroy()));
      await pool.end();
      await log.close();
      await database.drop();
    },
  };
};
