import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '@orderlog/contracts';
import { eventually } from '@orderlog/testing';
import { Client } from 'pg';
import { balances, counts, openAccounts, type Accounts, type Added } from '../test/accounts.js';
import { compareWithRebuild, digestOf, NoSuchVersion, openProjectionOwner, recordProof, type Projection, type ProjectionOwner, type Projections, type SwitchOutcome } from './index.js';

let accounts: Accounts;
let owner: ProjectionOwner;
beforeEach(async () => {
  accounts = await openAccounts();
  owner = await openProjectionOwner(accounts.database.adminUrl, 'order');
});
afterEach(async () => {
  await owner.close();
  await accounts.close();
});

const start = async (options: Parameters<Accounts['make']>[0] = {}): Promise<Projections> => {
  const projections = await accounts.make({ versionsMs: 20, paceMs: 5, ...options });
  projections.start();
  return projections;
};
const rows = async <Row extends object>(sql: string): Promise<Row[]> => (await accounts.log.sql.query<Row>(sql)).rows;
const viewed = async (): Promise<string> => (await rows<{ source: string }>(`select (regexp_match(pg_get_viewdef('balances'::regclass), 'FROM (\\w+)'))[1] as source`))[0]?.source ?? '';
const stored = async (table: string): Promise<boolean> => (await rows<{ is_there: boolean }>(`select to_regclass('${table}') is not null as is_there`))[0]?.is_there === true;
const summed = async (from: string): Promise<number> => Number((await rows<{ sum: number }>(`select coalesce(sum(amount), 0)::integer as sum from ${from}`))[0]?.sum);
const digests = async (...tables: readonly string[]): Promise<string[]> => Promise.all(tables.map((table) => digestOf(accounts.log.sql, [table])));
/** Tries until the versions stand at one place. */
const settled = async (attempt: () => Promise<SwitchOutcome>): Promise<SwitchOutcome> => {
  let last: SwitchOutcome = { outcome: 'not_level' };
  await eventually(async () => (last = await attempt()).outcome !== 'not_level');
  return last;
};
const switched = (options?: Parameters<ProjectionOwner['switch']>[1]): Promise<SwitchOutcome> => settled(() => owner.switch(balances, options));
/** Appends and reads without a pause until the work is done; answers the smallest step a reader saw. */
const underLoad = async <T>(work: () => Promise<T>): Promise<{ readonly answer: T; readonly least: number; readonly reads: number }> => {
  let isOver = false;
  let [seen, least, reads] = [0, 0, 0];
  const appending = (async () => {
    while (!isOver) await accounts.append(20);
  })();
  const reading = (async () => {
    while (!isOver) {
      const [now] = await rows<{ n: number }>('select count(*)::integer as n from balances');
      least = Math.min(least, Number(now?.n) - seen);
      seen = Number(now?.n);
      reads += 1;
    }
  })();
  const answer = await work().finally(() => {
    isOver = true;
  });
  await Promise.all([appending, reading]);
  return { answer, least, reads };
};
/** A change of the code: every amount counts double. */
const doubled: Projection<Added> = {
  ...balances,
  apply: (events, sql) => balances.apply(events.map((event): RecordedEvent<Added> => ({ ...event, data: { amount: event.data.amount * 2 } })), sql),
};

