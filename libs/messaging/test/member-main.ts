import { createEventLog } from '@orderlog/event-log';
import { localLogReader, LogConsumer, openKafka, type KafkaClientName } from '../src/index.js';
import { hearing, newListening, quiet } from './hearing.js';

/** What a member that is a process of its own has to know. */
export type MemberOptions = {
  readonly client: KafkaClientName;
  readonly brokers: string;
  readonly topicPrefix: string;
  readonly producer: { readonly appUrl: string; readonly schema: string };
  readonly consumer: { readonly appUrl: string; readonly schema: string };
};

// A member of the consumer's group that can be frozen; ends when its parent does. `MEMBER`: MemberOptions as JSON. Tells its state when asked, a line each.
const { client, brokers, topicPrefix, ...databases } = JSON.parse(process.env['MEMBER'] ?? '') as MemberOptions;
const producer = await createEventLog({ service: 'order', connectionString: databases.producer.appUrl, schema: databases.producer.schema, checkPayload: () => undefined });
const log = await createEventLog({ service: 'shipping', connectionString: databases.consumer.appUrl, schema: databases.consumer.schema, checkPayload: () => undefined });
const consumer = new LogConsumer({
  log,
  sql: log.sql,
  kafka: await openKafka(client, { brokers, clientId: 'member' }),
  listeners: [hearing(newListening())],
  producers: { order: localLogReader(producer) },
  topicPrefix,
  logger: quiet,
});
await consumer.start();
process.on('message', () => {
  const { zombies, facts, partitions } = consumer.stats();
  process.send?.({ zombies, facts, running: partitions.filter(({ status }) => status === 'running').length });
});
process.on('disconnect', () => process.exit(0));
