import { createHash } from 'node:crypto';
import { expect } from '@jest/globals';
import { Module } from '@nestjs/common';
import { BackboneModule, backboneConfig, EVENT_LOG, serviceMigrations } from '@orderlog/backbone';
import type { ItemCopy, ServiceName } from '@orderlog/contracts';
import { bringUp, Problem, validate, type FieldError, type StartedService } from '@orderlog/edge';
import type { Aggregate, EventLog } from '@orderlog/event-log';
import { publishCompacted } from '@orderlog/messaging';
import { eventually, freshDatabase, freshTopics, type FreshDatabase, type FreshTopics } from '@orderlog/testing';
import { Client } from 'pg';
import { CancellationAnswer, OrderAnswer, OrderPage, OrderTimeline } from '../api/http/order.answers.js';
import { readConfig } from '../config.js';
import { OrderModule } from '../order.module.js';
import { orderGrpc } from '../start.js';
import { lossyWay } from './lossy-way.js';

/** Keys of a shop, of an import, of another tenant's shop, and of somebody who may not place orders. */
export const keys = { shop: 'key-of-a-shop', import: 'key-of-an-import', other: 'key-of-another-tenant', warehouse: 'key-of-a-warehouse' };
/** What services show each other. */
export const serviceToken = 'between-services';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const variablesOf = (database: FreshDatabase, topics: FreshTopics, more: Record<string, string>): Record<string, string> => ({
  PORT: '0',
  GRPC_PORT: '0',
  PUBLIC_URL: 'https://shop.test',
  SERVICE_TOKEN: serviceToken,
  PERSONAL_DATA_KEY: 'a-key-for-digests',
  API_KEYS: JSON.stringify([
    { id: 'shop', sha256: sha256(keys.shop), tenantId: 'acme', roles: ['storefront', 'ops'] },
    { id: 'import', sha256: sha256(keys.import), tenantId: 'acme', roles: ['import'] },
    { id: 'other', sha256: sha256(keys.other), tenantId: 'globex', roles: ['storefront'] },
    { id: 'warehouse', sha256: sha256(keys.warehouse), tenantId: 'acme', roles: ['warehouse'] },
  ]),
  DATABASE_URL: database.appUrl,
  DATABASE_SCHEMA: database.schema,
  KAFKA_BROKERS: topics.brokers,
  TOPIC_PREFIX: topics.prefix,
  ...more,
});

/** An event of another service, said as it stands. */
export type Said = { readonly type: string; readonly data: { readonly orderId: string } };

/** Streams of a service that says what it is told to. */
const saying: Aggregate<Said, Said, number, never> = {
  category: 'said',
  stateSchema: 1,
  decider: { initialState: 0, decide: (said) => [said], evolve: (count) => count + 1 },
};

@Module({ imports: [BackboneModule.forService({ name: 'routing', prefix: '/v1/routing' })] })
class RoutingModule {}

/** The order service on a real PostgreSQL and a real Kafka, with a routing service that says what it is told to. */
export type RunningOrder = {
  readonly service: StartedService;
  readonly log: EventLog;
  /** Rows of a statement, as the administrator sees them. */
  readonly sql: <Row>(text: string, values?: readonly unknown[]) => Promise<Row[]>;
  readonly routingSays: (said: Said) => Promise<void>;
  /** Inventory tells of items that it had not told of. */
  readonly inventoryOffers: (skus: readonly string[]) => Promise<void>;
  /** What became of the next order that is placed is lost on its way back. */
  readonly loseNextOrder: () => void;
  readonly close: () => Promise<void>;
};

/** Items that the tests' orders name. */
export const offered = ['SKU-1', 'SKU-2', 'SKU-3'];

const item = (sku: string): ItemCopy => ({
  sku,
  name: sku,
  weightGrams: 100,
  lengthMm: 100,
  widthMm: 100,
  heightMm: 100,
  hazmat: false,
  barcodes: [],
  active: true,
  version: 1,
});

/** Services that are not there: their topics stay silent. */
const nobody = '127.0.0.1:1';

/** Starts it all. */
export const runOrder = async (variables: Record<string, string> = {}): Promise<RunningOrder> => {
  const databaseOf = (service: ServiceName): Promise<FreshDatabase> => freshDatabase({ service, folders: serviceMigrations(service) });
  const [database, routingDatabase, topics] = await Promise.all([
    databaseOf('order'),
    databaseOf('routing'),
    freshTopics(['order', 'routing', 'inventory', 'warehouse', 'shipping'], ['inventory.items']),
  ]);
  const copies = await publishCompacted({ kafka: topics.kafka, topicPrefix: topics.prefix });
  await copies.publish('inventory.items', offered.map((sku) => ({ key: sku, value: item(sku) })));
  const routing = await bringUp({
    name: 'routing',
    module: RoutingModule,
    config: (env) => backboneConfig(env, 'routing'),
    variables: variablesOf(routingDatabase, topics, {}),
  });
  const way = await lossyWay(database.appUrl);
  const service = await bringUp({
    name: 'order',
    module: OrderModule,
    config: readConfig,
    grpc: orderGrpc,
    variables: variablesOf(database, topics, { DATABASE_URL: way.url, LOG_READERS: JSON.stringify({ routing: routing.grpcAddress, inventory: nobody, warehouse: nobody, shipping: nobody }), ...variables }),
  });
  const admin = new Client({ connectionString: database.adminUrl });
  await admin.connect();
  const routingLog = routing.app.get<EventLog>(EVENT_LOG);
  return {
    service,
    log: service.app.get<EventLog>(EVENT_LOG),
    sql: async (text, values = []) => (await admin.query(text, [...values])).rows,
    routingSays: async (said) => {
      const { orderId } = said.data;
      const context = { tenantId: 'acme', actor: { type: 'service', id: 'routing' }, commandId: 'test', correlationId: orderId } as const;
      await routingLog.execute(saying, `routing-${orderId}`, said, context);
    },
    inventoryOffers: (skus) => copies.publish('inventory.items', skus.map((sku) => ({ key: sku, value: item(sku) }))),
    loseNextOrder: way.loseNextOrder,
    close: async () => {
      await admin.end();
      await copies.close();
      await service.stop();
      await routing.stop();
      await way.close();
      await Promise.all([database.drop(), routingDatabase.drop(), topics.drop()]);
    },
  };
};

