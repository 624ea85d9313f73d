import { createRequire } from 'node:module';
import kafkajs, { type Consumer, type EachBatchPayload, type KafkaMessage, type PartitionAssigner } from 'kafkajs';
import { textsOf } from './cloud-events.js';
import { fetchRequestBytes, type FetchRequest } from './fetch-request.js';
import { fetchVersion, readFetchResponse, type FetchedMessage } from './fetch-response.js';
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
import { produceRequestBytes, recordBatchBytes, type ProduceRequest, type UnwrittenMessage } from './produce-request.js';

// kafkajs 2.2.4 in its safest subset: no idempotent producer (it can lose an acknowledged message when sends overlap and a response is
// lost), no transactions, no auto-commit, one request in flight.
const { AssignerProtocol, ConfigResourceTypes, Kafka, KafkaJSNonRetriableError, logLevel } = kafkajs;

/** The part of kafkajs's request queue that is mended below. */
type RequestQueue = { readonly pending: readonly unknown[]; readonly throttledUntil: number; scheduleCheckPendingRequests(): void };

// Each connection's queue looks every millisecond, for as long as it lives, whether it may send what waits: also when nothing waits.
// Measured: 59 ms of CPU a second in an idle process with one producer and one consumer, 8 ms with this condition.
const internals = createRequire(import.meta.url);
const { prototype: requestQueue } = internals('kafkajs/src/network/requestQueue/index.js') as { readonly prototype: RequestQueue };
const { scheduleCheckPendingRequests } = requestQueue;
requestQueue.scheduleCheckPendingRequests = function (this: RequestQueue): void {
  if (this.pending.length > 0 || this.throttledUntil > Date.now()) scheduleCheckPendingRequests.call(this);
};

/** The part of kafkajs's way to a broker that is mended below. */
type BrokerWay = { connect(): Promise<void>; disconnect(): Promise<void> };

// A broker whose first answer on a new connection does not come in time stays connected and is never asked again what it can do: from then on
// every request through it fails with "Broker not connected", for as long as the process lives. Found by a fault campaign (seed 103: a process
// that stood still for 16 s published nothing any more). A connection that was not made ready is closed now, and the next request makes another.
const { prototype: brokerWay } = internals('kafkajs/src/broker/index.js') as { readonly prototype: BrokerWay };
const { connect: connectOnce } = brokerWay;
brokerWay.connect = async function (this: BrokerWay): Promise<void> {
  try {
    await connectOnce.call(this);
  } catch (error) {
    await this.disconnect();
    throw error;
  }
};

/** Bytes as kafkajs wants them from an encoder. `spacious`: the buffer they stand in, with `room` bytes free in front of them. */
type Encoded = { readonly buf: Buffer; readonly buffer: Buffer; readonly spacious?: Buffer; readonly room?: number };
const encoded = (buffer: Buffer): Promise<Encoded> => Promise.resolve({ buf: buffer, buffer });

/** The part of kafkajs's encoder that is mended below. */
type Encoder = { buf: Buffer; offset: number; readonly buffer: Buffer; spacious?: Buffer; room?: number; writeEncoder(body: Encoded): Encoder };

// kafkajs puts the head of a request in front of its body by copying the body into a zeroed buffer of the next power of two, and then again: a produce
// request of 100 KB made two of 128 KB. A body with room in front takes the head in instead. Nothing
// may be written behind it then, and kafkajs 2.2.4 writes nothing there (`protocol/request.js`).
const { prototype: encoder } = internals('kafkajs/src/protocol/encoder.js') as { readonly prototype: Encoder };
const { writeEncoder } = encoder;
encoder.writeEncoder = function (this: Encoder, body: Encoded): Encoder {
  const { spacious, room = 0 } = body;
  if (spacious === undefined || this.offset > room) return writeEncoder.call(this, body);
  this.buf.copy(spacious, room - this.offset, 0, this.offset);
  this.spacious = spacious;
  this.room = room - this.offset;
  this.buf = spacious.subarray(this.room);
  this.offset = this.buf.length;
  return this;
};
/** Sizes, API, version, correlation and a client id of 96 bytes; one that is longer is copied as ever. */
const headRoom = 4 + 2 + 2 + 4 + 2 + 96;

