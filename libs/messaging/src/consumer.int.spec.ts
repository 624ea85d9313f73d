import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newOrderId, type SqlExecutor } from '@orderlog/event-log';
import { eventually } from '@orderlog/testing';
import { unbearable } from '../test/hearing.js';
import type { MemberOptions } from '../test/member-main.js';
import { openPair, type Pair } from '../test/pair.js';
import { encodeEvent, type WireRecord } from './cloud-events.js';
import type { LogConsumer } from './consumer.js';
import { kafkaClients, type KafkaClientName } from './kafka-clients.js';
import type { KafkaProducer } from './kafka.port.js';
import { claimPositions } from './positions.js';
import { parkedStreams } from './parking.js';
import { republish } from './relay.js';

const fiveTimes = [1, 2, 3, 4, 5];

describe.each(kafkaClients)('a consumer of a log on %s', (client: KafkaClientName) => {
  let pair: Pair;
  let producer: KafkaProducer;
  const children = new Set<ChildProcess>();
  beforeEach(async () => {
    pair = await openPair(client);
    producer = await pair.kafka.producer();
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    children.clear();
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
  const ends = async (): Promise<number> => {
    const admin = await pair.kafka.admin();
    try {
      return (await admin.ends(pair.topic)).reduce((total, { high }) => total + high, 0);
    } finally {
      await admin.close();
    }
  };
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

  /** Another member of the group, in a process of its own. */
  const startProcess = (): ChildProcess => {
    const { producer: from, consumer: to } = pair.databases;
    const options: MemberOptions = {
      client,
      brokers: pair.topics.brokers,
      topicPrefix: pair.topics.prefix,
      producer: { appUrl: from.appUrl, schema: from.schema },
      consumer: { appUrl: to.appUrl, schema: to.schema },
    };
    const child = fork('dist/libs/messaging/test/member-main.js', { env: { ...process.env, MEMBER: JSON.stringify(options) }, execArgv: [] });
    children.add(child);
    return child;
  };
  type Told = { readonly zombies: number; readonly facts: number; readonly running: number };
  const ask = async (child: ChildProcess): Promise<Told> => {
    child.send('?');
    const [told] = (await once(child, 'message')) as [Told];
    return told;
  };
  const running = (consumer: LogConsumer): number => consumer.stats().partitions.filter(({ status }) => status === 'running').length;

  it('takes nothing from a member that was frozen while its partitions went to another', async () => {
    await pair.startRelay();
    const frozen = startProcess();
    const survivor = await pair.startConsumer();
    await eventually(async () => running(survivor) === 8 && (await ask(frozen)).running === 8);
    const orders: string[] = [];
    const rateSome = async () => {
      orders.push(...(await Promise.all(Array.from({ length: 64 }, (_, n) => pair.rate(fiveTimes, n % 16)))));
    };
    await rateSome();
    frozen.kill('SIGSTOP');
    // Sent while it still is a member: this waits in its socket when it wakes up.
    await rateSome();
    await eventually(() => running(survivor) === 16);
    await rateSome();
    for (const orderId of orders) await hears(orderId, fiveTimes);
    frozen.kill('SIGCONT');
    await rateSome();
    await eventually(async () => running(survivor) === 8 && (await ask(frozen)).running === 8);
    await rateSome();
    for (const orderId of orders) await hears(orderId, fiveTimes);
    await eventually(async () => (await positions()) === orders.length * 5);
  });

  it('does no harm when it claims late what went to another meanwhile', async () => {
    await pair.startRelay();
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    let claims = 0;
    const slow: SqlExecutor = {
      query: async (text, values) => {
        if (text.startsWith('insert into consumer_position')) {
          claims += 1;
          if (claims === 1) await opened;
        }
        return pair.consumer.sql.query(text, values);
      },
    };
    const late = await pair.startConsumer({ sql: slow });
    const other = await pair.startConsumer();
    await eventually(() => running(late) === 8 && running(other) === 8);
    const orders = await Promise.all(Array.from({ length: 64 }, (_, n) => pair.rate(fiveTimes, n % 16)));
    for (const orderId of orders) await hears(orderId, fiveTimes);
    // The claim of the first assignment: of all sixteen.
    open();
    orders.push(...(await Promise.all(Array.from({ length: 64 }, (_, n) => pair.rate(fiveTimes, n % 16)))));
    for (const orderId of orders) await hears(orderId, fiveTimes);
    await eventually(() => running(late) === 8 && running(other) === 8);
    expect(claims).toBeGreaterThan(1);
    expect(other.stats().zombies).toBeGreaterThan(0);
  });

  it('goes on when its topic is emptied, also of what it has not read', async () => {
    await pair.startRelay();
    const first = await pair.startConsumer();
    const orderId = await pair.rate(fiveTimes);
    await hears(orderId, fiveTimes);
    await pair.topics.empty(pair.topic);
    await pair.rate([6], 0, orderId);
    await hears(orderId, [...fiveTimes, 6]);
    await first.stop();
    const unread = await pair.rate([7]);
    await eventually(async () => (await ends()) === 7);
    await pair.topics.empty(pair.topic);
    const second = await pair.startConsumer({ tailCheckMs: 100, tailFillAfterMs: 300 });
    await hears(unread, [7]);
    const next = await pair.rate([8]);
    await hears(next, [8]);
    expect(second.isReady()).toBe(true);
  });

  it('begins at the beginning of a topic that ends before its offset, and repeats nothing', async () => {
    await pair.startRelay();
    const first = await pair.startConsumer();
    const orderId = await pair.rate(fiveTimes);
    await hears(orderId, fiveTimes);
    await first.stop();
    await pair.consumer.sql.query('update consumer_position set next_offset = 1000000');
    const second = await pair.startConsumer({ tailCheckMs: 60_000 });
    await pair.rate([6], 0, orderId);
    await hears(orderId, [...fiveTimes, 6]);
    await eventually(() => second.stats().duplicates === 5);
    expect(second.stats()).toMatchObject({ facts: 1, gaps: 0 });
  });

  it('lets nobody wait for a partition whose facts do not come through', async () => {
    await pair.startRelay();
    const consumer = await pair.startConsumer();
    const stuck = newOrderId(3);
    pair.listening.stuck.add(stuck);
    await pair.rate(fiveTimes, 3, stuck);
    await eventually(() => consumer.stats().retries > 0);
    for (let n = 0; n < 5; n += 1) {
      const ratedAt = performance.now();
      const orders = await Promise.all([0, 1, 2, 4, 15].map((shard) => pair.rate(fiveTimes, shard)));
      for (const orderId of orders) await hears(orderId, fiveTimes);
      expect(performance.now() - ratedAt).toBeLessThan(2000);
    }
    expect(await pair.heardOf(stuck)).toEqual([]);
    pair.listening.stuck.clear();
    await hears(stuck, fiveTimes);
  });
});
