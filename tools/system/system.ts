import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { services, type ServiceName } from '@orderlog/contracts';
import { MigrationRefused } from '@orderlog/event-log';
import { lastLines } from '../local-stack/data-folder.js';
import { isEnding, spawnGuarded, type GuardedProcess } from '../local-stack/guarded.js';
import { endLeftOver } from '../local-stack/left-over.js';
import { freePorts, requirePort } from '../local-stack/ports.js';
import { StackError } from '../local-stack/stack-error.js';
import { argumentsOf, isReady, markOf, parts, pidFileOf, publicPort, type PartName } from './parts.js';
import { prepareDatabase, prepareTopics } from './prepare.js';
import { apiKeysOf, secretsOf, type Secrets } from './secrets.js';

export type { PartName } from './parts.js';

/** A running local system. */
export interface System {
  /** The one public address. */
  readonly baseUrl: string;
  readonly grpc: string;
  readonly carrierUrl: string;
  readonly secrets: Secrets;
  /** Direct addresses, for measuring one service by itself. */
  readonly urls: Readonly<Record<PartName, string>>;
  pid(part: PartName): number;
  /** Sends a signal to one process; a part that ends is started again unless the system is stopping. */
  signal(part: PartName, signal: NodeJS.Signals): void;
  /** Kills a part (-9) and keeps it down until `up`. */
  down(part: PartName): Promise<void>;
  up(part: PartName): Promise<void>;
  /** A second process of a service, with ports of its own that nobody is told. */
  another(service: ServiceName): Promise<{ readonly url: string; readonly pid: number; stop(): Promise<unknown> }>;
  /** Ends one part and starts it again, with this added to its environment from now on; resolves when it is ready. */
  restart(part: PartName, env?: Readonly<Record<string, string>>): Promise<void>;
  /** Resolves when the part answers that it is ready. */
  ready(part: PartName, timeoutMs?: number): Promise<void>;
  /** Ends every process, within 10 s. */
  stop(): Promise<void>;
}

const restartDelayMs = 500;
const readyTimeoutMs = 180_000;
// One crash while starting can be bad luck with a port; three are a reason.
const crashesMax = 3;
// With the launcher's own order of things (people, door, services, then PostgreSQL and Kafka) all is over within 10 s.
const doorGraceMs = 1_000;
const graceMs = 4_000;

/** A refusal is `cause: remedy` already; who may not even use the database is told by PostgreSQL. */
const explainMigration = (error: unknown): never => {
  if (!(error instanceof MigrationRefused)) throw error;
  const [cause = '', ...remedy] = error.message.split(': ');
  throw new StackError(cause.replace('the admin URL', 'DATABASE_URL'), remedy.join(': '), { cause: error });
};

/**
 * Migrates the schemas, creates the topics, starts the processes and waits until all are ready. `port` is the public one: taken is an error,
 * undefined chooses a free one. Throws a StackError that names cause and remedy.
 */