/** All messages for one partition, as one to kafkajs, which copies a partition's list once for each message that it puts in it, and each message too. */
class Bundle {
  readonly value = null;

  constructor(
    readonly partition: number,
    readonly messages: readonly UnwrittenMessage[],
    readonly written: Buffer | undefined,
  ) {}
}

/** A batch whose bytes were made before it is sent. */
class WrittenBatch implements PartitionBatch {
  readonly written: Buffer;

  constructor(
    readonly partition: number,
    readonly messages: PartitionBatch['messages'],
  ) {
    this.written = recordBatchBytes(messages, Date.now());
  }
}

const unbundled = (asked: ProduceRequest): ProduceRequest => ({
  ...asked,
  topicData: asked.topicData.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map((one) => {
      const [first] = one.messages;
      if (one.messages.length === 1 && first instanceof Bundle) return { ...one, messages: first.messages, written: first.written };
      return { ...one, messages: one.messages.flatMap((message) => (message instanceof Bundle ? message.messages : [message])) };
    }),
  })),
});

// A produce request is written into one buffer of its size. kafkajs makes one for each header and for each number, and copies them together.
type ProduceProtocol = (request: ProduceRequest) => { readonly request: object; readonly response: unknown };
const produce = internals('kafkajs/src/protocol/requests/produce/index.js') as { protocol(wanted: { readonly version: number }): ProduceProtocol };
const { protocol: produceProtocol } = produce;
const [oldestOfOurForm, newestOfOurForm] = [3, 7];
produce.protocol = (wanted) => {
  const whole = produceProtocol(wanted);
  const isOurForm = wanted.version >= oldestOfOurForm && wanted.version <= newestOfOurForm;
  return (bundled) => {
    const asked = unbundled(bundled);
    const { request, response } = whole(asked);
    const encode = async (): Promise<Encoded> => {
      const spacious = produceRequestBytes(asked, Date.now(), headRoom);
      const buffer = spacious.subarray(headRoom);
      return { buf: buffer, buffer, spacious, room: headRoom };
    };
    return isOurForm ? { request: { ...request, encode }, response } : { request, response };
  };
};

// A fetch response is read in one pass. kafkajs awaits a promise for each topic, each of 80 partitions (all are in every response) and each
// batch, and makes a decoder and big integers for each record. Measured: 28 to 31 µs a record passed over, 21 so. What is compressed is left to it.
// The request names the same 80 partitions, each an encoder of its own.
type Decode = (bytes: Buffer) => Promise<object>;
type FetchProtocol = (asked: FetchRequest) => { readonly request: object; readonly response: { readonly decode: Decode } };
const fetching = internals('kafkajs/src/protocol/requests/fetch/index.js') as { protocol(wanted: { readonly version: number }): FetchProtocol };
const { protocol: fetchProtocol } = fetching;
fetching.protocol = (wanted) => {
  const whole = fetchProtocol(wanted);
  if (wanted.version !== fetchVersion) return whole;
  return (asked) => {
    const made = whole(asked);
    const decode: Decode = async (bytes) => readFetchResponse(bytes) ?? (await made.response.decode(bytes));
    return { ...made, request: { ...made.request, encode: () => encoded(fetchRequestBytes(asked)) }, response: { ...made.response, decode } };
  };
};

/** The part of kafkajs's membership in a group that is mended below. */
type ConsumerGroup = {
  readonly maxWaitTime: number;
  readonly subscriptionState: { active(): readonly { readonly partitions: readonly number[] }[] };
  fetch(nodeId: string): Promise<readonly unknown[]>;
  resume(partitions: unknown): void;
};

