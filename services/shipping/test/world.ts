import { createHash } from 'node:crypto';
import { createServer, request as httpRequest, type Server as HttpServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { loadPackageDefinition, Server, ServerCredentials, status, type sendUnaryData, type ServerUnaryCall, type ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { serviceMigrations } from '@orderlog/backbone';
import type { EventBody, ServiceName } from '@orderlog/contracts';
import { bringUp, type StartedService } from '@orderlog/edge';
import { createEventLog, newOrderId, type Aggregate, type PostgresEventLog } from '@orderlog/event-log';
import { addLogReader, startRelay, type Relay } from '@orderlog/messaging';
import { eventually, freshDatabase, freshTopics, type FreshDatabase, type FreshTopics } from '@orderlog/testing';
import type { Address } from '../application/ports.js';
import { readConfig } from '../config.js';
import { ShippingModule } from '../shipping.module.js';

/** Any event of another service: its log is real, its decider only writes what a test says. */
const told: Aggregate<EventBody, EventBody, number, never> = {
  category: 'told',
  stateSchema: 1,
  decider: { initialState: 0, decide: (event) => [event], evolve: (count) => count + 1 },
};

/** What this test uses of `tools/carrier`. A service imports no tool, not even its test: the carrier is a stranger that is loaded by its place. */
type CarrierModule = {
  readonly startCarrier: (options: {
    readonly port: number;
    readonly webhookUrl: string;
    readonly webhookSecret: string;
    readonly speed: number;
    readonly currency: string;
  }) => Promise<RunningCarrier>;
};
type RunningCarrier = { readonly url: string; readonly stop: () => Promise<void> };
const carrierPlace = '../../../tools/carrier/carrier.js';

const token = 'between-services';
const webhookSecret = `whsec_${Buffer.from('a secret of thirty-two bytes ...').toString('base64')}`;
const keys = { acme: 'key-of-acme', other: 'key-of-another-tenant' } as const;

/** A producer with a real log, relay and log reader. */
type Producer = { readonly log: PostgresEventLog; readonly relay: Relay; readonly server: Server; readonly address: string; readonly database: FreshDatabase };

const listen = (server: Server): Promise<string> =>
  new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => (error === null ? resolve(`127.0.0.1:${port}`) : reject(error)));
  });

const producer = async (service: ServiceName, topics: FreshTopics, addServices: (server: Server) => void = () => undefined): Promise<Producer> => {
  const folders = serviceMigrations(service).filter(({ name }) => name !== service);
  const database = await freshDatabase({ service, folders });
  const log = await createEventLog({ service, connectionString: database.appUrl, schema: database.schema });
  const server = new Server();
  addLogReader(server, log, token);
  addServices(server);
  const relay = await startRelay({ log, sql: log.sql, kafka: topics.kafka, topic: topics.events(service) });
  return { log, relay, server, address: await listen(server), database };
};

/** The order service's addresses, served from a map. */
const addressServer = (addresses: Map<string, Address>) => (server: Server) => {
  const proto = fileURLToPath(new URL('../../../libs/contracts/proto/orderlog/order/v1/addresses.proto', import.meta.url));
  const loaded: object = loadPackageDefinition(loadSync(proto, { keepCase: false, defaults: true, arrays: true }));
  const { service } = (loaded as { orderlog: { order: { v1: { OrderAddresses: { service: ServiceDefinition } } } } }).orderlog.order.v1.OrderAddresses;
  server.addService(service, {
    listShippingAddresses: ({ metadata, request }: ServerUnaryCall<{ orderIds: readonly string[] }, object>, done: sendUnaryData<object>) => {
      if (metadata.get('authorization')[0] !== `Bearer ${token}`) done({ code: status.UNAUTHENTICATED, details: 'no' });
      else done(null, { items: request.orderIds.flatMap((orderId) => (addresses.has(orderId) ? [{ orderId, address: addresses.get(orderId) }] : [])) });
    },
  });
};

/** A line to the carrier that can be cut after the carrier has heard and before we hear its answer. */
export type Line = { readonly url: string; cutAnswers: number; /** Answers to purchases are kept back until it resolves. */ holding: Promise<void>; readonly heard: string[]; readonly close: () => Promise<void> };

