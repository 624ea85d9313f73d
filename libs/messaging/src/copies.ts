import { randomUUID } from 'node:crypto';
import { compactedPartitions, type CompactedTopic } from '@orderlog/contracts';
import type { IncomingBatch, KafkaClient, OutgoingMessage, PartitionEnds, TopicPartition } from './kafka.port.js';
import { stderrLogger, type MessagingLogger } from './logger.js';
import { describe } from './retries.js';

/** A record of a compacted topic; `value` undefined: the key is gone. */
export type CompactedRecord<T> = { readonly key: string; readonly value: T | undefined };

/** A running reader of a compacted topic. */
export interface CompactedCopies {
  readonly topic: CompactedTopic;
  /** Resolves when everything that stood on the topic at the start has been read. */
  readonly caughtUp: Promise<void>;
  /** Whether everything that stands on the topic at this moment has been read; false also while the broker does not answer. Asks the broker. */
  isCurrent(): Promise<boolean>;
  stop(): Promise<void>;
}

/** Writes records to compacted topics. */
export interface CopiesPublisher {
  publish<T extends { readonly version: number }>(topic: CompactedTopic, records: readonly { readonly key: string; readonly value: T }[]): Promise<void>;
  close(): Promise<void>;
}

/** The partition of a key: the same in every process and for ever (FNV-1a, 32 bits, over UTF-16 units). */
export const compactedPartitionOf = (key: string): number => {
  let hash = 0x811c9dc5;
  for (let n = 0; n < key.length; n += 1) hash = Math.imul(hash ^ key.charCodeAt(n), 0x01000193);
  return ((hash ^ (hash >>> 15)) >>> 0) % compactedPartitions;
};

/** What is still to be read until the ends that were seen at the start. */
class Outstanding {
  readonly #partitions: Map<number, number>;
  readonly reached: Promise<void>;
  #reach: () => void = () => undefined;

  constructor(ends: readonly PartitionEnds[]) {
    this.#partitions = new Map(ends.filter(({ low, high }) => high > low).map(({ partition, high }) => [partition, high]));
    this.reached = new Promise((resolve) => (this.#reach = resolve));
    if (this.#partitions.size === 0) this.#reach();
  }

  read(partition: number, nextOffset: number): void {
    const end = this.#partitions.get(partition);
    if (end === undefined || nextOffset < end) return;
    this.#partitions.delete(partition);
    if (this.#partitions.size === 0) this.#reach();
  }
}

/**
 * Reads a compacted topic from the beginning, then live: every process the whole topic, hence in a group of its own that never commits.
 * Records may come more than once (after a rebalance all of them) and must be kept by version. A record that cannot be read is said and
 * passed over: the next version of its key mends it.
 */
export const readCompacted = async <T>(options: {
  readonly kafka: KafkaClient;
  readonly topic: CompactedTopic;
  readonly topicPrefix?: string;
  /** Names the reader's group, `<service>.copies.<random>`. */
  readonly service: string;
  readonly onRecord: (record: CompactedRecord<T>) => void;
  readonly logger?: MessagingLogger;
}): Promise<CompactedCopies> => {
  const { kafka, topicPrefix = '', logger = stderrLogger, onRecord } = options;
  const topic = `${topicPrefix}${options.topic}`;
  const admin = await kafka.admin();
  const outstanding = new Outstanding(await admin.ends(topic).finally(() => admin.close()));
  /** The offset behind what was read, by partition. */
  const reached = new Map<number, number>();
  let waiting: readonly TopicPartition[] = [];
  // The first assignment comes before the client is in our hands.
  let begin = (partitions: readonly TopicPartition[]): void => {
    waiting = partitions;
  };

  const take = ({ partition, messages }: IncomingBatch): void => {
    for (const { key, value, offset } of messages) {
      try {
        if (key !== null) onRecord({ key: key.toString('utf8'), value: value === null ? undefined : (JSON.parse(value.toString('utf8')) as T) });
      } catch (error) {
        logger.error({ topic, partition, offset, error: describe(error) }, 'a copy could not be read');
      }
    }
    const next = (messages.at(-1)?.offset ?? -1) + 1;
    reached.set(partition, Math.max(next, reached.get(partition) ?? 0));
    outstanding.read(partition, next);
  };
  const compare = async (): Promise<boolean> => {
    const asked = await kafka.admin();
    const ends = await asked.ends(topic).finally(() => asked.close());
    return ends.every(({ partition, low, high }) => high === low || (reached.get(partition) ?? 0) >= high);
  };
  let comparing: Promise<boolean> | undefined;

  const consumer = await kafka.consumer({
    groupId: `${topicPrefix}${options.service}.copies.${randomUUID()}`,
    topics: [topic],
    listener: {
      onAssigned: (partitions) => begin(partitions),
      onBatch: take,
      onCrash: (error, restarts) => logger.error({ topic, error: describe(error), restarts }, 'the reader of copies lost its broker'),
    },
  });
  begin = (partitions) => consumer.resume(partitions);
  consumer.resume(waiting);
  return {
    topic: options.topic,
    caughtUp: outstanding.reached,
    // Those who ask at once share an answer: it costs a connection.
    isCurrent: () =>
      (comparing ??= compare()
        .catch((error: unknown) => {
          logger.warn({ topic, error: describe(error) }, 'the end of the copies is not known');
          return false;
        })
        .finally(() => (comparing = undefined))),
    stop: () => consumer.stop(),
  };
};

const recordsOfSendMax = 1000;

/** A publisher of compacted records; its sends wait for each other, so that a key's versions stay in order. */
export const publishCompacted = async (options: { readonly kafka: KafkaClient; readonly topicPrefix?: string }): Promise<CopiesPublisher> => {
  const producer = await options.kafka.producer();
  let last: Promise<unknown> = Promise.resolve();
  const send = async (topic: string, records: readonly { readonly key: string; readonly value: object }[]): Promise<void> => {
    for (let from = 0; from < records.length; from += recordsOfSendMax) {
      const partitions = new Map<number, OutgoingMessage[]>();
      for (const { key, value } of records.slice(from, from + recordsOfSendMax)) {
        const partition = compactedPartitionOf(key);
        const some = partitions.get(partition);
        const message = { key, value: JSON.stringify(value) };
        if (some === undefined) partitions.set(partition, [message]);
        else some.push(message);
      }
      await producer.send(
        topic,
        [...partitions].map(([partition, messages]) => ({ partition, messages })),
      );
    }
  };
  return {
    publish(topic, records) {
      const mine = last.then(() => send(`${options.topicPrefix ?? ''}${topic}`, records));
      // The next one goes on after a failure, which is the caller's to handle.
      last = mine.catch(() => undefined);
      return mine;
    },
    async close() {
      await last;
      await producer.close();
    },
  };
};
