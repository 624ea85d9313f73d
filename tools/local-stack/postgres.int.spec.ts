import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { eventually } from '@orderlog/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { commandOf } from './left-over.js';
import { startPostgres } from './postgres.js';
import { removeStack } from './stack.js';

const root = join(import.meta.dirname, '..', '..');
const dataDir = mkdtempSync(join(tmpdir(), 'orderlog-postgres-'));
const holders: ChildProcess[] = [];

/** A launcher of its own process that starts this PostgreSQL, says its pid, and waits to be killed. */
const startHolder = async (): Promise<{ holder: ChildProcess; pid: number }> => {
  const library = pathToFileURL(join(root, 'dist', 'tools', 'local-stack', 'postgres.js')).href;
  const script = `const { startPostgres } = await import('${library}');
    const { pid } = await startPostgres({ dataDir: '${dataDir}' });
    console.log(pid);
    setInterval(() => undefined, 60_000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  holders.push(holder);
  for await (const line of createInterface({ input: holder.stdout })) return { holder, pid: Number(line) };
  throw new Error('the launcher ended');
};

const kill = (holder: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    holder.once('exit', () => resolve());
    holder.kill('SIGKILL');
  });

const guardOf = (holder: ChildProcess): number => {
  const children = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8').trim().split(' ').map(Number);
  const guard = children.find((pid) => commandOf(pid).includes('guard.mjs'));
  if (guard === undefined) throw new Error('no guard');
  return guard;
};

const rows = async (databaseUrl: string, statement: string): Promise<unknown[]> => {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
};

beforeAll(() => {
  // Launchers run what is built.
  execFileSync(process.execPath, [join(root, 'tools', 'build', 'build.mjs')]);
  // As root the postgres user must be able to enter; the other case has its own test.
  chmodSync(dataDir, 0o755);
}, 120_000);

afterAll(async () => {
  for (const holder of holders) if (holder.exitCode === null && holder.signalCode === null) await kill(holder);
  await removeStack(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
});

describe('a PostgreSQL of our own', () => {
  it('keeps data, password and port over a restart, and commits durably', async () => {
    const first = await startPostgres({ dataDir });
    await rows(first.databaseUrl, 'create table kept as select 1 as n');
    await first.stop();
    const second = await startPostgres({ dataDir });
    try {
      expect(second.databaseUrl).toBe(first.databaseUrl);
      expect(await rows(second.databaseUrl, 'select n from kept')).toStrictEqual([{ n: 1 }]);
      const durable = "select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes') order by name";
      expect(await rows(second.databaseUrl, durable)).toStrictEqual(
        ['fsync', 'full_page_writes', 'synchronous_commit'].map((name) => ({ name, setting: 'on' })),
      );
    } finally {
      await second.stop();
    }
    expect(commandOf(second.pid)).toBe('');
  });

  it('ends when its launcher is killed with -9', async () => {
    const { holder, pid } = await startHolder();
    expect(commandOf(pid)).toContain(dataDir);
    await kill(holder);
    await eventually(() => commandOf(pid) === '');
  });

  it('refuses a data folder that another launcher uses, and leaves that one alone', async () => {
    const { holder, pid } = await startHolder();
    await expect(startPostgres({ dataDir })).rejects.toThrow(`in use by another running Orderlog (process ${holder.pid})`);
    await expect(removeStack(dataDir)).rejects.toThrow('in use by another running Orderlog');
    expect(commandOf(pid)).toContain(dataDir);
    await kill(holder);
    await eventually(() => commandOf(pid) === '');
  });

  it('is ended by the next start when launcher and guard both died', async () => {
    const { holder, pid } = await startHolder();
    const guard = guardOf(holder);
    // Stopped first: a guard that runs would be restarted by the launcher, or end PostgreSQL before we look.
    process.kill(guard, 'SIGSTOP');
    await kill(holder);
    process.kill(guard, 'SIGKILL');
    expect(commandOf(pid)).toContain(dataDir);
    const said: string[] = [];
    const next = await startPostgres({ dataDir, onProgress: ({ text }) => void said.push(text) });
    try {
      expect(said[0]).toBe(`ended process ${pid}, left over from an earlier run`);
      expect(commandOf(pid)).toBe('');
      expect(await rows(next.databaseUrl, 'select n from kept')).toStrictEqual([{ n: 1 }]);
    } finally {
      await next.stop();
    }
  });

  it('runs from a data folder that only its owner may enter, and goes away with it', async () => {
    const closed = mkdtempSync(join(tmpdir(), 'orderlog-closed-'));
    chmodSync(closed, 0o700);
    const folder = join(closed, 'data');
    try {
      const running = await startPostgres({ dataDir: folder });
      expect(await rows(running.databaseUrl, 'select 1 as n')).toStrictEqual([{ n: 1 }]);
      await running.stop();
    } finally {
      await removeStack(folder);
      rmSync(closed, { recursive: true });
    }
  });
});
