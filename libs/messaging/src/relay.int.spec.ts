import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@orderlog/testing';
import { quiet } from '../test/hearing.js';
import { openPair, type Pair } from '../test/pair.js';
import { startRelay, type Relay } from './relay.js';

describe('a relay', () => {
  let pair: Pair;
  beforeEach(async () => {
    pair = await openPair();
  });
  afterEach(() => pair.close());

  const ends = async (): Promise<number> => {
    const admin = await pair.kafka.admin();
    try {
      return (await admin.ends(pair.topic)).reduce((total, { high, low }) => total + high - low, 0);
    } finally {
      await admin.close();
    }
  };
  const rateAll = () => Promise.all(Array.from({ length: 16 }, (_, shard) => pair.rate([1, 2, 3], shard)));
  const hasPublished = (count: number) => eventually(async () => (await ends()) === count);

  it('publishes every row once, each on the partition of its shard', async () => {
    await pair.startRelay();
    await rateAll();
    await hasPublished(48);
    const admin = await pair.kafka.admin();
    expect((await admin.ends(pair.topic)).map(({ high }) => high)).toEqual(Array.from({ length: 16 }, () => 3));
    await admin.close();
  });

  it('goes on at its cursor after a restart', async () => {
    const first = await pair.startRelay();
    await rateAll();
    await hasPublished(48);
    await first.stop();
    await rateAll();
    const second = await pair.startRelay();
    await hasPublished(96);
    // The topic has them before the relay knows that it has: the acknowledgement is still on its way.
    await eventually(() => second.stats().published > 0);
    expect(second.stats()).toMatchObject({ published: 48, republished: 0 });
  });

  it('leaves shards to the owner whose lease runs, and takes them over when it ends', async () => {
    const first = await pair.startRelay();
    await eventually(() => first.stats().ownedShards.length === 16);
    const second = await pair.startRelay();
    await rateAll();
    await hasPublished(48);
    expect(second.stats().ownedShards).toEqual([]);
    await first.stop();
    await rateAll();
    await hasPublished(96);
    await eventually(() => second.stats().published > 0);
    expect(second.stats()).toMatchObject({ published: 48 });
  });

  it('publishes again what an emptied topic lost, and consumers drop what they have', async () => {
    const first = await pair.startRelay();
    const orders = await rateAll();
    await hasPublished(48);
    await first.stop();
    await pair.topics.empty(pair.topic);
    const second = await pair.startRelay();
    await hasPublished(48);
    expect(second.stats()).toMatchObject({ republished: 48 });
    await pair.startConsumer();
    for (const orderId of orders) {
      await eventually(async () => {
        expect(await pair.heardOf(orderId)).toEqual([1, 2, 3]);
        return true;
      });
    }
  });

  it('publishes again to a topic that was made anew, while consumers go on', async () => {
    const first = await pair.startRelay();
    const consumer = await pair.startConsumer();
    const orders = await rateAll();
    await eventually(() => consumer.stats().facts === 48);
    await first.stop();
    await pair.topics.recreate(pair.topic);
    await pair.startRelay();
    await hasPublished(48);
    await rateAll();
    await eventually(() => consumer.stats().facts === 96);
    for (const orderId of orders) expect(await pair.heardOf(orderId)).toEqual([1, 2, 3]);
  });

  it('stops a shard whose log has a hole, and no other', async () => {
    const relay = await pair.startRelay();
    await rateAll();
    await hasPublished(48);
    await relay.stop();
    // The log's own rows cannot be deleted, so the hole is made in what the relay reads.
    const { producer } = pair;
    const holed: typeof producer = {
      ...producer,
      follow: () => {
        const follower = producer.follow();
        return { ...follower, readStored: async (cursors, limit) => (await follower.readStored(cursors, limit)).filter(({ event: { shard, seq } }) => shard !== 5 || seq !== 4) };
      },
    };
    const second = await startRelay({ log: holed, sql: pair.producer.sql, kafka: pair.kafka, topic: pair.topic, logger: quiet });
    await rateAll();
    await hasPublished(48 + 45);
    expect(second.stats().stoppedShards).toMatchObject([{ shard: 5, reason: 'seq 5 follows 3 in shard 5' }]);
    await second.stop();
  });

  /** A relay on a log with more than it reads at once, whose sends go through `onSend` first. */
  const startBehind = async (onSend: (n: number) => Promise<void>): Promise<{ readonly relay: Relay; readonly asked: readonly number[]; readonly sent: readonly number[] }> => {
    const orderId = await pair.rate(Array.from({ length: 700 }, () => 1));
    await pair.rate(Array.from({ length: 700 }, () => 2), 0, orderId);
    const { producer } = pair;
    const asked: number[] = [];
    const sent: number[] = [];
    const follower = producer.follow();
    const log: typeof producer = {
      ...producer,
      follow: () => ({ ...follower, readStored: (cursors, limit) => (asked.push(cursors[0]?.after ?? -1), follower.readStored(cursors, limit)) }),
    };
    let sends = 0;
    const kafka = {
      ...pair.kafka,
      producer: async () => {
        const real = await pair.kafka.producer();
        return {
          ...real,
          send: async (...[topic, batches]: Parameters<typeof real.send>) => {
            sent.push(...batches.flatMap(({ messages }) => messages.map(({ headers }) => Number(headers?.['orderlogseq']))));
            await onSend((sends += 1));
            return real.send(topic, batches);
          },
        };
      },
    };
    return { relay: await startRelay({ log, sql: producer.sql, kafka, topic: pair.topic, logger: quiet }), asked, sent };
  };
  const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n + 1);

  it('reads on while it sends where a shard has more, and sends nothing before what is in front of it', async () => {
    let acknowledge: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (acknowledge = resolve));
    const { relay, asked, sent } = await startBehind(() => held);
    // A share of a read for each of the 16 shards.
    await eventually(() => asked.includes(125));
    expect(sent).toEqual(upTo(125));
    acknowledge();
    await hasPublished(1400);
    await eventually(() => relay.stats().published === 1400);
    expect(sent).toEqual(upTo(1400));
    expect(asked.slice(0, 3)).toEqual([0, 125, 250]);
    await relay.stop();
  });

  it('begins again behind the last acknowledgement when a send fails while the next one is made ready', async () => {
    const { relay, sent } = await startBehind((n) => (n === 3 ? Promise.reject(new Error('no answer')) : Promise.resolve()));
    await hasPublished(1400);
    await eventually(() => relay.stats().published === 1400);
    const failed = sent.slice(0, 1400).findIndex((seq, n) => seq !== n + 1);
    expect(sent).toEqual([...upTo(failed), ...upTo(1400).slice((sent[failed] ?? 0) - 1)]);
    expect(failed - (sent[failed] ?? 0) + 1).toBe(125);
    expect(relay.stats()).toMatchObject({ errors: 1, published: 1400 });
    await relay.stop();
  });
});
