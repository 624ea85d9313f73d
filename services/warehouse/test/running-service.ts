import { createHash } from 'node:crypto';
import { Module } from '@nestjs/common';
import { BackboneModule, backboneConfig, EVENT_LOG, serviceMigrations } from '@orderlog/backbone';
import { services, type ItemCopy, type ServiceName } from '@orderlog/contracts';
import { bringUp, type StartedService } from '@orderlog/edge';
import { newOrderId, type Aggregate, type EventLog } from '@orderlog/event-log';
import { publishCompacted } from '@orderlog/messaging';
import { freshDatabase, freshTopics, type FreshDatabase, type FreshTopics } from '@orderlog/testing';
import type { Units } from '@orderlog/warehouse-domain';
import { readConfig } from '../config.js';
import { WarehouseModule } from '../warehouse.module.js';

type Planned = { readonly fulfillmentOrderId: string; readonly centerId: string; readonly centerKind: string; readonly lines: readonly Units[]; readonly shipBy: string; readonly expectedDelivery: string };
type Said =
  | { readonly type: 'OrderReleased'; readonly data: { readonly orderId: string; readonly attempt: number; readonly fulfillments: readonly Planned[]; readonly serviceLevel: string; readonly giftWrap: boolean } }
  | { readonly type: 'OrderCancellationRequested'; readonly data: { readonly orderId: string; readonly cancellationId: string; readonly shares: readonly (Units & { fulfillmentOrderId: string })[] } };

/** An order service that says what it is told to: the warehouse hears nothing else of it. */
const saying: Aggregate<Said, Said, number, never> = {
  category: 'order',
  stateSchema: 1,
  decider: { initialState: 0, decide: (said) => [said], evolve: (count) => count + 1 },
};

@Module({ imports: [BackboneModule.forService({ name: 'order', prefix: '/v1/orders' })] })
class OrderModule {}

/** The key that may do warehouse work, and one that may not. */
export const keys = { warehouse: 'key-of-the-warehouse', storefront: 'key-of-a-shop' };
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const variablesOf = (database: FreshDatabase, topics: FreshTopics, more: Record<string, string>): Record<string, string> => ({
  PORT: '0',
  GRPC_PORT: '0',
  SERVICE_TOKEN: 'between-services',
  API_KEYS: JSON.stringify([
    { id: 'warehouse', sha256: sha256(keys.warehouse), tenantId: 'acme', roles: ['warehouse'] },
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
  freshDatabase({ service, folders: serviceMigrations(service).filter(({ name }) => name === 'warehouse' || !services.some((own) => own === name)) });

/** The warehouse service on a real PostgreSQL and a real Kafka, with somebody who releases orders. */
export type RunningWarehouse = {
  readonly url: string;
  readonly log: EventLog;
  readonly release: (centerId: string, lines: readonly Units[], centerKind?: string) => Promise<string>;
  readonly cancel: (fulfillmentOrderId: string, cancellationId: string, lines: readonly Units[]) => Promise<void>;
  readonly define: (item: ItemCopy) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Starts it all. */
export const runWarehouse = async (variables: Record<string, string> = {}): Promise<RunningWarehouse> => {
  const [orderDatabase, database, topics] = await Promise.all([databaseOf('order'), databaseOf('warehouse'), freshTopics(['order', 'warehouse'], ['inventory.items'])]);
  const order: StartedService = await bringUp({
    name: 'order',
    module: OrderModule,
    config: (env) => backboneConfig(env, 'order'),
    variables: variablesOf(orderDatabase, topics, {}),
  });
  const warehouse = await bringUp({
    name: 'warehouse',
    module: WarehouseModule,
    config: readConfig,
    variables: variablesOf(database, topics, { LOG_READERS: JSON.stringify({ order: order.grpcAddress }), ...variables }),
  });
  const orders = order.app.get<EventLog>(EVENT_LOG);
  const copies = await publishCompacted({ kafka: topics.kafka, topicPrefix: topics.prefix });
  const say = async (said: Said): Promise<void> => {
    const { orderId } = said.data;
    await orders.execute(saying, `order-${orderId}`, said, { tenantId: 'acme', actor: { type: 'channel', id: 'shop' }, commandId: 'test', correlationId: orderId });
  };
  let released = 0;
  return {
    url: warehouse.url,
    log: warehouse.app.get<EventLog>(EVENT_LOG),
    release: async (centerId, lines, centerKind = 'own') => {
      released += 1;
      const orderId = newOrderId(released % 16);
      const fulfillmentOrderId = `${orderId}.1.1`;
      const fulfillments = [{ fulfillmentOrderId, centerId, centerKind, lines, shipBy: '2026-11-23T16:00:00.000Z', expectedDelivery: '' }];
      await say({ type: 'OrderReleased', data: { orderId, attempt: 1, fulfillments, serviceLevel: 'standard', giftWrap: false } });
      return fulfillmentOrderId;
    },
    cancel: (fulfillmentOrderId, cancellationId, lines) =>
      say({
        type: 'OrderCancellationRequested',
        data: { orderId: fulfillmentOrderId.split('.')[0] ?? '', cancellationId, shares: lines.map((units) => ({ ...units, fulfillmentOrderId })) },
      }),
    define: (item) => copies.publish('inventory.items', [{ key: item.sku, value: item }]),
    close: async () => {
      await copies.close();
      await Promise.all([warehouse.stop(), order.stop()]);
      await Promise.all([orderDatabase.drop(), database.drop(), topics.drop()]);
    },
  };
};

/** Calls the warehouse. */
export const call = async <T = Record<string, unknown>>(
  url: string,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: object,
  key = keys.warehouse,
): Promise<{ status: number; type: string; body: T }> => {
  const response = await fetch(`${url}/v1/warehouse/${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const type = response.headers.get('content-type') ?? '';
  return { status: response.status, type, body: (type.includes('json') ? await response.json() : await response.text()) as T };
};
