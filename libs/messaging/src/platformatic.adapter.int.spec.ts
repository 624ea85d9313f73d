import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { eventually, kafkaBrokers } from '@orderlog/testing';
import { kafkaContract } from './kafka.contract.js';
import type { KafkaClient, TopicPartition } from './kafka.port.js';
import { kafkajsClient } from './kafkajs.adapter.js';
import { platformaticClient } from './platformatic.adapter.js';

const open = (): KafkaClient => platformaticClient({ brokers: kafkaBrokers(), clientId: 'contract' });

kafkaContract('@platformatic/kafka', (options) => platformaticClient({ ...options, clientId: 'contract' }));

describe('a group with members of both clients', () => {
  it('gives each of them the same partitions of all topics, so that a service can change its client member by member', async () => {
    const kafkas = [kafkajsClient({ brokers: kafkaBrokers(), clientId: 'contract' }), open()];
    const admin = await open().admin();
    const topics = [`both-${randomUUID()}`, `both-${randomUUID()}`];
    await admin.createTopics(topics.map((topic) => ({ topic, partitions: 4, replication: 1, config: {} })));
    const groupId = randomUUID();
    const assigned: (readonly TopicPartition[])[] = [[], []];
    const members = [];
    try {
      for (const [n, kafka] of kafkas.entries()) {
        const listener = { onAssigned: (partitions: readonly TopicPartition[]) => void (assigned[n] = partitions), onBatch: () => undefined, onCrash: () => undefined };
        members.push(await kafka.consumer({ groupId, topics, listener }));
      }
      const parities = (): string[] => assigned.map((partitions) => [...new Set(partitions.map(({ partition }) => partition % 2))].join());
      await eventually(() => assigned.every(({ length }) => length === 4));
      expect(parities().sort()).toEqual(['0', '1']);
    } finally {
      await Promise.all(members.map((member) => member.stop()));
      await admin.deleteTopics(topics);
      await admin.close();
    }
  });
});
