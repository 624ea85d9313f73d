import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createEventLog, newOrderId, type PostgresEventLog } from '@orderlog/event-log';
import { eventually, projectionSpecification } from '@orderlog/testing';
import { account, balances, context, counts, openAccounts, type Accounts, type Added, type Noted } from '../test/accounts.js';
import { compareWithRebuild, type Projection } from './index.js';

let accounts: Accounts;
let log: PostgresEventLog;
let failures: readonly string[];
let make: Accounts['make'];
let append: Accounts['append'];

const counted = async (): Promise<unknown> => (await log.sql.query('select coalesce(sum(events), 0)::integer as n from counts_v1')).rows[0];

beforeEach(async () => {
  accounts = await openAccounts();
  ({ log, failures, make, append } = accounts);
});

afterEach(() => accounts.close());

describe('following the log', () => {
  it('applies every event once, in several pages, and shows its lag', async () => {
    await append(500);
    const projections = await make({ batchSizeMax: 20 });
    const lag = await projections.lag('counts');
    expect(lag.events).toBe(1_000);
    expect(lag.ageMs).toBeGreaterThan(0);
    projections.start();
    await projections.caughtUp('counts');
    await projections.caughtUp('balances');
    expect(await counted()).toStrictEqual({ n: 1_000 });
    expect(await projections.lag('counts')).toStrictEqual({ events: 0, ageMs: 0 });
    expect((await log.sql.query('select count(*)::integer as n, sum(amount)::integer as sum from balances_v1')).rows).toStrictEqual([{ n: 500, sum: 124_750 }]);
    expect(failures).toStrictEqual([]);
  });

  it('prepares before the transaction, with the events that are then applied', async () => {
    await append(20);
    const steps: string[] = [];
    const prepared: Projection<Added | Noted> = {
      ...counts,
      prepare: async (events) => {
        const { rows } = await log.sql.query(`select from pg_stat_activity where datname = current_database() and state = 'idle in transaction'`);
        steps.push(`prepare ${events.length}, ${rows.length} in a transaction`);
      },
      apply: async (events, sql) => {
        steps.push(`apply ${events.length}`);
        await counts.apply(events, sql);
      },
    };
    const projections = await make({ projections: [prepared], batchSizeMax: 100 });
    projections.start();
    await projections.caughtUp('counts');
    expect(steps).toStrictEqual(['prepare 40, 0 in a transaction', 'apply 40']);
  });

  it('is woken by an append of its own process', async () => {
    const projections = await make({ idleMs: 60_000 });
    projections.start();
    await append(1);
    await eventually(async () => ((await counted()) as { n: number }).n === 2, 5_000);
  });

  it('looks by itself when another process appends', async () => {
    const other = await createEventLog({ service: 'order', connectionString: accounts.database.appUrl, checkPayload: () => undefined });
    const projections = await make();
    projections.start();
    await other.execute(account, `account-${newOrderId(1)}`, { type: 'Add', data: { amount: 1 } }, context);
    await projections.caughtUp('counts');
    expect(await counted()).toStrictEqual({ n: 2 });
    await other.close();
  });

  it('applies each event once though two processes follow', async () => {
    const [one, two] = [await make({ batchSizeMax: 5, paceMs: 0 }), await make({ batchSizeMax: 7, paceMs: 0 })];
    one.start();
    two.start();
    for (let n = 0; n < 10; n += 1) await append(50);
    await one.caughtUp('counts');
    await two.caughtUp('balances');
    expect(await counted()).toStrictEqual({ n: 1_000 });
    expect(failures.filter((failure) => !failure.includes('deadlock'))).toStrictEqual([]);
  });

  it('goes on with the others while one fails, and takes it along again once it is well', async () => {
    let isBroken = true;
    const breaking: Projection<Added | Noted> = {
      ...counts,
      apply: async (events, sql) => {
        await counts.apply(events, sql);
        if (isBroken) throw new Error('broken');
      },
    };
    const projections = await make({ projections: [breaking, balances] });
    projections.start();
    await append(10);
    await projections.caughtUp('balances');
    await eventually(() => failures.length > 1);
    expect(failures[0]).toBe('counts: Error: broken');
    expect(await counted()).toStrictEqual({ n: 0 });
    isBroken = false;
    await append(10);
    await projections.caughtUp('counts');
    expect(await counted()).toStrictEqual({ n: 40 });
  });

  it('shows events of today’s schema', async () => {
    await append(3);
    const projections = await make({ upcasters: { Added: [(data) => ({ amount: (data as { amount: number }).amount * 2 })] } });
    await projections.caughtUp('balances');
    expect((await log.sql.query('select sum(amount)::integer as sum from balances_v1')).rows).toStrictEqual([{ sum: 6 }]);
  });
});

describe('rebuilding', () => {
  it('gives the same digest, also while events come in', async () => {
    const projections = await make({ batchSizeMax: 30 });
    projections.start();
    await append(200);
    await projections.caughtUp('balances');
    const digest = await projections.digest('balances');
    await log.sql.query(`update balances_v1 set amount = amount + 1 where version = 1 and amount = 7`);
    expect(await projections.digest('balances')).not.toBe(digest);
    await projections.rebuild('balances');
    expect(await projections.digest('balances')).toBe(digest);
    await Promise.all([projections.rebuild('counts'), append(100), append(100)]);
    await projections.caughtUp('counts');
    expect(await counted()).toStrictEqual({ n: 800 });
  });

  it('is compared with the live tables without touching them, by the service’s own role', async () => {
    const projections = await make();
    await append(120);
    await projections.caughtUp('balances');
    await append(10);
    const agreeing = await compareWithRebuild(log, [balances, counts], { pageRows: 7 });
    expect(agreeing).toMatchObject([{ projection: 'balances', events: 240, differences: [] }, { projection: 'counts', events: 240, differences: [] }]);
    expect(agreeing.map(({ live, rebuilt }) => live === rebuilt)).toStrictEqual([true, true]);
    await log.sql.query(`update counts_v1 set events = events + 1 where shard = 4; delete from counts_v1 where shard = 5`);
    expect(await compareWithRebuild(log, [counts])).toMatchObject([
      { differences: [{ table: 'counts_v1', onlyLive: ['(4,17)'], onlyRebuilt: expect.arrayContaining(['(4,16)', '(5,16)']) }] },
    ]);
    await projections.caughtUp('counts');
    expect((await log.sql.query('select events from counts_v1 where shard = 4')).rows).toStrictEqual([{ events: 19 }]);
  });
});

describe('the grammar of projection tests', () => {
  it('compares rows exactly after one batch, many, and the same twice', async () => {
    const given = projectionSpecification(balances, log.sql);
    await given({ type: 'Added', data: { amount: 2 } }, { type: 'Added', data: { amount: 3 } }, { type: 'Added', data: { amount: 7 }, streamId: 'stream-2' }).thenRows('balances_v1', [
      { stream_id: 'stream-1', version: 2, amount: 5, updated_at: '2026-01-01T00:00:02.500Z' },
      { stream_id: 'stream-2', version: 3, amount: 7, updated_at: '2026-01-01T00:00:03.500Z' },
    ]);
    await given().thenNoRows();
  });

  it('fails for a projection that says it may be given events twice and may not', async () => {
    const given = projectionSpecification(counts, log.sql);
    await expect(given({ type: 'Noted', data: { text: '' } }).thenNoRows()).rejects.toThrow();
    await projectionSpecification(counts, log.sql, { isIdempotent: false })({ type: 'Noted', data: { text: '' } }).thenRowsLike('counts_v1', [{ events: 1 }]);
  });
});