// While every partition is paused kafkajs sleeps as long as a fetch may take, whatever is resumed meanwhile: a consumer whose queues were all
// full stood idle for half of its time. It wakes up at a resume now.
const { prototype: consumerGroup } = internals('kafkajs/src/consumer/consumerGroup.js') as { readonly prototype: ConsumerGroup };
const { fetch: fetchOnce, resume: resumeQuietly } = consumerGroup;
const sleeping = new WeakMap<ConsumerGroup, Set<() => void>>();
consumerGroup.resume = function (this: ConsumerGroup, partitions: unknown): void {
  resumeQuietly.call(this, partitions);
  for (const wake of sleeping.get(this) ?? []) wake();
};
consumerGroup.fetch = async function (this: ConsumerGroup, nodeId: string): Promise<readonly unknown[]> {
  if (this.subscriptionState.active().some(({ partitions }) => partitions.length > 0)) return fetchOnce.call(this, nodeId);
  const sleepers = sleeping.get(this) ?? new Set();
  sleeping.set(this, sleepers);
  await new Promise<void>((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      sleepers.delete(wake);
      resolve();
    };
    const timer = setTimeout(wake, this.maxWaitTime);
    sleepers.add(wake);
  });
  return [];
};

const sessionTimeoutMs = 6000;
const heartbeatMs = 1500;
/** How long the broker holds a fetch that finds nothing. What arrives meanwhile is answered at once; a partition resumed meanwhile waits. */
const fetchWaitMsMax = 500;
/**
 * Two fetches that bring something are at least this far apart, unless one of its partitions has more. With many producers one comes for
 * each send of each of them otherwise, and a fetch costs the same for one message as for a thousand. What it brought is handed over before the pause.
 */
const fetchPauseMs = 60;
/**
 * All partitions of a fetch (five topics of 16, and room) are handed over at once, and so pause together. Not more: kafkajs starts this many
 * asynchronous functions at every fetch, also an empty one; with 1,024 they were a fifth of all that a service allocated.
 */
const handedOverAtOnce = 128;
/** A relay batch of 500 rows with room to spare; what does not fit comes with the next fetch. */
const bytesPerPartitionMax = 1024 * 1024;

/** Partition n of every topic to member n mod members: the facts of all services about one order meet in one process. */
const byPartition: PartitionAssigner = ({ cluster }) => ({
  name: 'orderlog-by-partition',
  version: 0,
  async assign({ members, topics }) {
    const ids = members.map(({ memberId }) => memberId).sort();
    const assignments = ids.map((memberId, n) => ({
      memberId,
      topics: Object.fromEntries(
        topics.map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId).filter((partition) => partition % ids.length === n)]),
      ),
    }));
    return assignments.map(({ memberId, topics: assignment }) => ({
      memberId,
      memberAssignment: AssignerProtocol.MemberAssignment.encode({ version: 0, assignment, userData: Buffer.alloc(0) }),
    }));
  },
  protocol: ({ topics }) => ({
    name: 'orderlog-by-partition',
    metadata: AssignerProtocol.MemberMetadata.encode({ version: 0, topics, userData: Buffer.alloc(0) }),
  }),
});

/** A message of our own reader, or (compressed) of kafkajs's. Nothing of the former is made here. */
class Incoming implements IncomingMessage {
  readonly offset: number;
  readonly timestampMs: number;
  readonly #message: KafkaMessage | FetchedMessage;

  constructor(message: KafkaMessage | FetchedMessage) {
    this.offset = Number(message.offset);
    this.timestampMs = Number(message.timestamp);
    this.#message = message;
  }

  get key(): Buffer | null {
    return this.#message.key;
  }

  get value(): Buffer | null {
    return this.#message.value;
  }

  get headers(): Readonly<Record<string, unknown>> {
    return this.#message.headers ?? {};
  }

  texts(names: readonly string[]): readonly (string | undefined)[] {
    return 'texts' in this.#message ? this.#message.texts(names) : textsOf(this.headers)(names);
  }
}

/** kafkajs wants partitions grouped by topic. */
const byTopic = (partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] => {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of partitions) {
    const some = topics.get(topic);
    if (some === undefined) topics.set(topic, [partition]);
    else some.push(partition);
  }
  return [...topics].map(([topic, some]) => ({ topic, partitions: some }));
};

