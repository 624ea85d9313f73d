import { closeSync, fdatasyncSync, fsyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { median } from './report.js';

const blockBytes = 8_192;
const writes = 200;

/** Median microseconds of writing one block of PostgreSQL's over the last one and forcing it to disk, as `pg_test_fsync` does. */
const syncMicroseconds = (folder: string, sync: (file: number) => void): number => {
  const path = join(folder, 'sync-probe');
  const block = Buffer.alloc(blockBytes, 7);
  const file = openSync(path, 'w');
  try {
    return median(
      Array.from({ length: writes }, () => {
        const before = performance.now();
        writeSync(file, block, 0, blockBytes, 0);
        sync(file);
        return (performance.now() - before) * 1000;
      }),
    );
  } finally {
    closeSync(file);
    rmSync(path);
  }
};

const databaseSettings = ['server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method', 'shared_buffers', 'max_wal_size', 'min_wal_size', 'checkpoint_timeout', 'backend_flush_after', 'autovacuum'];

/** What a figure depends on beside the code: machine, versions, and how PostgreSQL and the broker make things last. */
export type Conditions = Readonly<Record<string, unknown>>;

/** Looks at this machine, the folder the data lies in, and the PostgreSQL; `properties` is the broker's file of settings. */
export const conditionsOf = async ({ databaseUrl, folder, properties, kafka }: { databaseUrl: string; folder: string; properties: string; kafka: string }): Promise<Conditions> => {
  const sql = new pg.Client({ connectionString: databaseUrl });
  await sql.connect();
  try {
    const { rows } = await sql.query<{ name: string; setting: string }>('select name, current_setting(name) as setting from pg_settings where name = any ($1)', [databaseSettings]);
    const settings = readFileSync(properties, 'utf8').split('\n');
    return {
      at: new Date().toISOString(),
      machine: { cores: cpus().length, model: cpus()[0]?.model, memoryMb: Math.round(totalmem() / 2 ** 20), kernel: release() },
      node: process.version,
      postgres: Object.fromEntries(rows.map(({ name, setting }) => [name, setting])),
      fdatasyncMicroseconds: Math.round(syncMicroseconds(folder, fdatasyncSync)),
      fsyncMicroseconds: Math.round(syncMicroseconds(folder, fsyncSync)),
      kafka: {
        version: kafka,
        // Not set, as Kafka's own documentation advises: the page cache is written when the system likes, and the log is the record.
        flush: settings.filter((line) => line.startsWith('log.flush')).join(', ') || 'log.flush.* not set: page cache',
        acks: 'all, one replica',
      },
    };
  } finally {
    await sql.end();
  }
};
