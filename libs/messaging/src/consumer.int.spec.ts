import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newOrderId, type SqlExecutor } from '@orderlog/event-log';
import { eventually } from '@orderlog/testing';
import { openPair, unbearable, type Pair } from '../test/pair.js';
import { encodeEvent, type WireRecord } from './cloud-events.js';
import type { LogConsumer } from './consumer.js';
import type { KafkaProducer } from './kafka.port.js';
import { claimPositions } from './positions.js';
import { parkedStreams } from './parking.js';
import { republish } from './relay.js';

const fiveTimes = [1, 2, 3, 4, 5];

describe('a consumer of a log', () => {
  let pair: Pair;
  let producer: KafkaProducer;
  beforeEach(async () => {
    pair = await openPair();
    producer = await pair.topics.kafka.producer();
  });
  afterEach(async () => {
    await producer.close();
    await pair.close();
  });

  const hears = (orderId: string, scores: readonly number[]) =>
    eventually(async () => {
      expect(await pair.heardOf(orderId)).toEqual(scores);
      return true;
    });
  const positions = async (sql: SqlExecutor = pair.consumer.sql): Promise<number> => {
    const { rows } = await sql.query<{ total: number }>('select coalesce(sum(last_seq), 0)::integer as total from consumer_position');
    return rows[0]?.total ?? 0;
  };
  /** The rows of shard 0 as the relay would send them. */
  const rows = async (): Promise<readonly WireRecord[]> => (await pair.producer.readShard(0, 0, 500)).map((event) => encodeEvent('order', event));
  const put = (records: readonly WireRecord[], partition = 0) => producer.send(pair.topic, [{ partition, messages: records }]);
  const quarantined = async (): Promise<readonly string[]> => {
    const { rows: found } = await pair.consumer.sql.query<{ reason: string }>('select reason from quarantined_message order by message_offset');
    return found.map(({ reason }) => reason);
  };

  it('hears every fact of every order once, in order, over all shards', async () => {
    await pair.startRelay();
    await pair.startConsumer();
    const orders = await Promise.all(Array.from({ length: 64 }, (_, n) => pair.rate(fiveTimes, n % 16)));
    await Promise.all(orders.map((orderId) => pair.rate([6, 7], 0, orderId)));
    for (const orderId of orders) await hears(orderId, [...fiveTimes, 6, 7]);
  });

  it('hears once what the topic brings again and again', async () => {
    const orderId = await pair.rate(fiveTimes);
    const all = await rows();
    for (let n = 0; n < 3; n += 1) await put(all);
    await put(all.slice(2, 4));
    const consumer = await pair.startConsumer();
    const next = await pair.rate([9]);
    await put((await rows()).slice(5));
    await hears(next, [9]);
    expect(await pair.heardOf(orderId)).toEqual(fiveTimes);
    expect(consumer.stats().duplicates).toBe(12);
  });

  it('changes nothing when the whole topic is published again', async () => {
    await pair.startRelay();
    const consumer = await pair.startConsumer();
    const orders = await Promise.all(Array.from({ length: 32 }, (_, n) => pair.rate(fiveTimes, n % 16)));
    for (const orderId of orders) await hears(orderId, fiveTimes);
    await republish({ log: pair.producer, sql: pair.producer.sql, fromSeq: 1 });
    await eventually(() => consumer.stats().duplicates === 160);
    await hears(await pair.rate([1], 3), [1]);
    for (const orderId of orders) expect(await pair.heardOf(orderId)).toEqual(fiveTimes);
  });

  it('shares partitions with members that come and go, and loses and repeats nothing', async () => {
    await pair.startRelay();
    const members: LogConsumer[] = [await pair.startConsumer()];
    const orders: string[] = [];
    const rateSome = async () => {
      orders.push(...(await Promise.all(Array.from({ length: 48 }, (_, n) => pair.rate(fiveTimes, n % 16)))));
    };
    const assigned = () => members.map((member) => member.stats().partitions.filter(({ status }) => status === 'running').length);
    await rateSome();
    members.push(await pair.startConsumer());
    await rateSome();
    await eventually(() => assigned().join() === '8,8');
    await rateSome();
    await members[0]?.stop();
    await rateSome();
    await eventually(() => assigned()[1] === 16);
    await rateSome();
    for (const orderId of orders) await hears(orderId, fiveTimes);
    await eventually(async () => (await positions()) === 48 * 5 * 5);
  });

  it('does nothing with a partition that another claimed, and claims again what is still its own', async () => {
    await pair.startRelay();
    const consumer = await pair.startConsumer();
    await hears(await pair.rate([1]), [1]);
    await claimPositions(pair.consumer.sql, consumer.group, 'a thief', [{ topic: pair.topic, partition: 0 }]);
    const orderId = await pair.rate(fiveTimes);
    await hears(orderId, fiveTimes);
    expect(consumer.stats().zombies).toBeGreaterThan(0);
    await hears(await pair.rate([2]), [2]);
  });

  it('fills a hole in the topic from the log, in order', async () => {
    const orderId = await pair.rate(fiveTimes);
    const all = await rows();
    await put([...all.slice(0, 1), ...all.slice(3)]);
    const consumer = await pair.startConsumer({ tailCheckMs: 60_000 });
    await hears(orderId, fiveTimes);
    expect(consumer.stats()).toMatchObject({ gaps: 1, gapFacts: 2 });
  });

  it('fills what the topic never brought', async () => {
    const consumer = await pair.startConsumer({ tailCheckMs: 100, tailFillAfterMs: 300 });
    const orderId = await pair.rate(fiveTimes);
    await hears(orderId, fiveTimes);
    expect(consumer.stats()).toMatchObject({ gapFacts: 5 });
  });

  it('sets aside what is of another log, garbled or beyond the head, and goes on', async () => {
    const orderId = await pair.rate(fiveTimes);
    const [first, second, ...others] = await rows();
    if (first === undefined || second === undefined) throw new Error('nothing was written');
    const change = (record: WireRecord, headers: Record<string, string>): WireRecord => ({ ...record, headers: { ...record.headers, ...headers } });
    await put([
      change(first, { orderloglogid: randomUUID() }),
      { key: 'x', headers: { any: 'thing' }, value: 'not ours' },
      first,
      { ...second, value: '{"orderId": broken' },
      ...others,
      change(first, { orderlogseq: '4000', ce_id: randomUUID() }),
    ]);
    const consumer = await pair.startConsumer();
    await hears(orderId, fiveTimes);
    await eventually(async () => (await quarantined()).length === 4);
    expect((await quarantined()).map((reason) => reason.split(',')[0]?.split(':')[0])).toEqual([
      'it is of another log',
      'its envelope cannot be read',
      'it cannot be read',
      "it is beyond the head of the producer's log",
    ]);
    expect(consumer.stats().gapFacts).toBe(1);
    expect(consumer.isReady()).toBe(true);
  });

  it('stops a partition whose past comes differently, and only that one', async () => {
    const [one, other] = [await pair.rate(fiveTimes, 0), newOrderId(1)];
    const all = await rows();
    await put(all);
    const consumer = await pair.startConsumer({ tailCheckMs: 60_000 });
    await hears(one, fiveTimes);
    const [first] = all;
    if (first === undefined) throw new Error('nothing was written');
    await put([{ ...first, headers: { ...first.headers, ce_id: randomUUID() } }]);
    await eventually(() => consumer.stats().partitions.find(({ partition }) => partition === 0)?.status === 'stopped');
    expect(consumer.isReady()).toBe(false);
    await pair.startRelay();
    await pair.rate([1], 1, other);
    await hears(other, [1]);
  });

  it('parks the stream of a fact that cannot be borne, and no other; released it is as if it had never been parked', async () => {
    await pair.startRelay();
    const consumer = await pair.startConsumer();
    const bad = await pair.rate([1, unbearable, 3]);
    const good = await pair.rate([4, 5]);
    await hears(good, [4, 5]);
    await pair.rate([6], 0, bad);
    const lot = parkedStreams({ log: pair.consumer, sql: pair.consumer.sql, listeners: [pair.listener] });
    await eventually(async () => (await lot.list())[0]?.events === 3);
    expect(await pair.heardOf(bad)).toEqual([1]);
    expect(await lot.list()).toMatchObject([{ streamId: `heard-${bad}`, error: 'Error: an unbearable score' }]);
    expect((await lot.show(`heard-${bad}`))?.events.map(({ error }) => error)).toEqual(['Error: an unbearable score', '', '']);
    await expect(lot.release(`heard-${bad}`)).rejects.toThrow('an unbearable score');
    expect(await pair.heardOf(bad)).toEqual([1]);
    pair.listening.isCured = true;
    expect(await lot.release(`heard-${bad}`)).toBe(3);
    expect(await pair.heardOf(bad)).toEqual([1, unbearable, 3, 6]);
    expect(await lot.list()).toEqual([]);
    await pair.rate([7], 0, bad);
    await hears(bad, [1, unbearable, 3, 6, 7]);
    expect(consumer.stats()).toMatchObject({ parked: 1, status: 'running' });
  });

  it('lets an operator throw away the fact that fails, and apply the others', async () => {
    await pair.startRelay();
    await pair.startConsumer();
    const bad = await pair.rate([1, unbearable, 3]);
    const lot = parkedStreams({ log: pair.consumer, sql: pair.consumer.sql, listeners: [pair.listener] });
    const parked = await eventually(async () => ((await lot.list()).length === 1 ? await lot.show(`heard-${bad}`) : undefined));
    expect(await lot.drop(`heard-${bad}`, parked.events[0]?.arrival)).toBe(1);
    expect(await lot.release(`heard-${bad}`)).toBe(1);
    expect(await pair.heardOf(bad)).toEqual([1, 3]);
  });

  it('parks a payload that breaks its contract', async () => {
    const bad = await pair.rate([1]);
    const good = await pair.rate([2]);
    const [first, second] = await rows();
    if (first === undefined || second === undefined) throw new Error('nothing was written');
    await put([{ ...first, value: '{"orderId":"x","score":"five","personalDataVersion":0}' }, second]);
    await pair.startConsumer();
    await hears(good, [2]);
    const lot = parkedStreams({ log: pair.consumer, sql: pair.consumer.sql, listeners: [pair.listener] });
    expect(await lot.list()).toMatchObject([{ streamId: `heard-${bad}`, error: expect.stringContaining('score') }]);
  });

  it('tries again what failed for want of the database, and skips nothing', async () => {
    await pair.startRelay();
    const consumer = await pair.startConsumer();
    pair.listening.failures.push(...Array.from({ length: 4 }, () => Object.assign(new Error('too many connections'), { code: '53300' })));
    const orderId = await pair.rate(fiveTimes);
    await hears(orderId, fiveTimes);
    expect(consumer.stats()).toMatchObject({ parked: 0 });
    expect(consumer.stats().retries).toBeGreaterThanOrEqual(4);
  });

  it('stops and says so when too many streams are parked', async () => {
    await pair.startRelay();
    const consumer = await pair.startConsumer({ parkedMax: 3 });
    await Promise.all(Array.from({ length: 5 }, () => pair.rate([unbearable])));
    await eventually(() => consumer.stats().status === 'failed');
    expect(consumer.isReady()).toBe(false);
    expect(consumer.stats().reason).toContain('parked');
  });

  it('goes on behind its position after a restart, also when only facts came that it passes over', async () => {
    await pair.startRelay();
    const first = await pair.startConsumer({ listeners: [{ ...pair.listener, hears: [{ source: 'order', types: ['OrderClosed'] }] }] });
    await Promise.all(Array.from({ length: 16 }, (_, shard) => pair.rate(fiveTimes, shard)));
    await eventually(() => first.stats().passed === 80);
    await first.stop();
    expect(await positions()).toBe(80);
    const second = await pair.startConsumer();
    const orderId = await pair.rate([8]);
    await hears(orderId, [8]);
    expect(second.stats()).toMatchObject({ facts: 1, duplicates: 0 });
  });
});
