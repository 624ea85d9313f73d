import { services, type ServiceName } from '@orderlog/contracts';
import type { EdgeConfig, Environment } from '@orderlog/edge';
import { kafkaClients, type KafkaClientName } from '@orderlog/messaging';

/** What the backbone of every service reads from the environment. */
export type BackboneConfig = {
  /** `DATABASE_URL`, as the service's runtime role. */
  readonly databaseUrl: string;
  /** `DATABASE_SCHEMA`; the service's name unless told. */
  readonly schema: string;
  /** `KAFKA_BROKERS`: `host:port,host:port`. */
  readonly kafkaBrokers: string;
  /** `KAFKA_CLIENT`: `kafkajs` unless told. */
  readonly kafkaClient: KafkaClientName;
  /** `TOPIC_PREFIX`: before every topic and group, for tests that share a broker. */
  readonly topicPrefix: string;
  /** `LOG_READERS`: JSON `{service: "host:port"}`, the gRPC log readers of the services that are listened to. */
  readonly logReaders: Readonly<Partial<Record<ServiceName, string>>>;
  /** `LOG_CONNECTIONS`: connections of the event log for transactions and reads (4), beside its 2 writers. */
  readonly logConnections: number;
};

/** CONFIG of a service: the edge's part, the backbone's and what the service adds. */
export type ServiceConfig<Own extends object = object> = EdgeConfig & BackboneConfig & Own;

const isService = (name: string): name is ServiceName => services.some((service) => service === name);

const logReadersOf = (value: unknown): BackboneConfig['logReaders'] => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('it is not an object');
  for (const [service, address] of Object.entries(value)) {
    if (!isService(service)) throw new TypeError(`${service} is not a service`);
    if (typeof address !== 'string' || !/^[^\s]+:\d+$/.test(address)) throw new TypeError(`the address of ${service} is not host:port`);
  }
  return value;
};

/** Reads the backbone's part of the environment. */
export const backboneConfig = (env: Environment, service: ServiceName): BackboneConfig => ({
  databaseUrl: env.url('DATABASE_URL'),
  schema: env.text('DATABASE_SCHEMA', service),
  kafkaBrokers: env.text('KAFKA_BROKERS'),
  kafkaClient: env.oneOf('KAFKA_CLIENT', kafkaClients, 'kafkajs'),
  topicPrefix: env.text('TOPIC_PREFIX', ''),
  logReaders: env.json('LOG_READERS', logReadersOf, {}),
  // 4 of a service's 10: five services have 50 of the 100 that a server allows.
  logConnections: env.whole('LOG_CONNECTIONS', { min: 1, max: 64 }, 4),
});