describe('a rebuild beside the live version', () => {
  it('catches up while events come in, is switched at one place, and no reader sees a row less', async () => {
    await accounts.append(800);
    const projections = await start();
    await projections.caughtUp('balances');
    const { answer, least, reads } = await underLoad(async () => {
      expect(await owner.begin(balances)).toBe(2);
      await eventually(async () => (await owner.progress(balances)).built > 1_000);
      return switched();
    });
    expect(answer).toMatchObject({ outcome: 'switched', number: 2, differences: [] });
    expect([least, reads > 20]).toStrictEqual([0, true]);
    expect(await viewed()).toBe('balances_v1_r2');
    // Both go on, for going back.
    await accounts.append(30);
    await projections.caughtUp('balances');
    await eventually(async () => new Set(await digests('balances_v1', 'balances_v1_r2', 'balances')).size === 1);
    expect(await projections.list()).toMatchObject([
      { name: 'balances', events: 0, versions: [{ number: 2, state: 'live' }, { number: 1, state: 'previous', fedUntil: expect.any(String) }] },
      { name: 'counts', versions: [{ number: 1, state: 'live' }] },
    ]);
    expect(accounts.failures).toStrictEqual([]);
    const [proof] = await compareWithRebuild(accounts.log, [balances]);
    expect(proof?.live).toBe(proof?.rebuilt);
  });

  it('can be gone back on, also under load, and is dropped when its day is over', async () => {
    await accounts.append(100);
    const projections = await start();
    await owner.begin(balances);
    expect(await switched()).toMatchObject({ outcome: 'switched' });
    const { answer, least } = await underLoad(() => settled(() => owner.back(balances)));
    expect([answer.outcome, least, await viewed()]).toStrictEqual(['switched', 0, 'balances_v1']);
    // The next one is number 3; the second is kept for its day, then its tables go and nobody feeds it any more.
    await owner.begin(balances);
    expect(await switched({ keepHours: 0 })).toMatchObject({ outcome: 'switched', number: 3 });
    await eventually(async () => !(await stored('balances_v1')));
    expect([await stored('balances_v1_r2'), await stored('balances_v1_r3')]).toStrictEqual([true, true]);
    await accounts.append(10);
    await projections.caughtUp('balances');
    expect((await projections.list())[0]?.versions.map(({ number }) => number)).toStrictEqual([3, 2]);
    expect(accounts.failures).toStrictEqual([]);
  });

  it('is not switched where it differs, unless that is accepted; going back brings the old rows', async () => {
    await accounts.append(60);
    const projections = await start({ another: () => doubled as unknown as Projection<never> });
    await projections.caughtUp('balances');
    await owner.begin(balances);
    const before = await summed('balances');
    expect(await switched()).toMatchObject({ outcome: 'different', differences: [{ table: 'balances_v1', onlyLive: expect.any(Array), onlyRebuilt: expect.any(Array) }] });
    expect([await viewed(), await summed('balances')]).toStrictEqual(['balances_v1', before]);
    expect(await switched({ acceptDifference: true })).toMatchObject({ outcome: 'switched', number: 2 });
    expect(await summed('balances')).toBe(before * 2);
    expect((await settled(() => owner.back(balances))).outcome).toBe('switched');
    expect(await summed('balances')).toBe(before);
  });

  it('may be begun again after whoever asked for it is gone, and after the service that filled it was', async () => {
    await accounts.append(400);
    const first = await start({ buildPageRows: 5, batchSizeMax: 10 });
    await owner.begin(balances);
    await eventually(async () => (await owner.progress(balances)).built > 0);
    await owner.close();
    await first.stop();
    // Half built, nobody there: what is read is right, and a service that starts goes on with both.
    expect(await viewed()).toBe('balances_v1');
    owner = await openProjectionOwner(accounts.database.adminUrl, 'order');
    const projections = await start();
    await eventually(async () => (await owner.progress(balances)).built > 100);
    expect(await owner.begin(balances)).toBe(3);
    expect(await stored('balances_v1_r2')).toBe(false);
    expect(await switched()).toMatchObject({ outcome: 'switched', number: 3 });
    await projections.caughtUp('balances');
    expect(await rows('select count(*)::integer as n, sum(amount)::integer as sum from balances')).toStrictEqual([{ n: 400, sum: 79_800 }]);
    expect(await rows(`select distinct projection from projection_checkpoints where projection like 'balances%.r2'`)).toStrictEqual([]);
  });

  it('is dropped by itself when nobody has waited for it for long', async () => {
    await start();
    await owner.begin(counts);
    expect(await stored('counts_v1_r2')).toBe(true);
    const admin = new Client({ connectionString: accounts.database.adminUrl });
    await admin.connect();
    await admin.query(`update projection_version set fed_until = now() - interval '1 second' where state = 'building'`);
    await admin.end();
    await eventually(async () => !(await stored('counts_v1_r2')));
    await expect(owner.progress(counts)).rejects.toThrow(NoSuchVersion);
    await accounts.append(10);
    await eventually(async () => (await rows<{ n: number }>('select sum(events)::integer as n from counts'))[0]?.n === 20);
  });

  it('is stored as the live one is: with its storage parameters, or without any', async () => {
    await owner.begin(balances);
    await owner.begin(counts);
    const parametersOf = async (table: string) => (await rows<{ parameters: string | null }>(`select reloptions::text as parameters from pg_class where oid = '${table}'::regclass`))[0]?.parameters;
    expect(await parametersOf('balances_v1_r2')).toBe('{fillfactor=70,autovacuum_vacuum_threshold=1000}');
    expect(await parametersOf('counts_v1_r2')).toBeNull();
  });

  it('waits where no service fills it', async () => {
    await accounts.append(5);
    await owner.begin(balances);
    expect(await owner.switch(balances)).toStrictEqual({ outcome: 'not_level' });
    await owner.abandon(balances);
    await expect(owner.switch(balances)).rejects.toThrow('nothing is being built beside balances');
    await expect(owner.back(balances)).rejects.toThrow('no version of balances is kept for going back');
  });

  it('is nothing that the service could do or forge itself', async () => {
    await owner.begin(balances);
    const { sql } = accounts.log;
    for (const statement of [
      `update projection_version set state = 'previous', fed_until = now()`,
      `insert into projection_version (projection, number, tables, state, fed_until) values ('x', 1, '{event_log}', 'previous', now() - interval '1 day')`,
      'delete from projection_version',
      'truncate projection_version',
      'drop table balances_v1_r2',
      'create or replace view balances as select * from balances_v1_r2',
    ]) {
      await expect(sql.query(statement)).rejects.toThrow(/permission denied|must be owner/);
    }
    const client = await accounts.pool.connect();
    await client.query(`create temporary table projection_version (projection text, number integer, tables text[], state text, fed_until timestamptz)`);
    await client.query(`insert into pg_temp.projection_version values ('x', 1, '{event_log}', 'previous', now() - interval '1 day')`);
    expect((await client.query('select drop_expired_projection_versions() as n')).rows).toStrictEqual([{ n: 0 }]);
    client.release(true);
    expect(await stored('event_log')).toBe(true);
  });
});

