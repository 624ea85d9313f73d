import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { services } from '@orderlog/contracts';
import { apiClient, ProblemAnswer } from '../cli/client.js';
import { startKafka, type RunningKafka } from '../local-stack/kafka.js';
import { startPostgres, type RunningPostgres } from '../local-stack/postgres.js';
import { removeStack } from '../local-stack/stack.js';
import { loadWorld } from '../sample-world/load-world.js';
import { orderDocument } from '../sample-world/order-documents.js';
import { sampleWorld } from '../sample-world/world.js';
import type { World } from '../sample-world/world-file.js';
import { startSystem, type System } from '../system/system.js';
import { links, type LinkName } from './plan.js';
import { startProxy, type Proxy } from './proxy.js';

/** A server below the services that can be killed and started again on the same data and port. */
export type Server = {
  readonly signal: (name: NodeJS.Signals) => void;
  /** Ends it at once with this signal; resolves when it is gone. */
  readonly down: (name: NodeJS.Signals) => Promise<void>;
  readonly up: () => Promise<void>;
};

/** A whole system of its own with a proxy on every link. */
export type AttackedSystem = {
  readonly system: System;
  readonly links: Readonly<Record<LinkName, Proxy>>;
  readonly postgres: Server;
  readonly broker: Server;
  /** Without a proxy, as PostgreSQL's superuser. */
  readonly databaseUrl: string;
  /** Through the broker's proxy: it says itself that clients have to come there. */
  readonly brokers: string;
  /** The order service, through the shop's proxy. */
  readonly orderUrl: string;
  /** Where `kill-points.ts` looks for its orders. */
  readonly ordersFolder: string;
  readonly dataDir: string;
  readonly world: World;
  readonly stop: () => Promise<void>;
};

/** The item everybody wants, and the one that nobody has. */
export const hotSku = 'HOT-1';
export const missingSku = 'GONE-1';
const unitsEach = 1_000_000;
const knownMsMax = 60_000;
/** Shorter than in production: a campaign is over in minutes, and what waits for an operator has to show as a hold by then. */
export const stageDeadlineMs = 120_000;
const paymentDeadlineMs = 60_000;

const attackedWorld = (): World => {
  const whole = sampleWorld();
  const [first] = whole.items;
  if (first === undefined) throw new Error('the sample world is empty');
  const centers = whole.centers.filter(({ kind }) => kind === 'own').map((center) => ({ ...center, capacityUnitsPerDay: unitsEach }));
  return {
    ...whole,
    centers,
    items: [...whole.items, ...[hotSku, missingSku].map((sku) => ({ ...first, sku, barcodes: [] }))],
    receipts: centers.map(({ centerId }) => ({ centerId, lines: whole.items.map(({ sku }) => ({ sku, quantity: unitsEach })) })),
  };
};

/** The order service learns of items from a topic: until it has, orders for them are refused. */
const itemsKnown = async ({ items, coordinates }: World, connection: { readonly baseUrl: string; readonly apiKey: string }): Promise<void> => {
  const api = apiClient(connection, { connections: 1 });
  const [place] = coordinates;
  if (place === undefined) throw new Error('the sample world has no places');
  const document = orderDocument({ reference: 'known', number: 1, place, lines: items.map(({ sku }) => ({ sku, quantity: 1 })) });
  try {
    for (const giveUpAt = Date.now() + knownMsMax; ; await pause(100)) {
      try {
        await api.call('POST', '/v1/orders?dryRun=true', document, { 'idempotency-key': 'known' });
        return;
      } catch (error) {
        if (!(error instanceof ProblemAnswer) || error.status !== 422 || Date.now() > giveUpAt) throw error;
      }
    }
  } finally {
    await api.close();
  }
};

const server = <T extends RunningPostgres | RunningKafka>(running: T, start: () => Promise<T>): Server & { readonly stop: () => Promise<void> } => {
  let current = running;
  let isDown = false;
  const signal = (name: NodeJS.Signals): void => void process.kill(current.pid, name);
  return {
    signal,
    down: async (name) => {
      isDown = true;
      signal(name);
      await current.exited;
    },
    up: async () => {
      if (!isDown) return;
      current = await start();
      isDown = false;
    },
    stop: () => current.stop(),
  };
};

/** Starts everything in a folder of its own, which is removed at the end. `dist` is another built tree for the services to run. */
export const startAttackedSystem = async (options: {
  readonly random: () => number;
  readonly env: Readonly<Record<string, string>>;
  readonly dist?: string;
  readonly say: (text: string) => void;
}): Promise<AttackedSystem> => {
  const { random, dist, say } = options;
  const dataDir = mkdtempSync(join(tmpdir(), 'orderlog-faults-'));
  const ordersFolder = join(dataDir, 'fault-orders');
  mkdirSync(ordersFolder);
  const proxies = Object.fromEntries(await Promise.all(links.map(async (link) => [link, await startProxy(random)] as const))) as Record<LinkName, Proxy>;
  const startBroker = (): Promise<RunningKafka> => startKafka({ dataDir, advertisedPort: proxies.broker.port });
  const [postgres, broker] = await Promise.all([startPostgres({ dataDir }), startBroker()]);
  for (const service of services) proxies[service].aimAt(Number(new URL(postgres.databaseUrl).port));
  proxies.broker.aimAt(Number(broker.brokers.split(':')[1]));
  const [database, kafka] = [server(postgres, () => startPostgres({ dataDir })), server(broker, startBroker)];
  const brokers = `127.0.0.1:${proxies.broker.port}`;
  const throughProxy = (url: string, link: LinkName): string => {
    const proxied = new URL(url);
    proxied.port = String(proxies[link].port);
    return proxied.href;
  };
  const system = await startSystem({
    databaseUrl: postgres.databaseUrl,
    brokers,
    dataDir,
    ...(dist === undefined ? {} : { dist }),
    env: {
      LOG_LEVEL: 'warn',
      STAGE_ALLOCATION_MS: String(stageDeadlineMs),
      PAYMENT_DEADLINE_MS: String(paymentDeadlineMs),
      NODE_OPTIONS: `--import=${new URL('./kill-points.js', import.meta.url).href}`,
      FAULT_ORDERS: ordersFolder,
      ...options.env,
    },
    envOf: (part, env): Readonly<Record<string, string>> => {
      const service = services.find((name) => name === part);
      return service === undefined ? {} : { DATABASE_URL: throughProxy(env['DATABASE_URL'] ?? '', service) };
    },
  });
  proxies.shop.aimAt(Number(new URL(system.urls.order).port));
  const world = attackedWorld();
  say('loading the world');
  await loadWorld(world, { baseUrl: system.baseUrl, apiKey: system.secrets.apiKey });
  await itemsKnown(world, { baseUrl: system.urls.order, apiKey: system.secrets.apiKey });
  return {
    system,
    links: proxies,
    postgres: database,
    broker: kafka,
    databaseUrl: postgres.databaseUrl,
    brokers,
    orderUrl: throughProxy(system.urls.order, 'shop').replace(/\/$/, ''),
    ordersFolder,
    dataDir,
    world,
    stop: async () => {
      await system.stop();
      await Promise.all([database.stop(), kafka.stop()]);
      await Promise.all(Object.values(proxies).map((proxy) => proxy.close()));
      await removeStack(dataDir);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
};