const lineTo = async (target: () => string): Promise<Line> => {
  const server: HttpServer = createServer((incoming, outgoing) => {
    const to = new URL(incoming.url ?? '/', target());
    const passed = httpRequest(to, { method: incoming.method, headers: incoming.headers }, (answer) => {
      line.heard.push(`${incoming.method} ${to.pathname}`);
      if (line.cutAnswers > 0 && incoming.method === 'POST') {
        line.cutAnswers -= 1;
        answer.resume();
        incoming.socket.destroy();
        return;
      }
      void (incoming.method === 'POST' ? line.holding : Promise.resolve()).then(() => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
    });
    passed.on('error', () => incoming.socket.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const line: Line = {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    cutAnswers: 0,
    holding: Promise.resolve(),
    heard: [],
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return line;
};

/** A package that the order says was packed. */
export type Packed = { readonly orderId: string; readonly fulfillmentOrderId: string; readonly packageId: string; readonly token: string };

/** The shipping service on real parts, between an order and a warehouse whose logs a test writes, and a simulated carrier. */
export type World = {
  shipping: StartedService;
  readonly line: Line;
  readonly carrier: RunningCarrier;
  readonly addresses: Map<string, Address>;
  readonly database: FreshDatabase;
  readonly webhookSecret: string;
  /** Says that a package was packed; further packages of the same order by giving it. */
  pack(options?: { readonly sku?: string; readonly quantity?: number; readonly order?: Packed; readonly n?: number; readonly weightGrams?: number; readonly silently?: true }): Promise<Packed>;
  tell(service: 'order' | 'warehouse', orderId: string, event: EventBody): Promise<void>;
  call(path: string, options?: { readonly method?: string; readonly body?: object; readonly tenant?: keyof typeof keys | 'nobody' }): Promise<{ readonly status: number; readonly body: never; readonly text: string; readonly headers: Headers }>;
  /** Events of a shipment stream, by type. */
  types(packed: Packed): Promise<readonly string[]>;
  log(): PostgresEventLog;
  restartShipping(): Promise<void>;
  close(): Promise<void>;
};

const home: Address = {
  personalDataVersion: 1,
  name: 'Ana Lima',
  company: '',
  line1: 'Rua das Laranjeiras 12',
  line2: '',
  city: 'Rio de Janeiro',
  region: 'RJ',
  postalCode: '20040-002',
  countryCode: 'BR',
  phone: '',
};

/** Opens it. `speed` is the carrier's simulated clock. */
export const openWorld = async ({ speed = 1_000_000 }: { readonly speed?: number } = {}): Promise<World> => {
  const [topics, database] = await Promise.all([
    freshTopics(['order', 'warehouse', 'shipping'], ['inventory.items', 'routing.centers']),
    freshDatabase({ service: 'shipping', folders: serviceMigrations('shipping') }),
  ]);
  const addresses = new Map<string, Address>();
  const [order, warehouse] = await Promise.all([producer('order', topics, addressServer(addresses)), producer('warehouse', topics)]);
  const readBack = await createEventLog({ service: 'shipping', connectionString: database.appUrl, schema: database.schema });
  const carrierAt = { url: '' };
  const line = await lineTo(() => carrierAt.url);
  const hash = (key: string): string => createHash('sha256').update(key).digest('hex');
  const variables = {
    GRPC_PORT: '0',
    SERVICE_TOKEN: token,
    API_KEYS: JSON.stringify(Object.entries(keys).map(([tenantId, key]) => ({ id: tenantId, sha256: hash(key), tenantId, roles: ['storefront', 'warehouse', 'ops', 'import'] }))),
    DATABASE_URL: database.appUrl,
    DATABASE_SCHEMA: database.schema,
    KAFKA_BROKERS: topics.brokers,
    TOPIC_PREFIX: topics.prefix,
    LOG_READERS: JSON.stringify({ order: order.address, warehouse: warehouse.address }),
    ORDER_GRPC: order.address,
    CARRIER_URL: line.url,
    CARRIER_WEBHOOK_SECRET: webhookSecret,
    LABEL_ATTEMPTS: '4',
  };
  const start = (port: string): Promise<StartedService> => bringUp({ name: 'shipping', module: ShippingModule, config: readConfig, variables: { ...variables, PORT: port } });
  const shipping = await start('0');
  const { startCarrier } = (await import(carrierPlace)) as CarrierModule;
  const carrier = await startCarrier({ port: 0, webhookUrl: `${shipping.url}/v1/shipments/carrier-scans`, webhookSecret, speed, currency: 'BRL' });
  carrierAt.url = carrier.url;

  const world: World = {
    shipping,
    line,
    carrier,
    addresses,
    database,
    webhookSecret,
    log: () => readBack,
    tell: async (service, orderId, event) => {
      const { log } = service === 'order' ? order : warehouse;
      await log.execute(told, `told-${orderId}`, event, { tenantId: 'acme', actor: { type: 'service', id: service }, commandId: 'test', correlationId: orderId });
    },
    pack: async ({ sku = 'MUG', quantity = 1, order: before, n = 1, weightGrams = 800, silently } = {}) => {
      const orderId = before?.orderId ?? newOrderId(3);
      const fulfillmentOrderId = `${orderId}.1.1`;
      const packed: Packed = { orderId, fulfillmentOrderId, packageId: `${fulfillmentOrderId}.p${n}`, token: `tok-${orderId}` };
      if (!addresses.has(orderId)) addresses.set(orderId, home);
      const data = {
        orderId,
        fulfillmentOrderId,
        centerId: 'sao-paulo',
        packageId: packed.packageId,
        lines: [{ lineId: String(n), sku, quantity }],
        weightGrams,
        carton: 'M',
        lengthMm: 300,
        widthMm: 200,
        heightMm: 100,
        serviceLevel: 'standard',
        destination: { countryCode: 'BR', region: 'RJ', postalCode: '20040-002', city: 'Rio de Janeiro' },
        trackingToken: packed.token,
        expectedDelivery: '2026-11-27T18:00:00.000Z',
      };
      if (silently === undefined) await world.tell('order', orderId, { type: 'OrderPackagePacked', data });
      return packed;
    },
    call: async (path, { method = 'GET', body, tenant = 'acme' } = {}) => {
      const response = await fetch(`${world.shipping.url}${path}`, {
        method,
        headers: {
          ...(tenant === 'nobody' ? {} : { authorization: `Bearer ${keys[tenant]}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const bytes = Buffer.from(await response.arrayBuffer());
      const text = bytes.toString('latin1').startsWith('%PDF') ? bytes.toString('latin1') : bytes.toString('utf8');
      const isJson = response.headers.get('content-type')?.includes('json') === true;
      return { status: response.status, text, headers: response.headers, body: (isJson ? JSON.parse(text) : undefined) as never };
    },
    types: async ({ fulfillmentOrderId }) => (await readBack.read(`shipment-${fulfillmentOrderId}`)).map(({ type }) => type),
    restartShipping: async () => {
      await world.shipping.stop();
      world.shipping = await start(new URL(shipping.url).port);
    },
    close: async () => {
      await carrier.stop();
      await line.close();
      await world.shipping.stop();
      for (const { relay, server, log } of [order, warehouse]) {
        await relay.stop();
        server.forceShutdown();
        await log.close();
      }
      await readBack.close();
      await Promise.all([order.database.drop(), warehouse.database.drop(), database.drop(), topics.drop()]);
    },
  };
  return world;
};

/** `eventually` for a condition that says so by not throwing. */
export const until = (condition: () => Promise<void> | void): Promise<true> =>
  eventually(async () => {
    await condition();
    return true as const;
  });

/** The package as the API shows it, once it has this status. */
export const onceItIs = async (world: World, packed: Packed, wanted: string): Promise<{ readonly trackingNumber?: string; readonly carrier?: string; readonly status: string; readonly shipmentId?: string }> =>
  eventually(async () => {
    const { body } = await world.call(`/v1/shipments/${packed.fulfillmentOrderId}`);
    const { packages = [] } = body as { packages?: { id: string; status: string }[] };
    const found = packages.find(({ id }) => id === packed.packageId);
    if (found?.status !== wanted) throw new Error(`the package is ${found?.status ?? 'not there'}, not ${wanted}`);
    return found;
  });
