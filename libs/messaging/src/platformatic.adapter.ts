import {
  Admin,
  ConfigResourceTypes,
  Consumer,
  FetchIsolationLevels,
  IS_CONTROL,
  ListOffsetTimestamps,
  ProduceAcks,
  Producer,
  ResponseError,
  type ClusterMetadata,
  type GroupPartitionsAssigner,
  type KafkaRecord,
  type RecordsBatch,
} from '@platformatic/kafka';
import { setTimeout as delay } from 'node:timers/promises';
import { textsOf } from './cloud-events.js';
import type {
  GroupListener,
  IncomingMessage,
  KafkaAdmin,
  KafkaClient,
  KafkaConsumer,
  KafkaProducer,
  PartitionBatch,
  TopicPartition,
  TopicSpec,
} from './kafka.port.js';
import type { MessagingLogger } from './logger.js';
import { backOffMs, describe } from './retries.js';
import { Signal } from './signal.js';

// Of @platformatic/kafka: the producer without idempotence and transactions, membership in a group, and single fetches. Its streams are not
// used: they hand over one message at a time, pause as a whole and not by partition, cannot seek, and decide themselves where to begin.

const sessionTimeoutMs = 6000;
const heartbeatMs = 1500;
/** How long the broker holds a fetch that finds nothing; a partition resumed meanwhile waits. With a fetch session an empty one names no partitions. */
const fetchWaitMsMax = 250;
/** Two fetches that bring something are at least this far apart, unless there is more to be had: a fetch costs the same for one message as for a thousand. */
const fetchPauseMs = 60;
const afterErrorMs = 100;
/** A relay batch of 500 rows with room to spare; what does not fit comes with the next fetch. */
const bytesPerPartitionMax = 1024 * 1024;
const bytesPerFetchMax = 10 * 1024 * 1024;
/** Leaving is a courtesy to the others; a broker that does not answer is not waited for. */
const leaveMsMax = 3000;
const offsetOutOfRange = 1;

type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>;
type FetchedPartition = FetchResponse['responses'][number]['partitions'][number];

type Where = { readonly clientId: string; readonly bootstrapBrokers: string[]; readonly requestTimeout: number };

const timing = { connectTimeout: 3000, metadataMaxAge: 60_000, retries: 8, retryDelay: (_client: object, _operation: string, attempt: number) => backOffMs(attempt + 1) };

const bytesOf = (text: string | null | undefined): Buffer | undefined => (text === null || text === undefined ? undefined : Buffer.from(text));

const grouped = <Key, T>(items: readonly T[], keyOf: (item: T) => Key): Map<Key, T[]> => {
  const groups = new Map<Key, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
};

const byTopic = <T extends TopicPartition>(partitions: readonly T[]): Map<string, T[]> => grouped(partitions, ({ topic }) => topic);

/** Partition n of every topic to member n mod members, as kafkajs.adapter.ts does it: members of both kinds may be in one group. */
const byPartition: GroupPartitionsAssigner = (_current, members, topics, metadata) => {
  const ids = [...members.keys()].sort();
  return ids.map((memberId, n) => ({
    memberId,
    assignments: new Map(
      [...topics].map((topic) => {
        const count = metadata.topics.get(topic)?.partitionsCount ?? 0;
        return [topic, { topic, partitions: Array.from({ length: count }, (_, partition) => partition).filter((partition) => partition % ids.length === n) }];
      }),
    ),
  }));
};

const producer = async (where: Where): Promise<KafkaProducer> => {
  const client = new Producer<string, string | null, string, string>({
    ...where,
    ...timing,
    idempotent: false,
    acks: ProduceAcks.ALL,
    maxInflights: 1,
    serializers: { key: bytesOf, value: bytesOf, headerKey: bytesOf, headerValue: bytesOf },
  });
  client.on('error', () => undefined);
  await client.metadata({ topics: [] });
  return {
    // Nothing: this client writes records in one go with the request.
    prepare: (batches) => batches,
    async send(topic: string, batches: readonly PartitionBatch[]) {
      const { topics } = await client.metadata({ topics: [topic] });
      const count = topics.get(topic)?.partitionsCount ?? 0;
      // The client would put them into another partition.
      for (const { partition } of batches) if (partition >= count) throw new Error(`${topic} has ${count} partitions, there is no partition ${partition}`);
      const messages = batches.flatMap(({ partition, messages: some }) => some.map(({ key, headers = {}, value }) => ({ topic, partition, key, headers, value })));
      const { offsets = [] } = await client.send({ messages, acks: ProduceAcks.ALL });
      return offsets.map(({ partition, offset }) => ({ partition, baseOffset: Number(offset) }));
    },
    close: () => client.close(),
  };
};

