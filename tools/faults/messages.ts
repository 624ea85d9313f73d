import { randomUUID } from 'node:crypto';
import { compactedTopics, eventsTopic, services, type ServiceName } from '@orderlog/contracts';
import { kafkajsClient, type IncomingMessage, type KafkaClient } from '@orderlog/messaging';
import pg from 'pg';
import type { AttackedSystem } from './attacked-system.js';
import { readTopic, textOf } from './topic-reader.js';

const repeatedMax = 500;
const [shard, foreignShard] = [3, 4];
const fiveMb = 5_000_000;

const textHeaders = (headers: IncomingMessage['headers']): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, textOf(value) ?? '']));

/** The client that tampers with topics. */
export const tamperer = ({ brokers }: AttackedSystem): KafkaClient => kafkajsClient({ brokers, clientId: 'faults' });

/** Sends the newest messages of some partitions once more, headers and all. */
export const sendAgain = async (attacked: AttackedSystem, service: ServiceName, shards: readonly number[]): Promise<void> => {
  const kafka = tamperer(attacked);
  const topic = eventsTopic(service);
  const newest = new Map<number, IncomingMessage[]>();
  await readTopic(kafka, topic, (partition, messages) => newest.set(partition, [...(newest.get(partition) ?? []), ...messages].slice(-repeatedMax)), (partition) => shards.includes(partition));
  const producer = await kafka.producer();
  for (const [partition, messages] of newest) {
    const again = messages.map(({ key, headers, value }) => ({ key: key?.toString('utf8') ?? '', headers: textHeaders(headers), value: value?.toString('utf8') ?? null }));
    await producer.send(topic, [{ partition, messages: again }]);
  }
  await producer.close();
};

/** Has the relay of a service publish some shards from their first row on, as the operators' `republish` does, but also while the service is down. */
export const publishAgain = async ({ databaseUrl }: AttackedSystem, service: ServiceName, shards: readonly number[]): Promise<void> => {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const cursors = `${client.escapeIdentifier(service)}.relay_cursor`;
    await client.query(`update ${cursors} set seq = 0, epoch = epoch + 1, owner = '', lease_until = clock_timestamp() where shard = any($1::integer[])`, [shards]);
  } finally {
    await client.end();
  }
};

/** Deletes everything that stands on some partitions of a topic, heard or not. */
export const empty = async (attacked: AttackedSystem, service: ServiceName, shards: readonly number[]): Promise<void> => {
  const admin = await tamperer(attacked).admin();
  try {
    const ends = await admin.ends(eventsTopic(service));
    await admin.deleteRecords(eventsTopic(service), ends.filter(({ partition, low, high }) => shards.includes(partition) && high > low).map(({ partition, high }) => ({ partition, offset: high })));
  } finally {
    await admin.close();
  }
};

/** Puts on every topic what cannot be read, is of nobody's log, of a future schema, far too long, or nothing at all. */
export const poison = async (attacked: AttackedSystem): Promise<void> => {
  const kafka = tamperer(attacked);
  const producer = await kafka.producer();
  const headers = (more: Readonly<Record<string, string>>) => ({ ce_id: randomUUID(), ce_type: 'OrderPlaced', orderlogshard: String(shard), orderlogseq: '1', orderloglogid: randomUUID(), ...more });
  const messages = [
    { key: '', value: '{"broken' },
    { key: 'x', headers: { any: 'thing' }, value: null },
    { key: 'x', headers: headers({}), value: '{}' },
    { key: 'x', headers: headers({ ce_type: 'NobodyKnows', orderlogseq: '9007199254740991' }), value: '[]' },
    { key: 'x', headers: headers({ ce_dataschema: 'OrderPlaced/v999', orderlogshard: String(foreignShard) }), value: '{"future":true}' },
    { key: 'x\u0000', headers: headers({ orderlogseq: 'many' }), value: 'a\u0000\ud800b' },
    { key: 'x', headers: headers({}), value: `"${'x'.repeat(fiveMb)}"` },
  ];
  for (const service of services) for (const message of messages) await producer.send(eventsTopic(service), [{ partition: shard, messages: [message] }]);
  for (const topic of compactedTopics) await producer.send(topic, [{ partition: 1, messages: ['{"broken', '7', '[]', '"x"', '{}'].map((value) => ({ key: 'x', value })) }]);
  await producer.close();
};
