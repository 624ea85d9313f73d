import type { EventContext, ServiceName } from '@orderlog/contracts';
import type { Decider } from '@orderlog/decider';
import { createEventLog, newOrderId, type Aggregate, type PostgresEventLog } from '@orderlog/event-log';
import {
  localLogReader,
  LogConsumer,
  messagingMigrations,
  openKafka,
  startRelay,
  type FactsListener,
  type KafkaClient,
  type KafkaClientName,
  type LogConsumerOptions,
  type ProducerLog,
  type Relay,
} from '../src/index.js';
import { freshDatabase, freshTopics, type FreshDatabase, type FreshTopics } from '@orderlog/testing';
import { context, heard, hearing, newListening, quiet, type Listening, type Rated } from './hearing.js';

type Rate = { readonly scores: readonly number[] };

const rated: Decider<Rate & { readonly orderId: string }, Rated, number> = {
  initialState: 0,
  decide: ({ orderId, scores }) => scores.map((score) => ({ type: 'OrderFeedbackReceived', data: { orderId, score, personalDataVersion: 0 } })),
  evolve: (count) => count + 1,
};

/** The producer's stream: an order that is rated again and again. */
export const order: Aggregate<Rate & { readonly orderId: string }, Rated, number, never> = { category: 'order', decider: rated, stateSchema: 1 };

/** A producer and a consumer service with their databases, and topics of their own on the real broker. */
export type Pair = {
  readonly producer: PostgresEventLog;
  readonly consumer: PostgresEventLog;
  readonly topics: FreshTopics;
  /** What relay and consumers speak to Kafka with. */
  readonly kafka: KafkaClient;
  readonly topic: string;
  readonly databases: { readonly producer: FreshDatabase; readonly consumer: FreshDatabase };
  readonly listener: FactsListener;
  readonly listening: Listening;
  startRelay(): Promise<Relay>;
  startConsumer(options?: Partial<LogConsumerOptions>): Promise<LogConsumer>;
  /** A new order in a shard, rated; answers its id. */
  rate(scores: readonly number[], shard?: number, orderId?: string, more?: Partial<EventContext>): Promise<string>;
  /** What the consumer heard of an order. */
  heardOf(orderId: string): Promise<readonly number[]>;
  close(): Promise<void>;
};

const openLog = async (service: ServiceName): Promise<readonly [PostgresEventLog, FreshDatabase]> => {
  const database = await freshDatabase({ service, folders: [messagingMigrations] });
  return [await createEventLog({ service, connectionString: database.appUrl, schema: database.schema, checkPayload: () => undefined }), database];
};

/** Opens a pair on one of the Kafka clients; `close` ends everything it started. */
export const openPair = async (client: KafkaClientName = 'kafkajs', wrap: (producer: ProducerLog) => ProducerLog = (producer) => producer): Promise<Pair> => {
  const [[producer, producerDatabase], [consumer, consumerDatabase], topics] = await Promise.all([openLog('order'), openLog('shipping'), freshTopics(['order'])]);
  const kafka = await openKafka(client, { brokers: topics.brokers, clientId: `pair-${topics.prefix}` });
  const listening = newListening();
  const running = new Set<{ stop(): Promise<void> }>();
  const topic = topics.events('order');
  const listener = hearing(listening);
  const track = <T extends { stop(): Promise<void> }>(part: T): T => {
    running.add(part);
    return part;
  };
  return {
    producer,
    consumer,
    topics,
    kafka,
    topic,
    databases: { producer: producerDatabase, consumer: consumerDatabase },
    listener,
    listening,
    startRelay: async () => track(await startRelay({ log: producer, sql: producer.sql, kafka, topic, logger: quiet })),
    startConsumer: async (options = {}) => {
      const member = new LogConsumer({
        log: consumer,
        sql: consumer.sql,
        kafka,
        listeners: [listener],
        producers: { order: wrap(localLogReader(producer)) },
        topicPrefix: topics.prefix,
        logger: quiet,
        ...options,
      });
      track(member);
      await member.start();
      return member;
    },
    rate: async (scores, shard = 0, orderId = newOrderId(shard), more = {}) => {
      await producer.execute(order, `order-${orderId}`, { orderId, scores }, { ...context(orderId, orderId), ...more });
      return orderId;
    },
    heardOf: async (orderId) => (await consumer.state(heard, `heard-${orderId}`)).state.map(({ score }) => score),
    close: async () => {
      await Promise.all([...running].map((part) => part.stop()));
      await Promise.all([producer.close(), consumer.close(), topics.drop()]);
      await Promise.all([producerDatabase.drop(), consumerDatabase.drop()]);
    },
  };
};