/** One assigned partition: the offset the next fetch begins at, undefined until it is known. */
type Position = TopicPartition & {
  offset: number | undefined;
  isPaused: boolean;
  isSought: boolean;
  /** What it began at does not exist (any more): the group's committed offset does not count either. */
  isLost: boolean;
};

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

const headersOf = (record: KafkaRecord): Record<string, unknown> => {
  const headers: Record<string, unknown> = {};
  for (const [name, value] of record.headers) {
    const key = name?.toString('utf8') ?? '';
    if (key === '__proto__') continue;
    const known = headers[key];
    headers[key] = known === undefined ? value : Array.isArray(known) ? [...known, value] : [known, value];
  }
  return headers;
};

/** The messages from an offset on: a batch is answered whole, also where the offset lies in its middle. */
const messagesOf = (batches: readonly RecordsBatch[], from: number): IncomingMessage[] => {
  const messages: IncomingMessage[] = [];
  for (const { attributes, firstOffset, firstTimestamp, records } of batches) {
    if ((attributes & IS_CONTROL) !== 0) continue;
    const first = Number(firstOffset);
    const firstMs = Number(firstTimestamp);
    for (const record of records) {
      const offset = first + record.offsetDelta;
      if (offset < from) continue;
      const headers = headersOf(record);
      messages.push({ offset, key: record.key, texts: textsOf(headers), headers, value: record.value, timestampMs: firstMs + Number(record.timestampDelta) });
    }
  }
  return messages;
};

/** A member of a group: its place in it by one client, what is fetched by another, so that no heartbeat waits behind a fetch. */
class Member implements KafkaConsumer {
  readonly #group: Consumer;
  readonly #fetcher: Consumer;
  readonly #wake = new Signal();
  /** Brokers that are being asked. */
  readonly #asked = new Set<number>();
  #positions = new Map<string, Position>();
  #isGoing = true;
  #isJoining = false;
  #running: Promise<void> | undefined;

