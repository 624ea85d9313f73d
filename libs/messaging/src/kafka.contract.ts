import { randomUUID } from 'node:crypto';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, kafkaBrokers } from '@orderlog/testing';
import type { GroupListener, KafkaAdmin, KafkaClient, KafkaConsumer, KafkaProducer, TopicPartition } from './kafka.port.js';

/** A member of a group that writes down what it is given, and resumes when it is told to. */
type Member = {
  consumer: KafkaConsumer | undefined;
  assigned: readonly TopicPartition[];
  joins: number;
  readonly got: Map<number, number[]>;
  /** Called at every assignment, before anything is resumed. */
  onJoin: (member: Member) => void;
};

/** A way to the broker on which the first connection is made and hears nothing, as when a process or the broker stands still; later ones are whole. */
const firstDeafBroker = async (): Promise<{ readonly address: string; readonly close: () => void }> => {
  const [host = '', port = ''] = (kafkaBrokers().split(',')[0] ?? '').split(':');
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const isFirst = sockets.length === 0;
    const broker = connect({ host, port: Number(port) });
    for (const end of [socket, broker]) {
      sockets.push(end);
      end.on('error', () => undefined);
    }
    socket.pipe(broker);
    if (isFirst) broker.resume();
    else broker.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, close };
};

/** How a Kafka client has to behave behind the port. Run against a real broker for every adapter. `requestMs`: how long it may wait for an answer. */
export const kafkaContract = (name: string, open: (options: { readonly brokers: string; readonly requestMs?: number }) => KafkaClient): void => {
  describe(`${name} behind the Kafka port`, () => {
    const kafka = open({ brokers: kafkaBrokers() });
    const topic = `contract-${randomUUID()}`;
    const partitions = 4;
    let admin: KafkaAdmin;
    let producer: KafkaProducer;
    let members: Member[] = [];

    beforeAll(async () => {
      admin = await kafka.admin();
      await admin.createTopics([{ topic, partitions, replication: 1, config: { 'cleanup.policy': 'delete' } }]);
      producer = await kafka.producer();
      // A broker may refuse the first sends to a topic this new for some of its partitions, and a client then repeats the whole request:
      // twice is allowed (a consumer drops duplicates by sequence), but the cases below count. Seen in one run of three on a fresh broker.
      await put(1);
      await empty();
    });
    afterEach(async () => {
      await Promise.all(members.map(async ({ consumer }) => consumer?.stop()));
      members = [];
      await empty();
    });
    afterAll(async () => {
      await producer.close();
      await admin.deleteTopics([topic]);
      await admin.close();
    });

    const empty = async (): Promise<void> => {
      const ends = await admin.ends(topic);
      const full = ends.filter(({ low, high }) => high > low);
      if (full.length > 0) await admin.deleteRecords(topic, full.map(({ partition, high }) => ({ partition, offset: high })));
    };

    /** Puts numbered messages into every partition; answers the offsets of the first ones. */
    const put = async (count: number, from = 0): Promise<ReadonlyMap<number, number>> => {
      const batches = Array.from({ length: partitions }, (_, partition) => ({
        partition,
        messages: Array.from({ length: count }, (_message, n) => ({ key: 'k', headers: { n: String(from + n) }, value: `v${from + n}` })),
      }));
      // Some as they are and some made ready, as the relay sends them.
      const acknowledged = await producer.send(topic, [...batches.slice(0, 2), ...producer.prepare(batches.slice(2))]);
      return new Map(acknowledged.map(({ partition, baseOffset }) => [partition, baseOffset]));
    };

    const join = async (groupId: string, onJoin: Member['onJoin'], onBatch: (member: Member) => void = () => undefined): Promise<Member> => {
      const member: Member = { consumer: undefined, assigned: [], joins: 0, got: new Map(), onJoin };
      members.push(member);
      const listener: GroupListener = {
        onAssigned: (assigned) => {
          member.assigned = assigned;
          member.joins += 1;
          if (member.consumer !== undefined) onJoin(member);
        },
        onBatch: ({ partition, messages }) => {
          const numbers = member.got.get(partition) ?? [];
          numbers.push(...messages.map(({ headers }) => Number(String(headers['n']))));
          member.got.set(partition, numbers);
          onBatch(member);
        },
        onCrash: () => undefined,
      };
      member.consumer = await kafka.consumer({ groupId, topics: [topic], listener });
      onJoin(member);
      return member;
    };
    const resumeAll = ({ consumer, assigned }: Member): void => consumer?.resume(assigned);
    const upTo = (count: number, from = 0): number[] => Array.from({ length: count }, (_, n) => from + n);
    const everything = (member: Member): number => [...member.got.values()].reduce((sum, { length }) => sum + length, 0);

    it('puts messages where the producer says, in order, and answers where they are', async () => {
      const first = await put(3);
      const second = await put(2, 3);
      for (const [partition, offset] of second) expect(offset).toBe((first.get(partition) ?? 0) + 3);
      const member = await join(randomUUID(), resumeAll);
      await eventually(() => everything(member) === 20);
      for (let partition = 0; partition < partitions; partition += 1) expect(member.got.get(partition)).toEqual(upTo(5));
    });

    it('refuses a partition that the topic does not have, and puts nothing elsewhere', async () => {
      await expect(producer.send(topic, [{ partition: partitions, messages: [{ key: 'k', value: 'v' }] }])).rejects.toThrow();
      expect((await admin.ends(topic)).every(({ low, high }) => low === high)).toBe(true);
    });

    it('carries keys, headers and values of every length as they are', async () => {
      // One length after the other: buffers that grow by doubling have their mistakes at the seams.
      const sent = Array.from({ length: 1_100 }, (_, length) => ({ key: 'k'.repeat(length % 300), headers: { n: String(length), text: 'h'.repeat(length) }, value: 'ü'.repeat(length) }));
      await producer.send(topic, [{ partition: 0, messages: sent }]);
      const got: unknown[] = [];
      const listener: GroupListener = {
        onAssigned: () => undefined,
        onBatch: ({ messages }) => got.push(...messages.map(({ key, headers, value }) => ({ key: String(key), headers: { n: String(headers['n']), text: String(headers['text']) }, value: String(value) }))),
        onCrash: () => undefined,
      };
      const consumer = await kafka.consumer({ groupId: randomUUID(), topics: [topic], listener });
      consumer.resume(Array.from({ length: partitions }, (_, partition) => ({ topic, partition })));
      try {
        await eventually(() => got.length >= sent.length);
        expect(got).toStrictEqual(sent);
      } finally {
        await consumer.stop();
      }
    });

    it('makes a new connection when the first one never answers, and sends', async () => {
      const deaf = await firstDeafBroker();
      const late = await open({ brokers: deaf.address, requestMs: 500 }).producer();
      try {
        const sent = await late.send(topic, [{ partition: 1, messages: [{ key: 'k', headers: {}, value: 'v' }] }]);
        expect(sent).toMatchObject([{ partition: 1 }]);
      } finally {
        await late.close();
        deaf.close();
      }
    });

    it('begins at the beginning in a group that has committed nothing', async () => {
      await put(10);
      const member = await join(randomUUID(), resumeAll);
      await eventually(() => everything(member) === 40);
    });

    it('delivers nothing after an assignment before it is resumed, and then from where it was sought to', async () => {
      const offsets = await put(50);
      let resumed = false;
      const member = await join(
        randomUUID(),
        () => undefined,
        () => expect(resumed).toBe(true),
      );
      // Three fetches long nothing may come.
      const until = performance.now() + 400;
      await eventually(() => performance.now() > until);
      expect(member.assigned).toHaveLength(partitions);
      resumed = true;
      for (const partition of member.assigned) member.consumer?.seek(partition, (offsets.get(partition.partition) ?? 0) + 45);
      member.consumer?.resume(member.assigned);
      await eventually(() => everything(member) === 20);
      for (const numbers of member.got.values()) expect(numbers).toEqual(upTo(5, 45));
    });

    it('hands over nothing while paused, and everything after; the others go on', async () => {
      const member = await join(randomUUID(), resumeAll);
      await put(5);
      await eventually(() => everything(member) === 20);
      member.consumer?.pause([{ topic, partition: 2 }]);
      await put(5, 5);
      await eventually(() => everything(member) === 35);
      expect(member.got.get(2)).toEqual(upTo(5));
      member.consumer?.resume([{ topic, partition: 2 }]);
      await eventually(() => everything(member) === 40);
      expect(member.got.get(2)).toEqual(upTo(10));
    });

    it('resumes within a fraction of a second', async () => {
      const member = await join(randomUUID(), resumeAll);
      await put(1);
      await eventually(() => everything(member) === 4);
      member.consumer?.pause(member.assigned);
      await put(1, 1);
      const resumedAt = performance.now();
      member.consumer?.resume(member.assigned);
      await eventually(() => everything(member) === 8);
      expect(performance.now() - resumedAt).toBeLessThan(1000);
    });

    it('resumes at once where everything had been paused for a while', async () => {
      const member = await join(randomUUID(), resumeAll);
      await put(1);
      await eventually(() => everything(member) === 4);
      let waitedMs = 0;
      for (let n = 1; n <= 4; n += 1) {
        member.consumer?.pause(member.assigned);
        await put(1, n);
        // Longer than any fetch that was under way.
        const until = performance.now() + 700;
        await eventually(() => performance.now() > until);
        const resumedAt = performance.now();
        member.consumer?.resume(member.assigned);
        await eventually(() => everything(member) === 4 * (n + 1));
        waitedMs += performance.now() - resumedAt;
      }
      expect(waitedMs / 4).toBeLessThan(200);
    });

    it('begins at the beginning when it seeks beyond the end', async () => {
      await put(5);
      const member = await join(randomUUID(), ({ consumer, assigned }) => {
        for (const partition of assigned) consumer?.seek(partition, 1_000_000);
        consumer?.resume(assigned);
      });
      await eventually(() => everything(member) >= 20);
      for (const numbers of member.got.values()) expect(numbers).toEqual(upTo(5));
    });

    it('begins at the oldest record when it seeks before it', async () => {
      const offsets = await put(5);
      await admin.deleteRecords(topic, [...offsets].map(([partition, offset]) => ({ partition, offset: offset + 3 })));
      const member = await join(randomUUID(), ({ consumer, assigned }) => {
        for (const partition of assigned) consumer?.seek(partition, 0);
        consumer?.resume(assigned);
      });
      await eventually(() => everything(member) === 8);
      for (const numbers of member.got.values()) expect(numbers).toEqual([3, 4]);
    });

    it('gives every partition to one member, tells all of them anew when one comes or goes', async () => {
      const group = randomUUID();
      const first = await join(group, resumeAll);
      expect(first.assigned).toHaveLength(partitions);
      const second = await join(group, resumeAll);
      await eventually(() => first.assigned.length === 2 && second.assigned.length === 2);
      expect(first.joins).toBeGreaterThan(1);
      expect(new Set([...first.assigned, ...second.assigned].map(({ partition }) => partition)).size).toBe(partitions);
      await first.consumer?.stop();
      await eventually(() => second.assigned.length === partitions);
    });

    it('goes on where a topic is emptied under it, also where it had not read what is gone', async () => {
      const member = await join(randomUUID(), resumeAll);
      await put(5);
      await eventually(() => everything(member) === 20);
      member.consumer?.pause([{ topic, partition: 1 }]);
      await put(5, 5);
      await eventually(() => everything(member) === 35);
      await empty();
      await put(5, 10);
      member.consumer?.resume([{ topic, partition: 1 }]);
      await eventually(() => everything(member) === 55);
      expect(member.got.get(0)).toEqual(upTo(15));
      expect(member.got.get(1)).toEqual([...upTo(5), ...upTo(5, 10)]);
    });

    it('lets the others go on while one partition has nowhere to begin', async () => {
      const member = await join(randomUUID(), resumeAll);
      await put(1);
      await eventually(() => everything(member) === 4);
      for (let n = 1; n <= 10; n += 1) {
        member.consumer?.seek({ topic, partition: 3 }, 1_000_000 + n);
        const putAt = performance.now();
        await put(1, n);
        await eventually(() => [0, 1, 2].every((partition) => member.got.get(partition)?.length === n + 1));
        expect(performance.now() - putAt).toBeLessThan(2000);
      }
      await eventually(() => member.got.get(3)?.at(-1) === 10);
    });

    it('brings the others their messages as fast as ever while a full one waits', async () => {
      const member = await join(randomUUID(), resumeAll);
      await put(1);
      await eventually(() => everything(member) === 4);
      member.consumer?.pause([{ topic, partition: 2 }]);
      const value = 'x'.repeat(1000);
      for (let n = 0; n < 4; n += 1) await producer.send(topic, [{ partition: 2, messages: Array.from({ length: 500 }, () => ({ key: 'k', headers: { n: '1' }, value })) }]);
      for (let n = 1; n <= 5; n += 1) {
        const putAt = performance.now();
        await put(1, n);
        await eventually(() => [0, 1, 3].every((partition) => member.got.get(partition)?.length === n + 1));
        expect(performance.now() - putAt).toBeLessThan(1000);
      }
      expect(member.got.get(2)).toHaveLength(1);
    });

    it('delivers nothing from before the claimed position and forgets nothing while members join and leave', async () => {
      const group = randomUUID();
      const first = new Map((await admin.ends(topic)).map(({ partition, high }) => [partition, high]));
      /** What a database would hold: the number that comes next. */
      const next = new Map([...first.keys()].map((partition) => [partition, 0]));
      let [early, applied] = [0, 0];
      /** Claims a moment after the assignment, as a database does, and goes on from there if nobody else has been assigned meanwhile. */
      const claiming = async (): Promise<Member> => {
        const owned = new Set<number>();
        let joins = 0;
        const onJoin = ({ consumer, assigned }: Member): void => {
          owned.clear();
          joins += 1;
          const mine = joins;
          setImmediate(() => {
            if (mine !== joins) return;
            for (const { partition } of assigned) {
              owned.add(partition);
              consumer?.seek({ topic, partition }, (first.get(partition) ?? 0) + (next.get(partition) ?? 0));
            }
            consumer?.resume(assigned);
          });
        };
        const member = await join(group, onJoin, ({ got }) => {
          for (const [partition, numbers] of got) {
            for (const number of numbers.splice(0)) {
              const expected = next.get(partition) ?? 0;
              if (number < expected || !owned.has(partition)) early += 1;
              // A hole would be seen by what never comes.
              else if (number === expected) {
                next.set(partition, expected + 1);
                applied += 1;
              }
            }
          }
        });
        return member;
      };
      let sent = 0;
      const some = async (count: number): Promise<void> => {
        for (let n = 0; n < count; n += 1) {
          await put(50, sent);
          sent += 50;
        }
      };
      const stays = await claiming();
      await some(5);
      const goes = await claiming();
      await some(5);
      await eventually(() => stays.assigned.length === 2 && goes.assigned.length === 2);
      await some(5);
      await goes.consumer?.stop();
      await some(5);
      await eventually(() => stays.assigned.length === partitions);
      await some(5);
      await eventually(() => applied === sent * partitions);
      expect(early).toBe(0);
    });

    it('brings a member nothing of a partition that went to another, whatever it asks for late', async () => {
      const group = randomUUID();
      const first = await join(group, resumeAll);
      const late = first.assigned;
      const second = await join(group, resumeAll);
      await eventually(() => first.assigned.length === 2 && second.assigned.length === 2);
      for (const partition of late) first.consumer?.seek(partition, 0);
      first.consumer?.resume(late);
      await put(5);
      await eventually(() => everything(first) + everything(second) === 20);
      for (const { partition } of second.assigned) expect(first.got.get(partition)).toBeUndefined();
    });

    it('passes over what is asked of a member that is in no group', async () => {
      const member = await join(randomUUID(), resumeAll);
      await member.consumer?.stop();
      member.consumer?.pause(member.assigned);
      for (const partition of member.assigned) member.consumer?.seek(partition, 0);
      member.consumer?.resume(member.assigned);
      expect(member.assigned).toHaveLength(partitions);
    });

    it('begins at the committed offset in a later life', async () => {
      const group = randomUUID();
      const offsets = await put(5);
      const first = await join(group, resumeAll);
      await eventually(() => everything(first) === 20);
      await first.consumer?.commit([...offsets].map(([partition, offset]) => ({ topic, partition, offset: offset + 4 })));
      await first.consumer?.stop();
      const second = await join(group, resumeAll);
      await eventually(() => everything(second) === 4);
    });

    it('says what a topic is like, and makes only what is missing', async () => {
      expect((await admin.describeTopics([topic, 'no-such-topic'])).get(topic)).toMatchObject({ partitions, config: { 'cleanup.policy': 'delete' } });
      expect(await admin.createTopics([{ topic, partitions, replication: 1, config: {} }])).toEqual([]);
    });
  });
};
