import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { findJava } from './java.js';
import { countBrokers } from './kafka-probe.js';
import { checkRoom } from './data-folder.js';
import { endLeftOverKafka, startKafka } from './kafka.js';
import { endLeftOverPostgres, startPostgres } from './postgres.js';
import { removePostgresHome } from './postgres-home.js';
import type { OnProgress } from './progress.js';
import { codeOf, fileError, StackError } from './stack-error.js';

/** What the services need below them, running. */
export interface RunningStack {
  readonly databaseUrl: string;
  readonly brokers: string;
  /** Settles, with a sentence, when a part that we started ends without having been told to. */
  readonly broken: Promise<StackError>;
  /** Ends what we started, within 5 s; leaves alone what was given. */
  stop(): Promise<void>;
}

type Part = { readonly address: string; readonly broken: Promise<StackError>; stop(): Promise<void> };

const never = new Promise<StackError>(() => undefined);
const given = (address: string): Part => ({ address, broken: never, stop: () => Promise.resolve() });

const hostOf = (url: string): string => {
  try {
    const { hostname, port } = new URL(url);
    return `${hostname}:${port === '' ? '5432' : port}`;
  } catch (error) {
    throw new StackError('DATABASE_URL is not a URL', 'write it as postgresql://user:password@host:port/database', { cause: error });
  }
};

const useDatabase = async (url: string): Promise<Part> => {
  const host = hostOf(url);
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  try {
    await client.connect();
    await client.query('select 1');
  } catch (error) {
    const code = codeOf(error);
    const message = error instanceof Error ? error.message : String(error);
    // PostgreSQL's own codes have five characters and say little to a person; its sentence does.
    const why = code?.length === 5 ? `refuses: ${message}` : `does not answer: ${code ?? message}`;
    throw new StackError(`the database of DATABASE_URL (${host}) ${why}`, 'start it or correct DATABASE_URL; without DATABASE_URL a PostgreSQL is started here', { cause: error });
  } finally {
    await client.end();
  }
  return given(url);
};

const useBrokers = async (list: string): Promise<Part> => {
  const asked = await Promise.allSettled(
    list.split(',').map(async (broker) => {
      const [, host = '', port = '9092'] = /^\s*\[?(.*?)\]?(?::(\d+))?\s*$/.exec(broker) ?? [];
      if ((await countBrokers(host, Number(port), 5000)) === 0) throw new Error('it knows no broker');
    }),
  );
  if (asked.some(({ status }) => status === 'fulfilled')) return given(list);
  const [first] = asked;
  const error: unknown = first?.status === 'rejected' ? first.reason : undefined;
  const why = codeOf(error) ?? (error instanceof Error ? error.message : String(error));
  throw new StackError(`no broker of KAFKA_BROKERS (${list}) answers: ${why}`, 'start it or correct KAFKA_BROKERS; without KAFKA_BROKERS a broker is started here', { cause: error });
};

type Started = { readonly exited: Promise<{ readonly code: number }>; readonly logFile: string; stop(): Promise<void> };

const whyEnded = (name: string, code: number, logFile: string): StackError => {
  try {
    checkRoom(logFile);
  } catch (error) {
    if (error instanceof StackError) return new StackError(`${name} ended by itself: ${error.reason}`, error.remedy);
    throw error;
  }
  return new StackError(`${name} ended by itself (exit code ${code})`, `see ${logFile}, then start again`);
};

const started = (name: string, address: string, running: Started): Part => {
  let stopping = false;
  const broken = running.exited.then(({ code }) => (stopping ? never : whyEnded(name, code, running.logFile)));
  const stop = (): Promise<void> => {
    stopping = true;
    return running.stop();
  };
  return { address, broken, stop };
};

/** PostgreSQL and Kafka: those of DATABASE_URL and KAFKA_BROKERS where set, else both started here, side by side. */
export const startStack = async ({ dataDir, onProgress = () => undefined, env = process.env }: { dataDir: string; onProgress?: OnProgress; env?: NodeJS.ProcessEnv }): Promise<RunningStack> => {
  const options = { dataDir, onProgress };
  const { DATABASE_URL: url, KAFKA_BROKERS: list } = env;
  // What was given is looked at first: if it does not answer, nothing needs to be started.
  const givenDatabase = url ? await useDatabase(url) : undefined;
  const givenBroker = list ? await useBrokers(list) : undefined;
  // A missing Java is known at once, and nobody has to wait for a PostgreSQL to read it.
  if (givenBroker === undefined) findJava(env);
  const asked = await Promise.allSettled([
    givenDatabase ?? startPostgres(options).then((running) => started('PostgreSQL', running.databaseUrl, running)),
    givenBroker ?? startKafka(options).then((running) => started('Kafka', running.brokers, running)),
  ]);
  const [database, broker] = asked;
  if (database.status === 'fulfilled' && broker.status === 'fulfilled') {
    const parts = [database.value, broker.value];
    return {
      databaseUrl: database.value.address,
      brokers: broker.value.address,
      broken: Promise.race(parts.map((part) => part.broken)),
      stop: async () => {
        await Promise.all(parts.map((part) => part.stop()));
      },
    };
  }
  // One failed: the other must not stay behind.
  await Promise.all(asked.map(async (part) => (part.status === 'fulfilled' ? part.value.stop() : undefined)));
  throw asked.find((part) => part.status === 'rejected')?.reason;
};

/** Deletes the data of a stack, also the part that lies outside the folder. Ends what a killed launcher left running on it; refuses when a launcher still uses it. */
export const removeStack = async (dataDir: string): Promise<void> => {
  const folder = resolve(dataDir);
  await endLeftOverPostgres(folder);
  await endLeftOverKafka(folder);
  removePostgresHome(folder);
  for (const name of ['kafka', 'kafka.ports.json', 'kafka.pid.json', 'postgres.port.json', 'postgres.pid.json', 'logs']) {
    const path = join(folder, name);
    try {
      rmSync(path, { recursive: true, force: true });
    } catch (error) {
      throw fileError(error, path);
    }
  }
};