describe('waiting until a read model has caught up', () => {
  it('means the version that is read now, when the switch was a moment ago', async () => {
    const projections = await start({ versionsMs: 60_000 });
    await projections.caughtUp('balances');
    await owner.begin(balances);
    expect((await switched()).outcome).toBe('switched');
    await accounts.append(40);
    await projections.caughtUp('balances');
    expect(await stored('balances_v1_r2')).toBe(true);
    expect(await summed('balances_v1_r2')).toBe(await summed('balances'));
    expect((await rows<{ n: number }>('select count(*)::integer as n from balances_v1_r2'))[0]?.n).toBeGreaterThan(0);
  });
});

describe('a proof', () => {
  it('is remembered with its place, and a planted difference is found in the version that is read', async () => {
    await accounts.append(40);
    const projections = await start();
    await owner.begin(balances);
    await switched();
    await projections.caughtUp('balances');
    const [equal] = await compareWithRebuild(accounts.log, [balances], { pageRows: 7 });
    expect([equal?.live, equal?.events, equal?.positions.length]).toStrictEqual([equal?.rebuilt, 80, 16]);
    await recordProof(accounts.log.sql, balances, equal?.positions ?? [], equal?.live ?? '');
    expect((await projections.list())[0]?.proven).toMatchObject({ events: 80, digest: equal?.live, provenAt: expect.any(String) });
    await accounts.log.sql.query('update balances_v1_r2 set amount = amount + 1 where amount = 7');
    const [unequal] = await compareWithRebuild(accounts.log, [balances]);
    expect(unequal?.differences).toMatchObject([{ table: 'balances_v1', onlyLive: [expect.stringContaining(',8,')], onlyRebuilt: [expect.stringContaining(',7,')] }]);
  });
});
