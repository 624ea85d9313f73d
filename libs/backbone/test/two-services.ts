import { createHash } from 'node:crypto';
import { Body, Controller, Delete, Get, Inject, Module, Param, Post, Req, type Type } from '@nestjs/common';
import { services, type EventContext, type ServiceName } from '@orderlog/contracts';
import type { Decider } from '@orderlog/decider';
import { bringUp, contextOf, validated, WholeNumber, type StartedService } from '@orderlog/edge';
import { newOrderId, type Aggregate, type EventLog, type LogTransaction, type SqlExecutor } from '@orderlog/event-log';
import { OnFacts, type Fact } from '@orderlog/messaging';
import type { Projection } from '@orderlog/projections';
import { freshDatabase, freshTopics, type FreshDatabase, type FreshTopics } from '@orderlog/testing';
import type { FastifyRequest } from 'fastify';
import { Client, type QueryResult } from 'pg';
import { BackboneModule, backboneConfig, EVENT_LOG, serviceMigrations, SQL } from '../src/index.js';

type Rated = { readonly type: 'OrderFeedbackReceived'; readonly data: { readonly orderId: string; readonly score: number; readonly personalDataVersion: number } };
type Rate = { readonly orderId: string; readonly score: number };

const ratings: Aggregate<Rate, Rated, number, never> = {
  category: 'order',
  stateSchema: 1,
  decider: {
    initialState: 0,
    decide: ({ orderId, score }) => [{ type: 'OrderFeedbackReceived', data: { orderId, score, personalDataVersion: 0 } }],
    evolve: (count) => count + 1,
  },
};

type Failed = { readonly type: 'LabelFailed'; readonly data: Record<'orderId' | 'fulfillmentOrderId' | 'packageId' | 'reason' | 'labelKey', string> };

const echoed: Decider<Rate, Failed, number> = {
  initialState: 0,
  decide: ({ orderId, score }) => [{ type: 'LabelFailed', data: { orderId, fulfillmentOrderId: '', packageId: '', reason: String(score), labelKey: '' } }],
  evolve: (count) => count + 1,
};
const echoes: Aggregate<Rate, Failed, number, never> = { category: 'shipment', stateSchema: 1, decider: echoed };

class RatingRequest {
  @WholeNumber({ min: 1, max: 100 }) score!: number;
}

/** What the listener cannot bear, until it is cured. */
export const unbearable = 13;
/** Whether the listener bears everything. */
export const listening = { isCured: false };

@Controller('/v1/orders')
class RatingsController {
  constructor(@Inject(EVENT_LOG) private readonly log: EventLog) {}

  @Post()
  create() {
    return { id: newOrderId(3) };
  }
  @Post(':id/ratings')
  async rate(@Param('id') orderId: string, @Body(validated(RatingRequest)) { score }: RatingRequest, @Req() request: FastifyRequest) {
    const outcome = await this.log.execute(ratings, `order-${orderId}`, { orderId, score }, contextOf(request, { correlationId: orderId }));
    return 'version' in outcome ? { version: outcome.version } : outcome;
  }
}

@Controller()
class OrderListener {
  @OnFacts({ hears: [{ source: 'order', types: ['OrderFeedbackReceived'] }], target: (fact) => `shipment-${fact.correlationId}` })
  async rated(facts: readonly Fact[], tx: LogTransaction): Promise<void> {
    const rated = facts as readonly Fact<Rated>[];
    if (!listening.isCured && rated.some(({ data }) => data.score === unbearable)) throw new Error('an unbearable score');
    await tx.decide(
      echoes,
      rated.map(({ data, eventId, correlationId, tenantId }) => {
        const context: EventContext = { tenantId, actor: { type: 'service', id: 'shipping' }, commandId: eventId, correlationId, causationId: eventId };
        return { streamId: `shipment-${correlationId}`, command: data, context };
      }),
    );
  }
}

@Controller('/v1/shipments')
class EchoesController {
  constructor(
    @Inject(EVENT_LOG) private readonly log: EventLog,
    @Inject(SQL) private readonly sql: SqlExecutor,
  ) {}

  @Get(':id')
  async show(@Param('id') orderId: string) {
    const { rows } = await this.sql.query<{ count: number }>('select count from echo_counts where order_id = $1', [orderId]);
    return { folded: (await this.log.state(echoes, `shipment-${orderId}`)).state, projected: rows[0]?.count ?? 0 };
  }
  @Delete(':id')
  async fail(@Param('id') orderId: string, @Req() request: FastifyRequest) {
    const outcome = await this.log.execute(echoes, `shipment-${orderId}`, { orderId, score: 1 }, contextOf(request, { correlationId: orderId }));
    return 'version' in outcome ? { version: outcome.version } : outcome;
  }
  /** The same in a transaction of its own, decided by the log or by hand; loads without appending where the id is all that is asked for. */
  @Post(':id/:way')
  async failInTransaction(@Param('id') orderId: string, @Param('way') way: 'decide' | 'append' | 'load', @Req() request: FastifyRequest) {
    const [streamId, command, context] = [`shipment-${orderId}`, { orderId, score: 1 }, contextOf(request, { correlationId: orderId })] as const;
    return this.log.transact(async (tx) => {
      if (way === 'decide') await tx.decide(echoes, [{ streamId, command, context }]);
      else {
        const state = (await tx.load(echoes, [streamId])).get(streamId)?.state ?? 0;
        if (way === 'append') tx.append(echoes, streamId, echoed.decide(command, state) as readonly Failed[], context);
      }
      return { way };
    });
  }
}

