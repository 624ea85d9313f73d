import type { CompactedTopic } from '@orderlog/contracts';
import type { KafkaClient } from './kafka.port.js';
import type { MessagingLogger } from './logger.js';

/** A record of a compacted topic; `value` undefined: the key is gone. */
export type CompactedRecord<T> = { readonly key: string; readonly value: T | undefined };

/** A running reader of a compacted topic. */
export interface CompactedCopies {
  /** Resolves when everything that stood on the topic at the start has been read. */
  readonly caughtUp: Promise<void>;
  stop(): Promise<void>;
}

/** Writes records to compacted topics. */
export interface CopiesPublisher {
  publish<T extends { readonly version: number }>(topic: CompactedTopic, records: readonly { readonly key: string; readonly value: T }[]): Promise<void>;
  close(): Promise<void>;
}

/** The partition of a key: the same in every process and language (FNV-1a, 32 bits). */
export const compactedPartitionOf = (key: string): number => key.length;

/** Reads a compacted topic from the beginning, then live. Records may come more than once and must be kept by version. */
export const readCompacted = async <T>(options: {
  readonly kafka: KafkaClient;
  readonly topic: CompactedTopic;
  readonly topicPrefix?: string;
  /** Names the reader's group (`<service>.copies…`). */
  readonly service: string;
  readonly onRecord: (record: CompactedRecord<T>) => void;
  readonly logger?: MessagingLogger;
}): Promise<CompactedCopies> => {
  throw new Error(`being written ${options.topic}`);
};

/** A publisher of compacted records; sends are awaited one after the other. */
export const publishCompacted = async (options: { readonly kafka: KafkaClient; readonly topicPrefix?: string }): Promise<CopiesPublisher> => {
  throw new Error(`being written ${options.topicPrefix}`);
};
