import { randomBytes } from 'node:crypto';
import { compactedTopics, eventsTopic, type CompactedTopic, type ServiceName } from '@orderlog/contracts';
import { kafkajsClient, topicSpecs, type KafkaClient } from '@orderlog/messaging';

/** Topics of one test file on the shared broker. */
export type FreshTopics = {
  readonly brokers: string;
  /** Before every topic and group of the test. */
  readonly prefix: string;
  readonly kafka: KafkaClient;
  /** Full name of a service's topic. */
  events(service: ServiceName): string;
  /** Deletes every record of a topic; offsets go on. */
  empty(topic: string): Promise<void>;
  /** Deletes the topic and makes it again, from offset 0. */
  recreate(topic: string): Promise<void>;
  drop(): Promise<void>;
};

/** The broker that `npm test` started, from KAFKA_BROKERS. */
export const kafkaBrokers = (): string => {
  const brokers = process.env['KAFKA_BROKERS'];
  if (brokers === undefined || brokers === '') throw new Error('KAFKA_BROKERS is not set: integration tests need a Kafka broker (npm test starts one and sets it)');
  return brokers;
};

/** Makes the topics a test needs, under a prefix of its own: a broker pays for every partition, so no more than that. */
export const freshTopics = async (services: readonly ServiceName[], copies: readonly CompactedTopic[] = []): Promise<FreshTopics> => {
  const brokers = kafkaBrokers();
  const prefix = `t${randomBytes(5).toString('hex')}.`;
  const kafka = kafkajsClient({ brokers, clientId: `test-${prefix}` });
  const wanted = new Set([...services.map((service) => `${prefix}${eventsTopic(service)}`), ...compactedTopics.filter((topic) => copies.includes(topic)).map((topic) => `${prefix}${topic}`)]);
  const specs = topicSpecs({ prefix }).filter(({ topic }) => wanted.has(topic));
  const admin = await kafka.admin();
  await admin.createTopics(specs);
  return {
    brokers,
    prefix,
    kafka,
    events: (service) => `${prefix}${eventsTopic(service)}`,
    empty: async (topic) => {
      const ends = await admin.ends(topic);
      await admin.deleteRecords(
        topic,
        ends.filter(({ low, high }) => high > low).map(({ partition, high }) => ({ partition, offset: high })),
      );
    },
    recreate: async (topic) => {
      await admin.deleteTopics([topic]);
      await admin.createTopics(specs.filter((spec) => spec.topic === topic));
    },
    drop: async () => {
      await admin.deleteTopics([...wanted]);
      await admin.close();
    },
  };
};