const producer = async (kafka: kafkajs.Kafka): Promise<KafkaProducer> => {
  const client = kafka.producer({
    allowAutoTopicCreation: false,
    idempotent: false,
    maxInFlightRequests: 1,
    createPartitioner: () => ({ message }) => message.partition ?? 0,
  });
  await client.connect();
  return {
    prepare: (batches) => batches.map(({ partition, messages }) => new WrittenBatch(partition, messages)),
    async send(topic: string, batches: readonly PartitionBatch[]) {
      const messages = batches.map((batch) => new Bundle(batch.partition, batch.messages, batch instanceof WrittenBatch ? batch.written : undefined));
      const answers = await client.send({ topic, acks: -1, messages });
      // What is meant for a partition it does not know kafkajs drops, and says nothing.
      const taken = new Set(answers.map(({ partition }) => partition));
      for (const { partition } of batches) if (!taken.has(partition)) throw new Error(`nobody took the messages for partition ${partition} of ${topic}`);
      return answers.map(({ partition, baseOffset }) => ({ partition, baseOffset: Number(baseOffset) }));
    },
    close: () => client.disconnect(),
  };
};

/** Listens to a consumer's joins and crashes before it runs. */
const listen = (client: Consumer, listener: GroupListener): void => {
  client.on(client.events.GROUP_JOIN, ({ payload: { memberAssignment } }) => {
    // Nobody awaits this listener: what must hold before the next fetch has to happen before it returns.
    const assigned = Object.entries(memberAssignment).flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition })));
    client.pause(byTopic(assigned));
    listener.onAssigned(assigned);
  });
  client.on(client.events.CRASH, ({ payload: { error, restart } }) => listener.onCrash(error, restart));
};

/**
 * Asks something of the group. After a crash kafkajs is in none for a moment, and says so with an error whoever asks; the next join
 * pauses and assigns everything anew, so that what is asked in between means nothing.
 */
const whileInGroup = (ask: () => void): void => {
  try {
    ask();
  } catch (error) {
    if (!(error instanceof KafkaJSNonRetriableError) || !error.message.startsWith('Consumer group was not initialized')) throw error;
  }
};

const consumer = async (kafka: kafkajs.Kafka, groupId: string, topics: readonly string[], listener: GroupListener): Promise<KafkaConsumer> => {
  const client = kafka.consumer({
    groupId,
    allowAutoTopicCreation: false,
    partitionAssigners: [byPartition],
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: sessionTimeoutMs,
    heartbeatInterval: heartbeatMs,
    maxWaitTimeInMs: fetchWaitMsMax,
    minBytes: 1,
    maxBytesPerPartition: bytesPerPartitionMax,
  });
  listen(client, listener);
  await client.connect();
  await client.subscribe({ topics: [...topics], fromBeginning: true });
  let stopped = false;
  let isBehind = false;
  let pausing: Promise<void> | undefined;
  const pauseUnlessBehind = async (): Promise<void> => {
    // All batches of a fetch are handed over before this goes on.
    await new Promise((resolve) => setImmediate(resolve));
    if (!isBehind) await new Promise((resolve) => setTimeout(resolve, fetchPauseMs));
    isBehind = false;
    pausing = undefined;
  };
  await client.run({
    autoCommit: false,
    partitionsConsumedConcurrently: handedOverAtOnce,
    eachBatch: async ({ batch: { topic, partition, messages, highWatermark } }: EachBatchPayload) => {
      if (!stopped) listener.onBatch({ topic, partition, messages: messages.map((message) => new Incoming(message)), highWatermark: Number(highWatermark) });
      isBehind ||= Number(messages.at(-1)?.offset ?? -1) + 1 < Number(highWatermark);
      pausing ??= pauseUnlessBehind();
      await pausing;
    },
  });
  return {
    pause: (partitions) => whileInGroup(() => client.pause(byTopic(partitions))),
    resume: (partitions) => whileInGroup(() => client.resume(byTopic(partitions))),
    seek: ({ topic, partition }, offset) => whileInGroup(() => client.seek({ topic, partition, offset: String(offset) })),
    commit: (offsets) => client.commitOffsets(offsets.map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) }))),
    async stop() {
      stopped = true;
      await client.disconnect();
    },
  };
};

