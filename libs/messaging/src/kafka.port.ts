/** A message on its way to a partition that the caller chose. */
export type OutgoingMessage = {
  readonly key: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Null is the tombstone of a compacted topic. */
  readonly value: string | null;
};

/** Messages for one partition, in order. */
export type PartitionBatch = { readonly partition: number; readonly messages: readonly OutgoingMessage[] };

/** Where the broker put a batch: the offset of its first message. */
export type Acknowledgement = { readonly partition: number; readonly baseOffset: number };

/** Writes to topics. Callers await each send before the next one. */
export interface KafkaProducer {
  /** Does of the next send what can be done while another one is awaited, and answers what is to be sent instead, once. */
  prepare(batches: readonly PartitionBatch[]): readonly PartitionBatch[];
  /** Resolves when every in-sync replica has every message of every batch. */
  send(topic: string, batches: readonly PartitionBatch[]): Promise<readonly Acknowledgement[]>;
  close(): Promise<void>;
}

/** Reads headers with these (ASCII) names as texts, in their order; undefined for one that is missing, given twice, or not text. */
export type HeaderTexts = (names: readonly string[]) => readonly (string | undefined)[];

/** A message as it came. Of what it holds nothing need be made before it is asked for: most messages are only passed over. */
export type IncomingMessage = {
  readonly offset: number;
  readonly key: Buffer | null;
  /** Some headers, without making the others. */
  readonly texts: HeaderTexts;
  /** All of them, bytes or text (anything else is not ours). */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly value: Buffer | null;
  /** When the broker took it, milliseconds since 1970. */
  readonly timestampMs: number;
};

/** One partition of one topic. */
export type TopicPartition = { readonly topic: string; readonly partition: number };

/** Messages of one partition, in order. */
export type IncomingBatch = TopicPartition & { readonly messages: readonly IncomingMessage[]; readonly highWatermark: number };

/** What a member of a consumer group is told. Every function must return at once: fetching and heartbeats wait for it. */
export type GroupListener = {
  /**
   * The new assignment, after every join. All its partitions are already paused; nothing of them comes before `resume`.
   * Earlier assignments are void from this moment.
   */
  readonly onAssigned: (partitions: readonly TopicPartition[]) => void;
  /** Messages to hand over. Fetching goes on behind them unless the partition is paused here. */
  readonly onBatch: (batch: IncomingBatch) => void;
  /** The client gave up; it restarts by itself if `restarts`. */
  readonly onCrash: (error: Error, restarts: boolean) => void;
};

/** A member of a consumer group. Offsets are for monitoring: positions live in the database. */
export interface KafkaConsumer {
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  /** The next fetch begins at `offset`; an offset that does not exist (any more) begins at the topic's beginning. */
  seek(partition: TopicPartition, offset: number): void;
  commit(offsets: readonly (TopicPartition & { readonly offset: number })[]): Promise<void>;
  /** Leaves the group; nothing is handed over any more when it resolves. */
  stop(): Promise<void>;
}

/** What a topic should be like. */
export type TopicSpec = {
  readonly topic: string;
  readonly partitions: number;
  readonly replication: number;
  readonly config: Readonly<Record<string, string>>;
};

/** The oldest offset still there and the one the next message will get. */
export type PartitionEnds = { readonly partition: number; readonly low: number; readonly high: number };

/** Topics: made, looked at, emptied. */
export interface KafkaAdmin {
  /** Makes the topics that do not exist; answers their names. */
  createTopics(specs: readonly TopicSpec[]): Promise<readonly string[]>;
  /** Number of partitions and configuration of each topic that exists. */
  describeTopics(topics: readonly string[]): Promise<ReadonlyMap<string, { readonly partitions: number; readonly config: Readonly<Record<string, string>> }>>;
  ends(topic: string): Promise<readonly PartitionEnds[]>;
  /** Deletes every record below `offset` of a partition. */
  deleteRecords(topic: string, below: readonly { readonly partition: number; readonly offset: number }[]): Promise<void>;
  /** Resolves when they are gone. */
  deleteTopics(topics: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** All that Orderlog wants of a Kafka client; `kafka.contract.ts` says how it has to behave. */
export interface KafkaClient {
  producer(): Promise<KafkaProducer>;
  /**
   * Joins a group. Partition n of all topics goes to the same member, so that facts of several services about one order
   * meet in one process. A group without committed offsets begins at the beginning.
   */
  consumer(options: { readonly groupId: string; readonly topics: readonly string[]; readonly listener: GroupListener }): Promise<KafkaConsumer>;
  admin(): Promise<KafkaAdmin>;
}
