import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, freshTopics, type FreshTopics } from '@orderlog/testing';
import { compactedPartitionOf, publishCompacted, readCompacted, type CompactedCopies, type CopiesPublisher } from './copies.js';

type Copy = { readonly version: number; readonly name: string };

describe('copies of a compacted topic', () => {
  let topics: FreshTopics;
  let publisher: CopiesPublisher;
  const readers: CompactedCopies[] = [];
  beforeAll(async () => {
    topics = await freshTopics([], ['inventory.items', 'routing.centers']);
    publisher = await publishCompacted({ kafka: topics.kafka, topicPrefix: topics.prefix });
  });
  afterAll(async () => {
    await Promise.all(readers.map((reader) => reader.stop()));
    await publisher.close();
    await topics.drop();
  });
  const read = async (topic: 'inventory.items' | 'routing.centers'): Promise<readonly [CompactedCopies, Map<string, Copy>]> => {
    const copies = new Map<string, Copy>();
    const reader = await readCompacted<Copy>({
      kafka: topics.kafka,
      topic,
      topicPrefix: topics.prefix,
      service: 'routing',
      onRecord: ({ key, value }) => {
        if (value !== undefined && value.version > (copies.get(key)?.version ?? 0)) copies.set(key, value);
      },
    });
    readers.push(reader);
    return [reader, copies];
  };
  const items = (version: number) => Array.from({ length: 2500 }, (_, n) => ({ key: `sku-${n}`, value: { version, name: `item ${n}, ${version}` } }));

  it('are complete when the reader says so, and follow what comes later', async () => {
    await publisher.publish('inventory.items', items(1));
    await publisher.publish('inventory.items', items(2));
    const [reader, copies] = await read('inventory.items');
    await reader.caughtUp;
    expect(copies.size).toBe(2500);
    expect(copies.get('sku-7')).toEqual({ version: 2, name: 'item 7, 2' });
    await publisher.publish('inventory.items', items(3));
    await eventually(() => [...copies.values()].every(({ version }) => version === 3));
  });

  it('are whole in every process, not shared among them', async () => {
    await publisher.publish('inventory.items', items(4));
    const both = [await read('inventory.items'), await read('inventory.items')];
    await Promise.all(both.map(([reader]) => reader.caughtUp));
    expect(both.map(([, copies]) => copies.size)).toEqual([2500, 2500]);
  });

  it('of an empty topic are complete at once', async () => {
    const [reader, copies] = await read('routing.centers');
    await reader.caughtUp;
    expect(copies.size).toBe(0);
    expect(await reader.isCurrent()).toBe(true);
  });

  it('are current only with everything that stands on the topic now', async () => {
    const [reader, copies] = await read('inventory.items');
    await reader.caughtUp;
    await eventually(() => reader.isCurrent());
    // Stopped, it stays behind whatever comes.
    await reader.stop();
    await publisher.publish('inventory.items', [{ key: 'sku-late', value: { version: 1, name: 'late' } }]);
    expect([await reader.isCurrent(), copies.has('sku-late')]).toStrictEqual([false, false]);
  });

  it('lie in a partition that a key never leaves', () => {
    expect(['sku-1@north', 'sku-2@north', 'center-1', 'x'].map(compactedPartitionOf)).toMatchInlineSnapshot(`
[
  2,
  1,
  3,
  3,
]
`);
  });
});
