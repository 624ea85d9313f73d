import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { checkRoom, lastLines, openDataFolder, rememberedPorts, rememberPorts } from './data-folder.js';
import { spawnGuarded, type Exit, type GuardedProcess } from './guarded.js';
import { endLeftOver } from './left-over.js';
import { freePort } from './ports.js';
import { findPostgres } from './postgres-binaries.js';
import { openPostgresHome, postgresFolder, superuserSecret, type PostgresHome } from './postgres-home.js';
import type { OnProgress } from './progress.js';
import { fileError, StackError } from './stack-error.js';

/** A running PostgreSQL of our own. */
export interface RunningPostgres {
  /** For its superuser; the database is `postgres`. */
  readonly databaseUrl: string;
  readonly pid: number;
  readonly logFile: string;
  readonly exited: Promise<Exit>;
  stop(): Promise<void>;
}

const superuser = 'postgres';
const readyLimitMs = 60_000;
// SIGINT: break connections, checkpoint, end. If that takes too long SIGQUIT ends it at once and the next start recovers from the WAL.
const ending = { signal: 'SIGINT', graceMs: 3500, lastSignal: 'SIGQUIT' } as const;

const settings = (port: number): readonly string[] => [
  'listen_addresses=127.0.0.1',
  `port=${port}`,
  // TCP only: a socket's path is limited to 107 bytes, and a checkout can lie deep.
  'unix_socket_directories=',
  'max_connections=100',
  'shared_buffers=256MB',
  'fsync=on',
  'synchronous_commit=on',
  'full_page_writes=on',
  // Fewer checkpoints, hence fewer full page images, for a log that only grows.
  'max_wal_size=2GB',
  // WAL that was checkpointed is kept to be written over; PostgreSQL's own 80 MB would be gone in a rush. A segment of 16 MB that is made anew is
  // filled with zeros and forced to disk while commits wait: 60 to 98 ms on a new server, every 3 s at 950 orders a second.
  'min_wal_size=1GB',
  'checkpoint_timeout=15min',
  // What sessions push out of the buffers is handed to the disk as it comes. The kernel keeps it for 30 s and then writes it in bursts (340 MB/s for a
  // quarter of a second were seen), behind which commits wait.
  'backend_flush_after=512kB',
  'random_page_cost=1.1',
  'jit=off',
  'timezone=UTC',
  'log_timezone=UTC',
  'log_line_prefix=%m [%p] %q%u@%d ',
];

/** Creates the cluster beside its final place and moves it there when it is whole, so that none is ever half made. */
const initialize = async (initdb: string, data: string, home: PostgresHome, logFile: string): Promise<void> => {
  const fresh = `${data}.new`;
  rmSync(fresh, { recursive: true, force: true });
  const { file } = superuserSecret(home);
  // The builtin locale needs none of the system and sorts by code point on every machine.
  const args = ['-D', fresh, '-U', superuser, '-A', 'scram-sha-256', `--pwfile=${file}`, '-E', 'UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions'];
  rmSync(logFile, { force: true });
  // Guarded as well: a launcher that is killed now must not leave an initdb that goes on writing where the next one begins.
  const running = await spawnGuarded(initdb, args, { ...home.runAs, cwd: home.folder, env: { ...process.env, LC_ALL: 'C' }, logFile, graceMs: 2000 });
  const { code } = await running.exited;
  if (code !== 0) {
    checkRoom(home.folder);
    const printed = lastLines(logFile, 20);
    const cause = printed.split(' | ').filter((line) => /error|FATAL/.test(line)).join(' | ') || printed;
    throw new StackError(`PostgreSQL could not create its data folder ${data}: ${cause}`, 'choose another folder with --data, or set DATABASE_URL to a PostgreSQL 18 of your own');
  }
  renameSync(fresh, data);
};

/** Ready when a query is answered; a start after kill -9 replays the WAL first. */
const awaitReady = async (databaseUrl: string, running: GuardedProcess, logFile: string): Promise<void> => {
  for (const until = Date.now() + readyLimitMs; ; await wait(30)) {
    if (running.exit !== undefined) {
      checkRoom(logFile);
      throw new StackError(`PostgreSQL ended while starting: ${lastLines(logFile)}`, `see ${logFile}; --reset starts with an empty database`);
    }
    const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 2000 });
    try {
      await client.connect();
      await client.query('select 1');
      return;
    } catch (error) {
      if (Date.now() > until) throw new StackError(`PostgreSQL did not answer within ${readyLimitMs / 1000} s`, `see ${logFile}`, { cause: error });
    } finally {
      await client.end();
    }
  }
};

const pidFileIn = (dataFolder: string): string => join(dataFolder, 'postgres.pid.json');

/** Ends the PostgreSQL that a killed launcher left on this data folder; refuses when its launcher still runs. */
export const endLeftOverPostgres = async (dataFolder: string, onProgress: OnProgress = () => undefined): Promise<void> => {
  const left = await endLeftOver(pidFileIn(dataFolder), join(postgresFolder(dataFolder), 'data'), ending);
  if (left !== undefined) onProgress({ part: 'postgres', text: `ended process ${left}, left over from an earlier run` });
};

/** Starts a PostgreSQL 18 on 127.0.0.1 with its data below `dataDir`, and creates it there the first time. */
export const startPostgres = async ({ dataDir, onProgress = () => undefined }: { dataDir: string; onProgress?: OnProgress }): Promise<RunningPostgres> => {
  const dataFolder = openDataFolder(dataDir);
  const home = openPostgresHome(dataFolder, onProgress);
  const { folder, runAs } = home;
  const pidFile = pidFileIn(dataFolder);
  const data = join(folder, 'data');
  await endLeftOverPostgres(dataFolder, onProgress);
  const { initdb, postgres } = findPostgres(runAs, onProgress);
  const { password } = superuserSecret(home);
  if (!existsSync(data)) {
    onProgress({ part: 'postgres', text: 'creating the database' });
    await initialize(initdb, data, home, logIn(dataFolder, 'initdb.log'));
  }
  onProgress({ part: 'postgres', text: 'starting' });
  const portsFile = join(dataFolder, 'postgres.port.json');
  const port = await freePort(rememberedPorts(portsFile)[0]);
  rememberPorts(portsFile, [port]);
  const logFile = logIn(dataFolder, 'postgres.log');
  const args = ['-D', data, ...settings(port).flatMap((setting) => ['-c', setting])];
  const running = await spawnGuarded(postgres, args, { ...runAs, cwd: folder, env: { ...process.env, LC_ALL: 'C' }, logFile, pidFile, ...ending });
  const databaseUrl = `postgresql://${superuser}:${password}@127.0.0.1:${port}/postgres`;
  try {
    await awaitReady(databaseUrl, running, logFile);
  } catch (error) {
    await running.stop();
    throw error;
  }
  onProgress({ part: 'postgres', text: `ready on port ${port}` });
  const stop = async (): Promise<void> => {
    await running.stop();
    rmSync(pidFile, { force: true });
  };
  return { databaseUrl, pid: running.pid, logFile, exited: running.exited, stop };
};

const logIn = (dataFolder: string, name: string): string => {
  const logs = join(dataFolder, 'logs');
  try {
    mkdirSync(logs, { recursive: true });
  } catch (error) {
    throw fileError(error, logs);
  }
  return join(logs, name);
};
