import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '@orderlog/testing';
import pg from 'pg';
import { readSystemFile, type SystemFile } from '../../cli/connection.js';

const startMs = 120_000;

/** A whole system of its own, for one end-to-end test file. */
export type RunningSystem = SystemFile & {
  /** Its data folder. */
  readonly folder: string;
  /** Before the names of its topics. */
  readonly topicPrefix: string;
  /** Sends a signal to one of its processes. */
  readonly signal: (part: string, name: NodeJS.Signals) => void;
  readonly stop: () => Promise<void>;
};

const freshDatabase = async (admin: string, name: string): Promise<string> => {
  const client = new pg.Client({ connectionString: admin });
  await client.connect();
  await client.query(`create database "${name}"`);
  await client.end();
  const url = new URL(admin);
  url.pathname = `/${name}`;
  return url.href;
};

/**
 * Starts the five services with a database and topics of their own on the PostgreSQL and Kafka of `npm test`. A program of its own, from
 * dist/: killing and pausing its parts must not touch the test.
 */
export const startRunningSystem = async (name: string, env: Readonly<Record<string, string>> = {}): Promise<RunningSystem> => {
  const admin = process.env['DATABASE_URL'];
  const brokers = process.env['KAFKA_BROKERS'];
  if (admin === undefined || brokers === undefined) throw new Error('DATABASE_URL and KAFKA_BROKERS name the PostgreSQL and the Kafka to test with; `npm test` starts them');
  const folder = mkdtempSync(join(tmpdir(), `orderlog-${name}-`));
  const databaseUrl = await freshDatabase(admin, name);
  const main = fileURLToPath(new URL('../../../dist/tools/system/main.js', import.meta.url));
  const output = openSync(join(folder, 'system.log'), 'a');
  const topicPrefix = `${name}-`;
  const running = spawn(process.execPath, [main, '--data', folder, '--topic-prefix', topicPrefix], {
    env: { ...process.env, DATABASE_URL: databaseUrl, KAFKA_BROKERS: brokers, ...env },
    // The pipe is its lifeline: it ends when this process does, also by kill -9.
    stdio: ['pipe', output, output],
  });
  const file = await eventually(() => (running.exitCode === null ? readSystemFile(folder) : 'ended'), startMs);
  if (file === 'ended') throw new Error(`the system did not start:\n${readFileSync(join(folder, 'system.log'), 'utf8')}`);
  return {
    ...file,
    databaseUrl,
    folder,
    topicPrefix,
    signal: (part, signalName) => {
      // Read anew: a part that was killed has another process since.
      const pid = readSystemFile(folder)?.pids[part];
      if (pid === undefined) throw new Error(`nobody knows the process of ${part}`);
      process.kill(pid, signalName);
    },
    stop: async () => {
      running.kill('SIGTERM');
      if (running.exitCode === null) await once(running, 'exit');
      rmSync(folder, { recursive: true });
    },
  };
};