const leadersMsMax = 10_000;

/** Waits until every partition of new topics has a leader. */
const leadersOf = async (client: kafkajs.Admin, specs: readonly TopicSpec[]): Promise<void> => {
  const giveUpAt = performance.now() + leadersMsMax;
  for (;;) {
    const existing = new Set(await client.listTopics());
    if (specs.every(({ topic }) => existing.has(topic))) {
      const { topics } = await client.fetchTopicMetadata({ topics: specs.map(({ topic }) => topic) });
      const led = topics.reduce((count, { partitions }) => count + partitions.filter(({ leader }) => leader >= 0).length, 0);
      if (led === specs.reduce((count, { partitions }) => count + partitions, 0)) return;
    }
    if (performance.now() > giveUpAt) throw new Error(`topics have no leaders after ${leadersMsMax / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

const admin = async (kafka: kafkajs.Kafka): Promise<KafkaAdmin> => {
  const client = kafka.admin();
  await client.connect();
  return {
    async createTopics(specs: readonly TopicSpec[]) {
      const existing = new Set(await client.listTopics());
      const missing = specs.filter(({ topic }) => !existing.has(topic));
      if (missing.length > 0) {
        await client.createTopics({
          // Its own waiting fails at the first metadata that does not know the topic yet; so it is done below.
          waitForLeaders: false,
          topics: missing.map(({ topic, partitions, replication, config }) => ({
            topic,
            numPartitions: partitions,
            replicationFactor: replication,
            configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
          })),
        });
        await leadersOf(client, missing);
      }
      return missing.map(({ topic }) => topic);
    },
    async describeTopics(topics) {
      const existing = new Set(await client.listTopics());
      const known = topics.filter((topic) => existing.has(topic));
      if (known.length === 0) return new Map();
      const [{ topics: metadata }, { resources }] = await Promise.all([
        client.fetchTopicMetadata({ topics: [...known] }),
        client.describeConfigs({ includeSynonyms: false, resources: known.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })) }),
      ]);
      const configs = new Map(
        resources.map(({ resourceName, configEntries }) => [resourceName, Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue]))]),
      );
      return new Map(metadata.map(({ name, partitions }) => [name, { partitions: partitions.length, config: configs.get(name) ?? {} }]));
    },
    async ends(topic) {
      const offsets = await client.fetchTopicOffsets(topic);
      return offsets.map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }));
    },
    async deleteRecords(topic, below) {
      await client.deleteTopicRecords({ topic, partitions: below.map(({ partition, offset }) => ({ partition, offset: String(offset) })) });
    },
    async deleteTopics(topics) {
      await client.deleteTopics({ topics: [...topics] });
      // The broker answers before it is done; a topic made anew too early would be the old one.
      for (let left = await client.listTopics(); left.some((topic) => topics.includes(topic)); left = await client.listTopics()) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    close: () => client.disconnect(),
  };
};

/** kafkajs behind the port. `brokers`: `host:port,host:port`; `requestMs`: how long an answer may take (10 s). */
export const kafkajsClient = (options: { readonly brokers: string; readonly clientId: string; readonly requestMs?: number; readonly logger?: MessagingLogger }): KafkaClient => {
  const kafka = new Kafka({
    clientId: options.clientId,
    brokers: options.brokers.split(','),
    connectionTimeout: 3000,
    requestTimeout: options.requestMs ?? 10_000,
    retry: { initialRetryTime: 100, maxRetryTime: 2000, retries: 8 },
    logLevel: logLevel.WARN,
    // Losing a broker is said once, by the crash or the failed send that it leads to; kafkajs itself says it per attempt.
    logCreator: () => ({ namespace, log: { message } }) => options.logger?.info({ client: options.clientId, namespace }, message),
  });
  return {
    producer: () => producer(kafka),
    consumer: ({ groupId, topics, listener }) => consumer(kafka, groupId, topics, listener),
    admin: () => admin(kafka),
  };
};
