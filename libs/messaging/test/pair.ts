import type { EventBody, EventContext, ServiceName } from '@orderlog/contracts';
import type { Decider } from '@orderlog/decider';
import { createEventLog, newOrderId, type Aggregate, type PostgresEventLog } from '@orderlog/event-log';
import {
  localLogReader,
  LogConsumer,
  messagingMigrations,
  startRelay,
  type Fact,
  type FactsListener,
  type LogConsumerOptions,
  type MessagingLogger,
  type ProducerLog,
  type Relay,
} from '../src/index.js';
import { freshDatabase, freshTopics, type FreshDatabase, type FreshTopics } from '@orderlog/testing';

type Rate = { readonly scores: readonly number[] };
type Rated = { readonly type: 'OrderFeedbackReceived'; readonly data: { readonly orderId: string; readonly score: number; readonly personalDataVersion: number } };

const rated: Decider<Rate & { readonly orderId: string }, Rated, number> = {
  initialState: 0,
  decide: ({ orderId, scores }) => scores.map((score) => ({ type: 'OrderFeedbackReceived', data: { orderId, score, personalDataVersion: 0 } })),
  evolve: (count) => count + 1,
};

/** The producer's stream: an order that is rated again and again. */
export const order: Aggregate<Rate & { readonly orderId: string }, Rated, number, never> = { category: 'order', decider: rated, stateSchema: 1 };

type Hear = { readonly eventId: string; readonly score: number };
type Heard = { readonly type: 'Heard'; readonly data: Hear };

/** The consumer's stream: everything it heard of an order, in order. It does not deduplicate: that is what is tested. */
export const heard: Aggregate<Hear, Heard, readonly Hear[], never> = {
  category: 'heard',
  stateSchema: 1,
  decider: { initialState: [], decide: (hear) => [{ type: 'Heard', data: hear }], evolve: (all, { data }) => [...all, data] },
};

export const context = (commandId: string, correlationId: string): EventContext => ({
  tenantId: 'test',
  actor: { type: 'service', id: 'test' },
  commandId,
  correlationId,
});

const scoreOf = (fact: Fact): number => (fact as Fact<Rated & EventBody>).data.score;

/** The score that the listener cannot bear, until it is cured. */
export const unbearable = 13;

/** Says nothing of what tests bring about on purpose. */
export const quiet: MessagingLogger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A producer and a consumer service with their databases, and topics of their own on the real broker. */
export type Pair = {
  readonly producer: PostgresEventLog;
  readonly consumer: PostgresEventLog;
  readonly topics: FreshTopics;
  readonly topic: string;
  readonly listener: FactsListener;
  /** How often the listener was called, and whether it bears everything. */
  readonly listening: { calls: number; isCured: boolean; failures: Error[] };
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

/** Opens a pair; `close` ends everything it started. */
export const openPair = async (wrap: (producer: ProducerLog) => ProducerLog = (producer) => producer): Promise<Pair> => {
  const [[producer, producerDatabase], [consumer, consumerDatabase], topics] = await Promise.all([openLog('order'), openLog('shipping'), freshTopics(['order'])]);
  const listening: Pair['listening'] = { calls: 0, isCured: false, failures: [] };
  const running = new Set<{ stop(): Promise<void> }>();
  const topic = topics.events('order');
  const listener: FactsListener = {
    hears: [{ source: 'order', types: ['OrderFeedbackReceived'] }],
    target: (fact) => `heard-${fact.correlationId}`,
    handle: async (facts, tx) => {
      listening.calls += 1;
      const failure = listening.failures.shift();
      if (failure !== undefined) throw failure;
      if (!listening.isCured && facts.some((fact) => scoreOf(fact) === unbearable)) throw new Error('an unbearable score');
      await tx.decide(
        heard,
        facts.map((fact) => ({
          streamId: `heard-${fact.correlationId}`,
          command: { eventId: fact.eventId, score: scoreOf(fact) },
          context: { ...context(fact.eventId, fact.correlationId), ...(fact.traceparent === undefined ? {} : { traceparent: fact.traceparent }) },
        })),
      );
    },
  };
  const track = <T extends { stop(): Promise<void> }>(part: T): T => {
    running.add(part);
    return part;
  };
  return {
    producer,
    consumer,
    topics,
    topic,
    listener,
    listening,
    startRelay: async () => track(await startRelay({ log: producer, sql: producer.sql, kafka: topics.kafka, topic, logger: quiet })),
    startConsumer: async (options = {}) => {
      const member = new LogConsumer({
        log: consumer,
        sql: consumer.sql,
        kafka: topics.kafka,
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