export const startSystem = async (options: {
  readonly databaseUrl: string;
  readonly brokers: string;
  readonly dataDir: string;
  readonly port?: number;
  readonly topicPrefix?: string;
  /** Hears every step; a passing one is soon followed by the next and worth no line of its own. */
  readonly onProgress?: (text: string, passing?: boolean) => void;
  /** Added to the environment of every process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Added to the environment of one process, which is given. */
  readonly envOf?: (part: PartName, env: NodeJS.ProcessEnv) => Readonly<Record<string, string>>;
  /** The built tree that the processes run; default: the one this runs in. */
  readonly dist?: string;
}): Promise<System> => {
  const say = options.onProgress ?? (() => undefined);
  const secrets = secretsOf(options.dataDir);
  if (options.port !== undefined) await requirePort(options.port);
  const logs = join(options.dataDir, 'logs');
  mkdirSync(logs, { recursive: true });
  // Of an earlier start: nobody may take it for this one's.
  rmSync(join(options.dataDir, 'system.json'), { force: true });
  for (const part of parts) {
    const left = await endLeftOver(pidFileOf(options.dataDir, part), markOf(options.dataDir, part), { signal: 'SIGTERM', lastSignal: 'SIGKILL' });
    if (left !== undefined) say(`ended process ${left} (${part}), left over from an earlier run`);
  }

  say('creating schemas, roles and topics');
  // The roles belong to the whole server: systems that share one (DATABASE_URL) share their password too.
  const password = process.env['SERVICE_DATABASE_PASSWORD'] || secrets.databasePassword;
  const [urlOf] = await Promise.all([
    prepareDatabase({ databaseUrl: options.databaseUrl, password }).catch(explainMigration),
    prepareTopics({ brokers: options.brokers, topicPrefix: options.topicPrefix ?? '' }),
  ]);

  const names = [...parts, ...services.map((service) => `${service}-grpc`)];
  const fresh = await freePorts(names.length);
  const ports = new Map(names.map((name, index) => [name, fresh[index] ?? 0]));
  ports.set('front-door', await publicPort(options.dataDir, options.port));
  const url = (part: string): string => `http://127.0.0.1:${ports.get(part)}`;
  const grpc = (service: ServiceName): string => `127.0.0.1:${ports.get(`${service}-grpc`)}`;
  const urls = Object.fromEntries(parts.map((part) => [part, url(part)])) as Record<PartName, string>;
  const shared = {
    // glibc gives every thread an arena of its own and keeps what was freed there: with two the five services peak at 1,501 MB instead of 1,577.
    MALLOC_ARENA_MAX: '2',
    // And a freed block of this size goes back to the system. Left to itself glibc raises the limit to the largest it has seen freed, up to 32 MB, and
    // keeps what is smaller: the five services then took 1,583 MB after two rounds of 5,000 lives, with this 1,529.
    MALLOC_MMAP_THRESHOLD_: '262144',
    ...process.env,
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    OTEL_LOGS_EXPORTER: 'none',
    KAFKAJS_NO_PARTITIONER_WARNING: '1',
    KAFKA_BROKERS: options.brokers,
    TOPIC_PREFIX: options.topicPrefix ?? '',
    SERVICE_TOKEN: secrets.serviceToken,
    API_KEYS: apiKeysOf(secrets),
    PUBLIC_URL: url('front-door'),
    LOG_READERS: JSON.stringify(Object.fromEntries(services.map((service) => [service, grpc(service)]))),
    ORDER_GRPC: grpc('order'),
    CARRIER_URL: url('carrier'),
    CARRIER_WEBHOOK_SECRET: secrets.carrierWebhookSecret,
    PERSONAL_DATA_KEY: secrets.personalDataKey,
    SERVICES: JSON.stringify(Object.fromEntries(services.map((service) => [service, url(service)]))),
    SHIPPING_URL: url('shipping'),
    WEBHOOK_URL: `${url('shipping')}/v1/shipments/carrier-scans`,
    ...options.env,
  };
  const own = new Map<PartName, Readonly<Record<string, string>>>();
  const envOf = (part: PartName): NodeJS.ProcessEnv => {
    const service = services.find((name) => name === part);
    const env = {
      ...shared,
      PORT: String(ports.get(part)),
      ...(service === undefined ? { DATA_FILE: join(options.dataDir, `${part}.json`) } : { SERVICE: service, GRPC_PORT: String(ports.get(`${service}-grpc`)), DATABASE_URL: urlOf(service) }),
      ...own.get(part),
    };
    return { ...env, ...options.envOf?.(part, env) };
  };

  const running = new Map<PartName, GuardedProcess>();
  const others = new Set<GuardedProcess>();
  const keptDown = new Set<PartName>();
  let stopping = false;
  const isWanted = (part: PartName): boolean => !stopping && !isEnding() && !keptDown.has(part);
  let told = false;
  /** Says where everything is, for the command line; again whenever a part was started anew. */
  const tell = (): void => {
    const path = join(options.dataDir, 'system.json');
    const { apiKey } = secrets;
    const pids = Object.fromEntries([...running].map(([part, { pid }]) => [part, pid]));
    const file = { baseUrl: urls['front-door'], apiKey, databaseUrl: options.databaseUrl, brokers: options.brokers, grpc: grpc('order'), carrierUrl: urls.carrier, urls, pids, logs };
    // Renamed into place: whoever reads it meanwhile reads a whole one.
    writeFileSync(`${path}.new`, JSON.stringify(file, null, 2), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  };
  const crashes = new Map<PartName, number>();
  const logOf = (part: PartName): string => join(logs, `${part}.log`);
  const start = async (part: PartName): Promise<void> => {
    const process_ = await spawnGuarded(process.execPath, argumentsOf(options.dataDir, part, options.dist), {
      env: envOf(part),
      logFile: logOf(part),
      pidFile: pidFileOf(options.dataDir, part),
      graceMs: part === 'front-door' ? doorGraceMs : graceMs,
    });
    running.set(part, process_);
    // Asked for while it was being started.
    if (keptDown.has(part)) process.kill(process_.pid, 'SIGKILL');
    void process_.exited.then(async ({ code }) => {
      if (!isWanted(part)) return;
      crashes.set(part, (crashes.get(part) ?? 0) + 1);
      say(`${part} ended (exit code ${code}) and is started again; its last words are in ${logOf(part)}`);
      // A crashed service is started again, as any supervisor in production does; half a second keeps a crash loop from eating a core.
      await new Promise((resolve) => setTimeout(resolve, restartDelayMs));
      if (!isWanted(part)) return;
      await start(part);
      if (told) tell();
    });
  };
  const signal = (part: PartName, name: NodeJS.Signals): void => {
    const pid = running.get(part)?.exit === undefined ? running.get(part)?.pid : undefined;
    if (pid !== undefined) process.kill(pid, name);
  };
  const another = async (service: ServiceName): ReturnType<System['another']> => {
    const [port = 0, grpcPort = 0] = await freePorts(2);
    const process_ = await spawnGuarded(process.execPath, argumentsOf(options.dataDir, service, options.dist), {
      env: { ...envOf(service), PORT: String(port), GRPC_PORT: String(grpcPort) },
      logFile: join(logs, `${service}-another.log`),
      graceMs,
    });
    others.add(process_);
    return { url: `http://127.0.0.1:${port}`, pid: process_.pid, stop: () => process_.stop() };
  };
  const ready = async (part: PartName, timeoutMs = readyTimeoutMs): Promise<void> => {
    const giveUpAt = Date.now() + timeoutMs;
    while (!(await isReady(urls[part]))) {
      if (!told && (crashes.get(part) ?? 0) >= crashesMax) throw new StackError(`${part} does not start: ${lastLines(logOf(part), 1)}`, `read ${logOf(part)}`);
      if (Date.now() > giveUpAt) throw new StackError(`${part} is not ready after ${timeoutMs / 1000} s`, `read ${logOf(part)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const stop = async (): Promise<void> => {
    stopping = true;
    // The door first: nothing new comes in while the others finish.
    await running.get('front-door')?.stop();
    await Promise.all([...running.values(), ...others].map((part) => part.stop()));
    for (const file of [...parts.map((part) => pidFileOf(options.dataDir, part)), join(options.dataDir, 'system.json')]) rmSync(file, { force: true });
  };
  try {
    say(`starting ${parts.join(', ')}`);
    await Promise.all(parts.map(start));
    const waiting = new Set(parts);
    await Promise.all(
      parts.map(async (part) => {
        await ready(part);
        waiting.delete(part);
        if (waiting.size > 0) say(`waiting for ${[...waiting].join(', ')}`, true);
      }),
    );
  } catch (error) {
    await stop();
    throw error;
  }
  told = true;
  tell();
  return {
    baseUrl: urls['front-door'],
    grpc: grpc('order'),
    carrierUrl: urls.carrier,
    secrets,
    urls,
    pid: (part) => running.get(part)?.pid ?? 0,
    signal,
    down: async (part) => {
      keptDown.add(part);
      signal(part, 'SIGKILL');
      await running.get(part)?.exited;
    },
    up: async (part) => {
      if (!keptDown.delete(part)) return;
      await start(part);
      tell();
    },
    another,
    restart: async (part, env = {}) => {
      own.set(part, env);
      // Whoever waits for the end of a part starts it again (above).
      await running.get(part)?.stop();
      await ready(part);
    },
    ready,
    stop,
  };
};
