import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventsTopic } from '@orderlog/contracts';
import { createEventLog, type PostgresEventLog } from '@orderlog/event-log';
import { encodeEvent, openKafka, startRelay, type KafkaAdmin, type KafkaClient, type KafkaClientName, type MessagingLogger, type PartitionBatch } from '@orderlog/messaging';
import pg from 'pg';
import { removeStack, startStack } from '../local-stack/stack.js';
import { prepareDatabase, prepareTopics } from '../system/prepare.js';
import { factsOfAnOrder, fillLog } from './packed-orders.js';

/** Only what went wrong. */
export const loudOnly: MessagingLogger = { info: () => undefined, warn: () => undefined, error: (fields, text) => console.error(text, fields) };

/** The order service's log, filled, the log of a service that listens to it, and a broker: nothing else runs. */
export type LogBench = {
  readonly facts: number;
  readonly orders: readonly string[];
  readonly log: PostgresEventLog;
  readonly listener: PostgresEventLog;
  readonly topic: string;
  /** The superuser, for what no service may do. */
  readonly sql: pg.Client;
  readonly admin: KafkaAdmin;
  readonly open: (name: KafkaClientName) => Promise<KafkaClient>;
  /** Messages on a topic now. */
  readonly count: (topic: string) => Promise<number>;
  readonly empty: (topic: string) => Promise<void>;
  /** Publishes the whole log on its topic, once. */
  readonly publish: () => Promise<void>;
  readonly makeTopics: (prefix: string) => Promise<void>;
  /** The messages of the log as the relay sends them, shard by shard; all unless told. */
  readonly messages: (ofShardMax?: number) => Promise<readonly PartitionBatch[]>;
  readonly stop: () => Promise<void>;
};

/** Looks again at once: what is timed ends with it. */
export const soon = async (isSo: () => boolean, what: string): Promise<void> => {
  const giveUpAt = performance.now() + 10 * 60_000;
  while (!isSo()) {
    if (performance.now() > giveUpAt) throw new Error(`after ten minutes it is still not so: ${what}`);
    await delay(2);
  }
};

/** Starts PostgreSQL and Kafka in a folder of their own and fills the log with about `wanted` facts. */
export const startLogBench = async (wanted: number, say: (text: string) => void): Promise<LogBench> => {
  const facts = Math.max(1, Math.round(wanted / factsOfAnOrder)) * factsOfAnOrder;
  const dataDir = mkdtempSync(join(tmpdir(), 'orderlog-bench-'));
  const stack = await startStack({ dataDir, env: {} });
  const urlOf = await prepareDatabase({ databaseUrl: stack.databaseUrl, password: randomBytes(16).toString('hex') });
  await prepareTopics({ brokers: stack.brokers, topicPrefix: '' });
  const open = (name: KafkaClientName): Promise<KafkaClient> => openKafka(name, { brokers: stack.brokers, clientId: `bench-${name}`, logger: loudOnly });
  const kafka = await open('kafkajs');
  const [log, listener, admin] = await Promise.all([
    createEventLog({ service: 'order', connectionString: urlOf('order') }),
    createEventLog({ service: 'shipping', connectionString: urlOf('shipping') }),
    kafka.admin(),
  ]);
  const sql = new pg.Client({ connectionString: stack.databaseUrl });
  await sql.connect();
  say(`filling the log with ${facts} facts`);
  const orders = await fillLog(log, facts);
  await sql.query('analyze');
  const topic = eventsTopic('order');
  const count = async (name: string): Promise<number> => (await admin.ends(name)).reduce((total, { low, high }) => total + high - low, 0);
  const messages: LogBench['messages'] = async (ofShardMax = facts) => {
    const batches: PartitionBatch[] = [];
    for (let shard = 0; shard < log.shards; shard += 1) {
      for (let after = 0; after < ofShardMax; after += 500) {
        const rows = await log.readShard(shard, after, Math.min(500, ofShardMax - after));
        if (rows.length === 0) break;
        batches.push({ partition: shard, messages: rows.map((row) => encodeEvent('order', row)) });
      }
    }
    return batches;
  };
  return {
    facts,
    orders,
    log,
    listener,
    topic,
    sql,
    admin,
    open,
    count,
    empty: async (name) => {
      const full = (await admin.ends(name)).filter(({ low, high }) => high > low);
      if (full.length > 0) await admin.deleteRecords(name, full.map(({ partition, high }) => ({ partition, offset: high })));
    },
    publish: async () => {
      const relay = await startRelay({ log, sql: log.sql, kafka, logger: loudOnly });
      await soon(() => relay.stats().published >= facts, 'the log is published');
      await relay.stop();
      if ((await count(topic)) !== facts) throw new Error(`${facts} facts were published, ${await count(topic)} messages are on the topic`);
    },
    makeTopics: async (prefix) => void (await prepareTopics({ brokers: stack.brokers, topicPrefix: prefix })),
    messages,
    stop: async () => {
      await Promise.all([log.close(), listener.close(), admin.close(), sql.end()]);
      await stack.stop();
      await removeStack(dataDir);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
};
