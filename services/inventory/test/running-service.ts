import { createHash } from 'node:crypto';
import { Module } from '@nestjs/common';
import { BackboneModule, backboneConfig, EVENT_LOG, PROJECTIONS, serviceMigrations } from '@orderlog/backbone';
import { services, type AvailabilityCopy, type ItemCopy, type ServiceName } from '@orderlog/contracts';
import { bringUp } from '@orderlog/edge';
import { newOrderId, type Aggregate, type EventLog } from '@orderlog/event-log';
import { publishCompacted, readCompacted } from '@orderlog/messaging';
import type { Projections } from '@orderlog/projections';
import { freshDatabase, freshTopics, type FreshDatabase, type FreshTopics } from '@orderlog/testing';
import type { OrderFacts } from '../application/order-facts.js';
import { readConfig } from '../config.js';
import { InventoryModule } from '../inventory.module.js';
import { centerRecord } from './world.js';

type Said = { readonly [Type in keyof OrderFacts]: { readonly type: Type; readonly data: OrderFacts[Type] } }[keyof OrderFacts];

/** An order service that says what it is told to: inventory hears nothing else of it. */
const saying: Aggregate<Said, Said, number, never> = {
  category: 'order',
  stateSchema: 1,
  decider: { initialState: 0, decide: (said) => [said], evolve: (count) => count + 1 },
};

@Module({ imports: [BackboneModule.forService({ name: 'order', prefix: '/v1/orders' })] })
class OrderModule {}

/** The key that may do everything here, and one that may not. */
export const keys = { ops: 'key-of-operations', storefront: 'key-of-a-shop' };
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const variablesOf = (database: FreshDatabase, topics: FreshTopics, more: Record<string, string>): Record<string, string> => ({
  PORT: '0',
  GRPC_PORT: '0',
  SERVICE_TOKEN: 'between-services',
  API_KEYS: JSON.stringify([
    { id: 'ops', sha256: sha256(keys.ops), tenantId: 'acme', roles: ['ops'] },
    { id: 'shop', sha256: sha256(keys.storefront), tenantId: 'acme', roles: ['storefront'] },
  ]),
  DATABASE_URL: database.appUrl,
  DATABASE_SCHEMA: database.schema,
  KAFKA_BROKERS: topics.brokers,
  TOPIC_PREFIX: topics.prefix,
  ...more,
});

const databaseOf = (service: ServiceName): Promise<FreshDatabase> =>
  // The order's read models are not needed here.
  freshDatabase({ service, folders: serviceMigrations(service).filter(({ name }) => name === 'inventory' || !services.some((own) => own === name)) });

/** The inventory service on a real PostgreSQL and a real Kafka, with somebody who says what becomes of orders. */
export type RunningInventory = {
  readonly url: string;
  readonly log: EventLog;
  readonly projections: Projections;
  /** What came over the compacted topics, by key. */
  readonly availability: ReadonlyMap<string, AvailabilityCopy>;
  readonly items: ReadonlyMap<string, ItemCopy>;
  /** Publishes centers, as routing does. */
  readonly openCenters: (...centerIds: readonly string[]) => Promise<void>;
  readonly say: <Type extends keyof OrderFacts>(type: Type, data: OrderFacts[Type]) => Promise<void>;
  readonly orderId: () => string;
  readonly close: () => Promise<void>;
};

/** Starts it all. */
export const runInventory = async (variables: Record<string, string> = {}): Promise<RunningInventory> => {
  const [orderDatabase, database, topics] = await Promise.all([
    databaseOf('order'),
    databaseOf('inventory'),
    freshTopics(['order', 'inventory'], ['inventory.items', 'inventory.availability', 'routing.centers']),
  ]);
  const order = await bringUp({
    name: 'order',
    module: OrderModule,
    config: (env) => backboneConfig(env, 'order'),
    variables: variablesOf(orderDatabase, topics, {}),
  });
  const inventory = await bringUp({
    name: 'inventory',
    module: InventoryModule,
    config: readConfig,
    variables: variablesOf(database, topics, { LOG_READERS: JSON.stringify({ order: order.grpcAddress }), ...variables }),
  });
  const orders = order.app.get<EventLog>(EVENT_LOG);
  const availability = new Map<string, AvailabilityCopy>();
  const items = new Map<string, ItemCopy>();
  const keep =
    <T>(copies: Map<string, T>) =>
    ({ key, value }: { readonly key: string; readonly value: T | undefined }): void => {
      if (value !== undefined) copies.set(key, value);
    };
  const reading = { kafka: topics.kafka, topicPrefix: topics.prefix, service: 'test' };
  const readers = await Promise.all([
    readCompacted<AvailabilityCopy>({ ...reading, topic: 'inventory.availability', onRecord: keep(availability) }),
    readCompacted<ItemCopy>({ ...reading, topic: 'inventory.items', onRecord: keep(items) }),
  ]);
  const centers = await publishCompacted({ kafka: topics.kafka, topicPrefix: topics.prefix });
  const openCenters = (...centerIds: readonly string[]): Promise<void> => centers.publish('routing.centers', centerIds.map((centerId) => ({ key: centerId, value: centerRecord(centerId) })));
  await openCenters('berg');
  let placed = 0;
  return {
    url: inventory.url,
    openCenters,
    log: inventory.app.get<EventLog>(EVENT_LOG),
    projections: inventory.app.get<Projections>(PROJECTIONS),
    availability,
    items,
    say: async (type, data) => {
      const said = { type, data } as unknown as Said;
      const { orderId } = data;
      await orders.execute(saying, `order-${orderId}`, said, { tenantId: 'acme', actor: { type: 'channel', id: 'shop' }, commandId: 'test', correlationId: orderId });
    },
    orderId: () => {
      placed += 1;
      return newOrderId(placed % 16);
    },
    close: async () => {
      await Promise.all([...readers.map((reader) => reader.stop()), centers.close()]);
      await Promise.all([inventory.stop(), order.stop()]);
      await Promise.all([orderDatabase.drop(), database.drop(), topics.drop()]);
    },
  };
};

/** Calls inventory. */
export const call = async <T = Record<string, unknown>>(
  url: string,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: object,
  key = keys.ops,
): Promise<{ status: number; replayed: boolean; body: T }> => {
  const response = await fetch(`${url}/v1/stock${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, replayed: response.headers.get('idempotent-replayed') === 'true', body: (await response.json()) as T };
};
