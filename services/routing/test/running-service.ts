import { createHash } from 'node:crypto';
import { Module } from '@nestjs/common';
import { BackboneModule, backboneConfig, EVENT_LOG, PROJECTIONS, serviceMigrations } from '@orderlog/backbone';
import { services, type AvailabilityCopy, type CenterCopy, type ItemCopy, type ServiceName } from '@orderlog/contracts';
import { bringUp } from '@orderlog/edge';
import { newOrderId, type Aggregate, type EventLog } from '@orderlog/event-log';
import { publishCompacted, readCompacted } from '@orderlog/messaging';
import type { Projections } from '@orderlog/projections';
import { freshDatabase, freshTopics, type FreshDatabase, type FreshTopics } from '@orderlog/testing';
import type { PlanRequest } from '../application/plan-routes.js';
import { readConfig } from '../config.js';
import { RoutingModule } from '../routing.module.js';

type Said = { readonly type: 'OrderAccepted' | 'OrderLinesReopened'; readonly data: PlanRequest };

/** An order service that says what it is told to: routing hears nothing else of it. */
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
  freshDatabase({ service, folders: serviceMigrations(service).filter(({ name }) => name === 'routing' || !services.some((own) => own === name)) });

/** The routing service on a real PostgreSQL and a real Kafka, with somebody who accepts orders and somebody who has stock. */
export type RunningRouting = {
  readonly url: string;
  readonly log: EventLog;
  readonly projections: Projections;
  /** What came over the topic of the centers, by id. */
  readonly centers: ReadonlyMap<string, CenterCopy>;
  readonly ask: (request: Omit<PlanRequest, 'orderId'> & { readonly orderId?: string }) => Promise<string>;
  readonly stock: (...copies: readonly AvailabilityCopy[]) => Promise<void>;
  readonly define: (...items: readonly ItemCopy[]) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Starts it all. */
export const runRouting = async (): Promise<RunningRouting> => {
  const copyTopics = ['inventory.items', 'inventory.availability', 'routing.centers'] as const;
  const [orderDatabase, database, topics] = await Promise.all([databaseOf('order'), databaseOf('routing'), freshTopics(['order', 'routing'], copyTopics)]);
  const order = await bringUp({
    name: 'order',
    module: OrderModule,
    config: (env) => backboneConfig(env, 'order'),
    variables: variablesOf(orderDatabase, topics, {}),
  });
  const routing = await bringUp({
    name: 'routing',
    module: RoutingModule,
    config: readConfig,
    variables: variablesOf(database, topics, { LOG_READERS: JSON.stringify({ order: order.grpcAddress }) }),
  });
  const orders = order.app.get<EventLog>(EVENT_LOG);
  const copies = await publishCompacted({ kafka: topics.kafka, topicPrefix: topics.prefix });
  const centers = new Map<string, CenterCopy>();
  const reader = await readCompacted<CenterCopy>({
    kafka: topics.kafka,
    topic: 'routing.centers',
    topicPrefix: topics.prefix,
    service: 'test',
    onRecord: ({ key, value }) => {
      if (value !== undefined) centers.set(key, value);
    },
  });
  let asked = 0;
  return {
    url: routing.url,
    log: routing.app.get<EventLog>(EVENT_LOG),
    projections: routing.app.get<Projections>(PROJECTIONS),
    centers,
    ask: async (request) => {
      asked += 1;
      const orderId = request.orderId ?? newOrderId(asked % 16);
      await orders.execute(
        saying,
        `order-${orderId}`,
        { type: request.attempt === 1 ? 'OrderAccepted' : 'OrderLinesReopened', data: { ...request, orderId } },
        { tenantId: 'acme', actor: { type: 'channel', id: 'shop' }, commandId: 'test', correlationId: orderId },
      );
      return orderId;
    },
    stock: (...given) => copies.publish('inventory.availability', given.map((value) => ({ key: `${value.sku}@${value.centerId}`, value }))),
    define: (...given) => copies.publish('inventory.items', given.map((value) => ({ key: value.sku, value }))),
    close: async () => {
      await reader.stop();
      await copies.close();
      await Promise.all([routing.stop(), order.stop()]);
      await Promise.all([orderDatabase.drop(), database.drop(), topics.drop()]);
    },
  };
};

/** Calls routing. */
export const call = async <T = Record<string, unknown>>(
  url: string,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: object,
  key = keys.ops,
): Promise<{ status: number; body: T }> => {
  const response = await fetch(`${url}/v1/routing/${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as T };
};
