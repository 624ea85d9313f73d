import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { freshDatabase, type FreshDatabase } from '@orderlog/testing';
import { Client, Pool } from 'pg';
import { executorOf, migrate, MigrationRefused, readMigrations, verifyChain, type MigrateOptions } from './index.js';

/** The event log's own, which come first. */
const ours = ['event-log/0001', 'event-log/0002', 'event-log/0003', 'event-log/0004', 'event-log/0005', 'event-log/0006'];

let database: FreshDatabase;
let folder: string;
let options: MigrateOptions;

const query = async (sql: string): Promise<Record<string, unknown>[]> => {
  const client = new Client({ connectionString: database.adminUrl });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
};

beforeEach(async () => {
  database = await freshDatabase({ service: 'order' });
  folder = await mkdtemp(join(tmpdir(), 'migrations-'));
  await writeFile(join(folder, '0001-things.sql'), 'create table things (a int);');
  options = {
    adminUrl: database.adminUrl,
    schema: 'other',
    ownerRole: 'orderlog_test_owner',
    appRole: 'orderlog_test_app',
    folders: [{ name: 'things', path: folder }],
  };
});

afterEach(async () => {
  await rm(folder, { recursive: true });
  await database.drop();
});

describe('migrating', () => {
  it('applies each migration once, the event log’s first, however many installers run', async () => {
    const applied = await Promise.all(Array.from({ length: 20 }, () => migrate(options)));
    expect(applied.flat()).toStrictEqual([...ours, 'things/0001']);
    expect(await query('select count(*)::int as heads, count(distinct log_id)::int as logs from other.shard_head')).toStrictEqual([{ heads: 16, logs: 1 }]);
  });

  it('gives the service’s role the tables that come later, and the owner role their ownership', async () => {
    await migrate(options);
    await writeFile(join(folder, '0002-more.sql'), 'create table more (a int);');
    expect(await migrate(options)).toStrictEqual(['things/0002']);
    expect(await query(`select has_table_privilege('orderlog_test_app', 'other.more', 'insert') as may, relowner::regrole::text as owner from pg_class where relname = 'more'`)).toStrictEqual([
      { may: true, owner: 'orderlog_test_owner' },
    ]);
  });

  it('leaves nothing of a migration that fails', async () => {
    await writeFile(join(folder, '0002-bad.sql'), 'create table good (a int); create table broken (a nothing);');
    await expect(migrate(options)).rejects.toThrow(/things\/0002 failed.*nothing/);
    expect(await query(`select id from other.migrations union all select relname from pg_class where relname = 'good'`)).toStrictEqual([...ours, 'things/0001'].map((id) => ({ id })));
  });

  it('refuses a migration that was changed after it was applied', async () => {
    await migrate(options);
    await writeFile(join(folder, '0001-things.sql'), 'create table things (b int);');
    await expect(migrate(options)).rejects.toThrow(MigrationRefused);
  });

  it('refuses a newer breaking schema, and runs on a newer compatible one', async () => {
    await migrate(options);
    await query(`insert into other.migrations (id, checksum, breaking) values ('things/0002', 'x', false)`);
    expect(await migrate(options)).toStrictEqual([]);
    await query(`update other.migrations set breaking = true where id = 'things/0002'`);
    await expect(migrate(options)).rejects.toThrow('things/0002');
  });

  it('leaves a running service alone: a breaking migration waits until nobody is logged in as it', async () => {
    const asOrder = { ...options, schema: 'order', appRole: new URL(database.appUrl).username, ownerRole: 'orderlog_test_owner' };
    await writeFile(join(folder, '0001-things.sql'), '-- breaking\ncreate table things (a int);');
    const service = new Client({ connectionString: database.appUrl });
    await service.connect();
    await expect(migrate(asOrder)).rejects.toThrow(`things/0001 is breaking and 1 sessions of "${asOrder.appRole}" are open: stop the service first`);
    await service.end();
    expect(await migrate(asOrder)).toContain('things/0001');
  });

  it('says in one sentence that the URL may not create roles or schemas', async () => {
    const asApp = { ...options, adminUrl: database.appUrl };
    await expect(migrate({ ...asApp, ownerRole: 'nobody_has_it' })).rejects.toThrow('may not create the role "nobody_has_it"');
    await expect(migrate(asApp)).rejects.toThrow('may not create the schema "other"');
  });

  it('keeps what was stored as json as the same text', async () => {
    const migrations = await readMigrations([]);
    const client = new Pool({ connectionString: database.adminUrl, max: 1 });
    try {
      await client.query(`create schema earlier; set search_path to earlier; select set_config('orderlog.app_role', 'orderlog_test_app', false)`);
      const asText = migrations.findIndex(({ id }) => id === 'event-log/0006');
      for (const { sql } of migrations.slice(0, asText)) await client.query(sql);
      const data = ['{"b": 1,  "a":[1.50,"\\u00e4 \\" ä"]}', '{}'];
      const append = (stream: string) =>
        client.query(
          `select append_events(true, $1, array[3::smallint], array[0], array[2], array[1, 1], array[1, 2], array[gen_random_uuid(), gen_random_uuid()],
             $2, array[1::smallint, 1::smallint], $3, $4, $5, '[{"stream":1,"kind":"k","due_at":null,"version":2}]', null)`,
          [stream, 'A\u001eB', '2026-01-01T00:00:00.250Z\u001e', data.join('\u001e'), '{"tenantId":"t"}\u001e{ }'],
        );
      await append('thing-1');
      for (const { sql } of migrations.slice(asText)) await client.query(sql);
      await append('thing-2');
      const { rows } = await client.query(`select data, meta, occurred_at = recorded_at as now from event_log order by seq`);
      expect(rows).toStrictEqual(
        [1, 2].flatMap(() => [
          { data: data[0], meta: '{"tenantId":"t"}', now: false },
          { data: data[1], meta: '{ }', now: true },
        ]),
      );
      expect(await verifyChain(executorOf(client), 'earlier')).toStrictEqual({ rows: 4, broken: [] });
      expect((await client.query(`select data->>'b' as b, meta->>'tenantId' as tenant from event_log_json where seq = 3`)).rows).toStrictEqual([{ b: '1', tenant: 't' }]);
    } finally {
      await client.end();
    }
  });
});