/** An answer over HTTP. */
export type Answered = { readonly status: number; readonly headers: Headers; readonly text: string; readonly body: Record<string, unknown> };

/** What the OpenAPI document says of an answer. */
const shapeOf = (method: string, path: string): (new () => object) | undefined => {
  const [, root, id, part] = /^\/v1\/(orders)(?:\/([^/?]+))?(?:\/([^/?]+))?/.exec(path) ?? [];
  if (root === undefined || path.includes('dryRun')) return undefined;
  if (id === undefined) return method === 'GET' ? OrderPage : OrderAnswer;
  if (part === 'timeline') return OrderTimeline;
  return part === 'cancellations' ? CancellationAnswer : OrderAnswer;
};

const faultsOf = (shape: new () => object, body: unknown): readonly FieldError[] => {
  try {
    validate(shape, body);
    return [];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return error.details.errors ?? [];
  }
};

/** Calls the order service; every good answer has to have the form that is documented. */
export const call = async (
  { service }: RunningOrder,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answered> => {
  const response = await fetch(`${service.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${keys.shop}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const shape = shapeOf(method, path);
  if (response.ok && shape !== undefined) expect(faultsOf(shape, JSON.parse(text))).toStrictEqual([]);
  return { status: response.status, headers: response.headers, text, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
};

/** Places an order under a key. */
export const submit = (running: RunningOrder, body: unknown, key: string, headers: Record<string, string> = {}): Promise<Answered> =>
  call(running, 'POST', '/v1/orders', body, { 'idempotency-key': key, ...headers });

let references = 0;
/** A full document: one line for each quantity, every field of the contract. */
export const orderBody = (quantities: readonly number[] = [2, 1], changed: Record<string, unknown> = {}) => {
  references += 1;
  const lines = quantities.map((quantity, n) => ({
    externalId: `line-${n + 1}`,
    sku: offered[n % offered.length],
    name: `Product ${n + 1}`,
    quantity,
    unitPrice: 1999,
    discount: 100,
    tax: 300,
    total: 1999 * quantity - 100,
    taxLines: [{ name: 'VAT', rate: '0.19', amount: 300 }],
    giftMessage: `for you, ${n + 1}`,
    metadata: { color: 'blue' },
  }));
  const sum = lines.reduce((total, line) => total + line.total, 0);
  const address = {
    name: 'Maria Lang',
    company: 'Lang & Co',
    line1: 'Torstraße 1',
    line2: '3. Stock',
    city: 'Berlin',
    region: 'BE',
    postalCode: '10119',
    countryCode: 'DE',
    phone: '+4930123456',
  };
  return {
    channel: 'web',
    externalReference: `R-${references}`,
    number: `2026-${references}`,
    placedAt: '2026-11-02T08:59:00.000Z',
    currency: 'EUR',
    taxIncluded: true,
    customer: { externalId: 'C-7', type: 'person', name: 'Maria Lang', email: 'maria@example.test', phone: '+4930123456', locale: 'de-DE' },
    shippingAddress: address,
    billingAddress: { ...address, line1: 'Kantstraße 2', postalCode: '10623' },
    delivery: {
      method: 'ship',
      serviceLevel: 'standard',
      amount: 590,
      discount: 90,
      tax: 80,
      total: 500,
      promisedBy: '2026-11-05T18:00:00.000Z',
      notBefore: '2026-11-03',
      instructions: 'ring twice',
    },
    lines,
    discounts: [{ code: 'AUTUMN', amount: 200 }],
    totals: { lines: sum, delivery: 500, tax: 680, grandTotal: sum + 500 },
    payment: { status: 'paid', reference: 'PSP-1', authorizedAmount: 0, capturedAmount: sum + 500, authorizedUntil: '2026-11-09T00:00:00.000Z' },
    policy: { split: 'allow', backorder: 'wait', substitution: 'never' },
    gift: { message: 'all the best', wrap: true, hidePrices: true },
    business: { purchaseOrderNumber: 'PO-9', taxId: 'DE123456789', terms: 'net 30' },
    tags: ['vip', 'autumn'],
    metadata: { campaign: 'x1' },
    ...changed,
  };
};

/** The order, once it has a status. */
export const inStatus = (running: RunningOrder, id: string, status: string): Promise<Record<string, unknown>> =>
  eventually(async () => {
    const { body } = await call(running, 'GET', `/v1/orders/${id}`);
    return body['status'] === status ? body : undefined;
  });
