import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { kafkaBrokers } from '@orderlog/testing';
import type { KafkaAdmin } from './kafka.port.js';
import { kafkajsClient } from './kafkajs.adapter.js';
import { createTopics, topicSpecs } from './topics.js';

describe('the topics', () => {
  const kafka = kafkajsClient({ brokers: kafkaBrokers(), clientId: 'topics-test' });
  const prefix = `t${randomUUID()}.`;
  let admin: KafkaAdmin;
  beforeAll(async () => {
    admin = await kafka.admin();
  });
  afterAll(async () => {
    await admin.deleteTopics(topicSpecs({ prefix }).map(({ topic }) => topic));
    await admin.close();
  });

  it('are made once, and looked at every time', async () => {
    expect(await createTopics(kafka, { prefix })).toHaveLength(8);
    expect(await createTopics(kafka, { prefix })).toEqual([]);
  });

  it('are refused when they are not as they must be, with every difference', async () => {
    const name = `${prefix}order.events`;
    await admin.deleteTopics([name]);
    await admin.createTopics([{ topic: name, partitions: 3, replication: 1, config: { 'retention.ms': '1000' } }]);
    await expect(createTopics(kafka, { prefix })).rejects.toThrow(`${name} has 3 partitions, not 16; ${name} has retention.ms=1000, not 604800000`);
  });
});
