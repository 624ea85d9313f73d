import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { services, type ServiceName } from '@orderlog/contracts';
import { spawnGuarded, type GuardedProcess } from '../local-stack/guarded.js';
import { freePort, isPortFree } from '../local-stack/ports.js';
import { StackError } from '../local-stack/stack-error.js';
import { prepareDatabase, prepareTopics } from './prepare.js';
import { apiKeysOf, secretsOf, type Secrets } from './secrets.js';

/** The processes of a local system beside PostgreSQL and Kafka. */
export type PartName = ServiceName | 'front-door' | 'carrier';

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
  /** Resolves when the part answers that it is ready. */
  ready(part: PartName, timeoutMs?: number): Promise<void>;
  /** Ends every process, within 10 s. */
  stop(): Promise<void>;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const entry: Record<PartName, string> = {
  order: 'services/order/main.js',
  inventory: 'services/inventory/main.js',
  routing: 'services/routing/main.js',
  warehouse: 'services/warehouse/main.js',
  shipping: 'services/shipping/main.js',
  'front-door': 'tools/front-door/main.js',
  carrier: 'tools/carrier/main.js',
};
const parts = Object.keys(entry) as PartName[];
const restartDelayMs = 500;
// A service needs some 60 MB; without a bound V8 lets garbage pile up to several times that before it looks. Small semi-spaces cost a few
// scavenges more and save 30 to 50 MB a process. Source maps (inline in dist/) are left to debuggers: reading them costs 24 MB a process.
const nodeFlags = ['--max-old-space-size=256', '--max-semi-space-size=8'];
const readyTimeoutMs = 60_000;

const isReady = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    // Nobody listens yet: that is what is being waited for.
    return false;
  }
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
  readonly onProgress?: (text: string) => void;
  /** Added to the environment of every process. */
  readonly env?: Readonly<Record<string, string>>;
}): Promise<System> => {
  const say = options.onProgress ?? (() => undefined);
  const secrets = secretsOf(options.dataDir);
  if (options.port !== undefined && !(await isPortFree(options.port))) {
    throw new StackError(`port ${options.port} is taken`, 'choose another with --port, or leave it out and a free one is chosen');
  }
  const logs = join(options.dataDir, 'logs');
  mkdirSync(logs, { recursive: true });
  // Of an earlier start: nobody may take it for this one's.
  rmSync(join(options.dataDir, 'system.json'), { force: true });

  say('creating schemas, roles and topics');
  const [urlOf] = await Promise.all([
    prepareDatabase({ databaseUrl: options.databaseUrl, password: secrets.databasePassword }),
    prepareTopics({ brokers: options.brokers, topicPrefix: options.topicPrefix ?? '' }),
  ]);

  const ports = new Map<string, number>();
  for (const part of parts) ports.set(part, part === 'front-door' && options.port !== undefined ? options.port : await freePort());
  for (const service of services) ports.set(`${service}-grpc`, await freePort());
  const url = (part: string): string => `http://127.0.0.1:${ports.get(part)}`;
  const grpc = (service: ServiceName): string => `127.0.0.1:${ports.get(`${service}-grpc`)}`;
  const urls = Object.fromEntries(parts.map((part) => [part, url(part)])) as Record<PartName, string>;
  const shared = {
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
  const envOf = (part: PartName): NodeJS.ProcessEnv => {
    const service = services.find((name) => name === part);
    return {
      ...shared,
      PORT: String(ports.get(part)),
      ...(service === undefined ? { DATA_FILE: join(options.dataDir, `${part}.json`) } : { SERVICE: service, GRPC_PORT: String(ports.get(`${service}-grpc`)), DATABASE_URL: urlOf(service) }),
    };
  };

  const running = new Map<PartName, GuardedProcess>();
  let stopping = false;
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
  const start = async (part: PartName): Promise<void> => {
    const process_ = await spawnGuarded(process.execPath, [...nodeFlags, join(root, entry[part])], {
      env: envOf(part),
      logFile: join(logs, `${part}.log`),
      pidFile: join(options.dataDir, `${part}.pid`),
      graceMs: 8_000,
    });
    running.set(part, process_);
    void process_.exited.then(async ({ code }) => {
      if (stopping) return;
      say(`${part} ended with code ${code} and is started again; its last words are in ${join(logs, `${part}.log`)}`);
      // A crashed service is started again, as any supervisor in production does; half a second keeps a crash loop from eating a core.
      await new Promise((resolve) => setTimeout(resolve, restartDelayMs));
      if (!stopping) await start(part);
      if (told) tell();
    });
  };
  const ready = async (part: PartName, timeoutMs = readyTimeoutMs): Promise<void> => {
    const giveUpAt = Date.now() + timeoutMs;
    while (!(await isReady(urls[part]))) {
      if (Date.now() > giveUpAt) throw new StackError(`${part} is not ready after ${timeoutMs / 1000} s`, `read ${join(logs, `${part}.log`)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const stop = async (): Promise<void> => {
    stopping = true;
    // The door first: nothing new comes in while the others finish.
    await running.get('front-door')?.stop();
    await Promise.all([...running.values()].map((part) => part.stop()));
  };
  try {
    await Promise.all(parts.map(start));
    await Promise.all(
      parts.map(async (part) => {
        await ready(part);
        say(`${part} is ready`);
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
    signal: (part, signal) => {
      const pid = running.get(part)?.pid;
      if (pid !== undefined) process.kill(pid, signal);
    },
    ready,
    stop,
  };
};