const echoCounts: Projection<Failed> = {
  name: 'echo-counts',
  version: 1,
  tables: ['echo_counts'],
  apply: async (events, sql) => {
    await sql.query(
      `insert into echo_counts as c select order_id, count(*) from unnest($1::text[]) as e (order_id) group by order_id
       on conflict (order_id) do update set count = c.count + excluded.count`,
      [events.map(({ data }) => data.orderId)],
    );
  },
};

@Module({ imports: [BackboneModule.forService({ name: 'order', prefix: '/v1/orders' })], controllers: [RatingsController] })
class OrderModule {}

@Module({
  imports: [BackboneModule.forService({ name: 'shipping', prefix: '/v1/shipments', projections: () => [echoCounts] })],
  controllers: [OrderListener, EchoesController],
})
class ShippingModule {}

/** Two services of the same build as the real ones, on databases and topics of their own. */
export type TwoServices = {
  readonly order: StartedService;
  shipping: StartedService;
  restartShipping(): Promise<void>;
  /** Puts a message that is no row of any log on the order's topic. */
  poison(partition: number, value: string): Promise<void>;
  /** Restarts shipping, which then reads the whole topic again. */
  rereadTopic(): Promise<void>;
  /** Restarts shipping on a schema with a breaking migration that it does not know, and then without; answers what the first start failed with. */
  startOnNewerSchema(): Promise<unknown>;
  /** Messages on the order's topic. */
  onTopic(): Promise<number>;
  /** Has the order's relay stored that everything is published? It does so behind the send, and an operator's command counts from what is stored. */
  isStored(): Promise<boolean>;
  emptyTopic(): Promise<void>;
  close(): Promise<void>;
};

const key = 'the-key-of-all-roles';
/** Calls a service as somebody who may do everything. */
export const call = async (service: StartedService, path: string, method = 'GET', body?: object): Promise<{ status: number; body: never }> => {
  const response = await fetch(`${service.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as never };
};

const variablesOf = (database: FreshDatabase, topics: FreshTopics, logReaders: object): Record<string, string> => ({
  PORT: '0',
  GRPC_PORT: '0',
  SERVICE_TOKEN: 'between-services',
  API_KEYS: JSON.stringify([{ id: 'all', sha256: createHash('sha256').update(key).digest('hex'), tenantId: 'acme', roles: ['storefront', 'warehouse', 'ops', 'import'] }]),
  DATABASE_URL: database.appUrl,
  DATABASE_SCHEMA: database.schema,
  KAFKA_BROKERS: topics.brokers,
  TOPIC_PREFIX: topics.prefix,
  LOG_READERS: JSON.stringify(logReaders),
});

const databaseOf = (service: ServiceName): Promise<FreshDatabase> => freshDatabase({ service, folders: serviceMigrations(service).filter(({ name }) => !services.some((own) => own === name)) });

const start = (name: ServiceName, module: Type, variables: Record<string, string>): Promise<StartedService> =>
  bringUp({ name, module, variables, config: (env) => backboneConfig(env, name) });

const asAdmin = async (database: FreshDatabase, sql: string): Promise<QueryResult> => {
  const client = new Client({ connectionString: database.adminUrl });
  await client.connect();
  return client.query(sql).finally(() => client.end());
};

/** Starts both. */
export const twoServices = async (): Promise<TwoServices> => {
  const [orderDatabase, shippingDatabase, topics] = await Promise.all([databaseOf('order'), databaseOf('shipping'), freshTopics(['order', 'shipping'])]);
  await asAdmin(shippingDatabase, 'create table echo_counts (order_id text primary key, count bigint not null); grant all on echo_counts to public');
  const order = await start('order', OrderModule, variablesOf(orderDatabase, topics, {}));
  const startShipping = (): Promise<StartedService> => start('shipping', ShippingModule, variablesOf(shippingDatabase, topics, { order: order.grpcAddress }));
  const two: TwoServices = {
    order,
    shipping: await startShipping(),
    restartShipping: async () => {
      await two.shipping.stop();
      two.shipping = await startShipping();
    },
    poison: async (partition, value) => {
      const producer = await topics.kafka.producer();
      await producer.send(topics.events('order'), [{ partition, messages: [{ key: 'x', value }] }]);
      await producer.close();
    },
    rereadTopic: async () => {
      await two.shipping.stop();
      await asAdmin(shippingDatabase, 'update consumer_position set next_offset = 0');
      two.shipping = await startShipping();
    },
    startOnNewerSchema: async () => {
      await two.shipping.stop();
      await asAdmin(shippingDatabase, `insert into migrations (id, checksum, breaking) values ('shipping/9999', 'x', true)`);
      const failure = await startShipping().then(
        (started) => started.stop(),
        (error: unknown) => error,
      );
      await asAdmin(shippingDatabase, `delete from migrations where id = 'shipping/9999'`);
      two.shipping = await startShipping();
      return failure;
    },
    onTopic: async () => {
      const kafka = await topics.kafka.admin();
      const ends = await kafka.ends(topics.events('order')).finally(() => kafka.close());
      return ends.reduce((total, { low, high }) => total + high - low, 0);
    },
    isStored: async () => {
      const behind = await asAdmin(orderDatabase, 'select from shard_head join relay_cursor using (shard) where shard_head.seq <> relay_cursor.seq');
      return behind.rowCount === 0;
    },
    emptyTopic: () => topics.empty(topics.events('order')),
    close: async () => {
      await Promise.all([two.shipping.stop(), order.stop()]);
      await Promise.all([orderDatabase.drop(), shippingDatabase.drop(), topics.drop()]);
    },
  };
  return two;
};