  constructor(
    where: Where,
    groupId: string,
    private readonly topics: readonly string[],
    private readonly listener: GroupListener,
    private readonly logger: MessagingLogger | undefined,
  ) {
    const options = { ...where, ...timing, groupId, autocommit: false, isolationLevel: FetchIsolationLevels.READ_COMMITTED };
    this.#group = new Consumer({
      ...options,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: sessionTimeoutMs,
      heartbeatInterval: heartbeatMs,
      protocols: [{ name: 'orderlog-by-partition', version: 0 }],
      partitionAssigner: byPartition,
    });
    // A fetch that fails is judged here, partition by partition, and never repeated as it was.
    this.#fetcher = new Consumer({ ...options, retries: 0 });
    this.#fetcher.on('error', () => undefined);
    for (const client of [this.#group, this.#fetcher]) client.topics.trackAll(...topics);
    this.#group.on('consumer:group:join', ({ assignments = [] }) => this.#assigned(assignments.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))));
    // The client has given up joining again, and beats no more.
    this.#group.on('error', (error) => void this.#joinAgain(error));
  }

  async start(): Promise<void> {
    try {
      await this.#group.joinGroup({});
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#running = this.#run();
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const position of this.#of(partitions)) position.isPaused = true;
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const position of this.#of(partitions)) position.isPaused = false;
    this.#wake.notify();
  }

  seek(partition: TopicPartition, offset: number): void {
    for (const position of this.#of([partition])) {
      position.offset = offset;
      position.isLost = false;
    }
    this.#wake.notify();
  }

  async commit(offsets: readonly (TopicPartition & { readonly offset: number })[]): Promise<void> {
    try {
      await this.#group.commit({ offsets: offsets.map(({ topic, partition, offset }) => ({ topic, partition, offset: BigInt(offset), leaderEpoch: -1 })) });
    } catch (error) {
      // A commit that finds its member gone joins by itself; where that failed, nobody beats.
      if (!this.#group.isActive()) void this.#joinAgain(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#isGoing = false;
    this.#positions.clear();
    this.#wake.notify();
    const closed = Promise.allSettled([this.#group.close(true), this.#fetcher.close(true), this.#running]);
    await Promise.race([closed, delay(leaveMsMax, undefined, { ref: false })]);
  }

  #of(partitions: readonly TopicPartition[]): Position[] {
    return partitions.flatMap((partition) => this.#positions.get(keyOf(partition)) ?? []);
  }

  #assigned(partitions: readonly TopicPartition[]): void {
    if (!this.#isGoing) return;
    this.#positions = new Map(partitions.map((partition) => [keyOf(partition), { ...partition, offset: undefined, isPaused: true, isSought: false, isLost: false }]));
    this.listener.onAssigned(partitions);
  }

  async #joinAgain(error: Error): Promise<void> {
    if (!this.#isGoing || this.#isJoining) return;
    this.#isJoining = true;
    this.listener.onCrash(error, true);
    for (let attempt = 1; this.#isGoing; attempt += 1) {
      await delay(backOffMs(attempt + 1));
      try {
        if (this.#isGoing) await this.#group.joinGroup({});
        break;
      } catch (again) {
        this.logger?.info({ group: this.#group.groupId, error: describe(again), attempt }, 'the group cannot be joined; it is tried again');
      }
    }
    this.#isJoining = false;
  }

  async #run(): Promise<void> {
    for (let attempt = 0; this.#isGoing; ) {
      try {
        const wanted = [...this.#positions.values()].filter(({ isPaused }) => !isPaused);
        if (wanted.length > 0) {
          const metadata = await this.#fetcher.metadata({ topics: [...this.topics] });
          this.#seekStarts(wanted.filter(({ offset, isSought }) => offset === undefined && !isSought));
          this.#ask(metadata, wanted.filter(({ offset }) => offset !== undefined));
        }
        attempt = 0;
        await this.#wake.wait(1000);
      } catch (error) {
        attempt += 1;
        if (this.#isGoing) this.logger?.info({ group: this.#group.groupId, error: describe(error), attempt }, 'the brokers cannot be asked; it is tried again');
        await this.#wake.wait(backOffMs(attempt));
      }
    }
  }

  /** One fetch at a time of each broker that leads what is wanted. */
  #ask(metadata: ClusterMetadata, wanted: readonly Position[]): void {
    for (const [leader, positions] of grouped(wanted, ({ topic, partition }) => metadata.topics.get(topic)?.partitions[partition]?.leader ?? -1)) {
      if (this.#asked.has(leader)) continue;
      this.#asked.add(leader);
      void this.#fetch(metadata, leader, positions)
        .then((waitMs) => (waitMs > 0 ? delay(waitMs) : undefined))
        .finally(() => {
          this.#asked.delete(leader);
          this.#wake.notify();
        });
    }
  }

  /** Fetches once and hands over; answers how long this broker is left alone. */
  async #fetch(metadata: ClusterMetadata, leader: number, positions: readonly Position[]): Promise<number> {
    const asked = new Map(positions.map((position) => [position, position.offset]));
    const names = new Map([...metadata.topics].map(([topic, { id }]) => [id, topic]));
    try {
      if (!metadata.brokers.has(leader)) throw new Error(`no broker leads ${positions.length} partitions`);
      const response = await this.#fetcher.fetch({
        node: leader,
        maxWaitTime: fetchWaitMsMax,
        minBytes: 1,
        maxBytes: bytesPerFetchMax,
        topics: [...byTopic(positions)].map(([topic, some]) => ({
          topicId: metadata.topics.get(topic)?.id ?? '',
          partitions: some.map(({ partition, offset = 0 }) => ({
            partition,
            currentLeaderEpoch: -1,
            fetchOffset: BigInt(offset),
            lastFetchedEpoch: -1,
            partitionMaxBytes: bytesPerPartitionMax,
          })),
        })),
      });
      return this.#handOver(response, names, asked);
    } catch (error) {
      if (!this.#isGoing) return 0;
      // One partition's fault makes the whole answer an error; what it brought of the others is as good as ever.
      if (error instanceof ResponseError) this.#handOver(error['response'] as FetchResponse, names, asked);
      this.#fetcher.clearMetadata();
      this.logger?.info({ group: this.#group.groupId, broker: leader, error: describe(error) }, 'a fetch failed; it is tried again');
      return afterErrorMs;
    }
  }

  /** Hands over what still is wanted where it was asked for; answers how long the next fetch of this broker may wait. */
  #handOver(response: FetchResponse, names: ReadonlyMap<string, string>, asked: ReadonlyMap<Position, number | undefined>): number {
    let waitMs = 0;
    let isBehind = false;
    for (const { topicId, partitions } of response.responses) {
      for (const fetched of partitions) {
        const position = this.#positions.get(`${names.get(topicId)}/${fetched.partitionIndex}`);
        if (position === undefined || position.isPaused || position.offset === undefined || asked.get(position) !== position.offset) continue;
        if (fetched.errorCode === offsetOutOfRange) {
          position.offset = undefined;
          position.isLost = true;
        } else if (fetched.errorCode === 0 && this.#take(position, position.offset, fetched)) {
          waitMs = fetchPauseMs;
          isBehind ||= position.offset < Number(fetched.highWatermark);
        }
      }
    }
    return isBehind ? 0 : waitMs;
  }

  /** Moves the position behind what came, then hands it over; answers whether anything came. */
  #take(position: Position, from: number, { records, highWatermark }: FetchedPartition): boolean {
    const last = records?.at(-1);
    if (!records || last === undefined) return false;
    position.offset = Number(last.firstOffset) + last.lastOffsetDelta + 1;
    const { topic, partition } = position;
    const messages = messagesOf(records, from);
    if (messages.length > 0) this.listener.onBatch({ topic, partition, messages, highWatermark: Number(highWatermark) });
    return true;
  }

  /** Finds out where partitions begin that were resumed without a seek, or sought to where nothing is. */
  #seekStarts(positions: readonly Position[]): void {
    if (positions.length === 0) return;
    for (const position of positions) position.isSought = true;
    void this.#starts(positions)
      .catch((error: unknown) => {
        if (this.#isGoing) this.logger?.info({ group: this.#group.groupId, error: describe(error) }, 'offsets cannot be asked for; it is tried again');
        return delay(afterErrorMs);
      })
      .finally(() => {
        for (const position of positions) position.isSought = false;
        this.#wake.notify();
      });
  }

  async #starts(positions: readonly Position[]): Promise<void> {
    const kept = byTopic(positions.filter(({ isLost }) => !isLost));
    const committed =
      kept.size === 0
        ? new Map<string, bigint[]>()
        : await this.#group.listCommittedOffsets({ topics: [...kept].map(([topic, some]) => ({ topic, partitions: some.map(({ partition }) => partition) })) });
    const committedOf = ({ topic, partition }: Position): bigint => committed.get(topic)?.[partition] ?? -1n;
    const rest = positions.filter((position) => position.isLost || committedOf(position) < 0n);
    const partitions = Object.fromEntries([...byTopic(rest)].map(([topic, some]) => [topic, some.map(({ partition }) => partition)]));
    const oldest =
      rest.length === 0 ? new Map<string, bigint[]>() : await this.#fetcher.listOffsets({ topics: Object.keys(partitions), partitions, timestamp: ListOffsetTimestamps.EARLIEST });
    const isAtOldest = new Set(rest);
    for (const position of positions) {
      const start = isAtOldest.has(position) ? oldest.get(position.topic)?.[position.partition] : committedOf(position);
      // Sought to in the meantime: that counts.
      if (start !== undefined) position.offset ??= Number(start);
    }
  }
}

const leadersMsMax = 10_000;

/** Waits until every partition of new topics has a leader. */
const leadersOf = async (client: Admin, specs: readonly TopicSpec[]): Promise<void> => {
  const giveUpAt = performance.now() + leadersMsMax;
  for (;;) {
    const { topics } = await client.metadata({ topics: specs.map(({ topic }) => topic), forceUpdate: true }).catch(() => ({ topics: new Map() as ClusterMetadata['topics'] }));
    const isLed = specs.every(({ topic, partitions }) => topics.get(topic)?.partitions.filter(({ leader }) => leader >= 0).length === partitions);
    if (isLed) return;
    if (performance.now() > giveUpAt) throw new Error(`topics have no leaders after ${leadersMsMax / 1000} s`);
    await delay(20);
  }
};

const admin = async (where: Where): Promise<KafkaAdmin> => {
  const client = new Admin({ ...where, ...timing, timeout: 10_000 });
  client.on('error', () => undefined);
  await client.metadata({ topics: [] });
  const oldest = ListOffsetTimestamps.EARLIEST;
  const next = ListOffsetTimestamps.LATEST;
  const offsetsAt = async (topic: string, count: number, timestamp: bigint): Promise<number[]> => {
    const [found] = await client.listOffsets({ topics: [{ name: topic, partitions: Array.from({ length: count }, (_, partitionIndex) => ({ partitionIndex, timestamp })) }] });
    const offsets = new Map(found?.partitions.map(({ partitionIndex, offset }) => [partitionIndex, Number(offset)]));
    return Array.from({ length: count }, (_, partition) => offsets.get(partition) ?? 0);
  };
  return {
    async createTopics(specs: readonly TopicSpec[]) {
      const existing = new Set(await client.listTopics({}));
      const missing = specs.filter(({ topic }) => !existing.has(topic));
      for (const { topic, partitions, replication, config } of missing) {
        await client.createTopics({ topics: [topic], partitions, replicas: replication, configs: Object.entries(config).map(([name, value]) => ({ name, value })) });
      }
      if (missing.length > 0) await leadersOf(client, missing);
      return missing.map(({ topic }) => topic);
    },
    async describeTopics(topics) {
      const existing = new Set(await client.listTopics({}));
      const known = topics.filter((topic) => existing.has(topic));
      if (known.length === 0) return new Map();
      const { topics: metadata } = await client.metadata({ topics: [...known], forceUpdate: true });
      const described = await client.describeConfigs({ resources: known.map((resourceName) => ({ resourceType: ConfigResourceTypes.TOPIC, resourceName })) });
      const configs = new Map(described.map(({ resourceName, configs: entries }) => [resourceName, Object.fromEntries(entries.map(({ name, value }) => [name, value ?? '']))]));
      return new Map(known.map((topic) => [topic, { partitions: metadata.get(topic)?.partitionsCount ?? 0, config: configs.get(topic) ?? {} }]));
    },
    async ends(topic) {
      const { topics } = await client.metadata({ topics: [topic], forceUpdate: true });
      const count = topics.get(topic)?.partitionsCount ?? 0;
      const [lows, highs] = await Promise.all([offsetsAt(topic, count, oldest), offsetsAt(topic, count, next)]);
      return lows.map((low, partition) => ({ partition, low, high: highs[partition] ?? low }));
    },
    async deleteRecords(topic, below) {
      await client.deleteRecords({ topics: [{ name: topic, partitions: below.map(({ partition, offset }) => ({ partition, offset: BigInt(offset) })) }] });
    },
    async deleteTopics(topics) {
      await client.deleteTopics({ topics: [...topics] });
      // The broker answers before it is done; a topic made anew too early would be the old one.
      while ((await client.listTopics({})).some((topic) => topics.includes(topic))) await delay(20);
    },
    close: () => client.close(),
  };
};

/** @platformatic/kafka behind the port. `brokers`: `host:port,host:port`; `requestMs`: how long an answer may take (10 s). */
export const platformaticClient = (options: { readonly brokers: string; readonly clientId: string; readonly requestMs?: number; readonly logger?: MessagingLogger }): KafkaClient => {
  const where = { clientId: options.clientId, bootstrapBrokers: options.brokers.split(','), requestTimeout: options.requestMs ?? 10_000 };
  return {
    producer: () => producer(where),
    async consumer({ groupId, topics, listener }) {
      const member = new Member(where, groupId, topics, listener, options.logger);
      await member.start();
      return member;
    },
    admin: () => admin(where),
  };
};
