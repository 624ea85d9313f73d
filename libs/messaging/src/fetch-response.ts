import type { HeaderTexts } from './kafka.port.js';
import { batchHeadSize, offsetAndLengthSize } from './produce-request.js';
import { readHeaderTexts, readRecordHeaders, type RecordHeaders } from './record-headers.js';

/** A message of a fetch, as kafkajs hands it on. `offset` is text because kafkajs compares it as such. */
export type FetchedMessage = {
  readonly offset: string;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
  readonly texts: HeaderTexts;
  readonly isControlRecord: boolean;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
};

/** What a fetch brought of one partition. */
export type FetchedPartition = {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  readonly lastStableOffset: string;
  readonly lastStartOffset: string;
  readonly abortedTransactions: readonly { readonly producerId: string; readonly firstOffset: string }[];
  readonly preferredReadReplica: number;
  readonly messages: readonly FetchedMessage[];
};

/** A decoded fetch response. `throttleTime` is 0: a broker of this version has waited itself before it answered. */
export type FetchResponse = {
  readonly throttleTime: 0;
  readonly clientSideThrottleTime: number;
  readonly errorCode: number;
  readonly sessionId: number;
  readonly responses: readonly { readonly topicName: string; readonly partitions: readonly FetchedPartition[] }[];
};

/** The version of the response whose form this is; what Kafka 2.3 and later agree on with kafkajs. */
export const fetchVersion = 11;

const recordBatchMagic = 2;
const compressionMask = 0x7;
const logAppendTime = 0x8;
const transactional = 0x10;
const control = 0x20;

/** Thrown at what kafkajs reads and this does not: compressed records, and message sets from before Kafka 0.11. */
class OtherForm extends Error {}

class Reader {
  constructor(
    readonly buffer: Buffer,
    public offset = 0,
  ) {}

  int8(): number {
    this.offset += 1;
    return this.buffer.readInt8(this.offset - 1);
  }
  int16(): number {
    this.offset += 2;
    return this.buffer.readInt16BE(this.offset - 2);
  }
  int32(): number {
    this.offset += 4;
    return this.buffer.readInt32BE(this.offset - 4);
  }
  /** Exact below 2^53: offsets, and times until the year 287396. */
  int64(): number {
    this.offset += 8;
    return this.buffer.readInt32BE(this.offset - 8) * 0x1_0000_0000 + this.buffer.readUInt32BE(this.offset - 4);
  }
  string(): string {
    const length = this.int16();
    if (length < 0) return '';
    this.offset += length;
    return this.buffer.toString('utf8', this.offset - length, this.offset);
  }
  /** A signed number of variable length; by arithmetic, because time differences may have more than 32 bits. */
  varLong(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.int8() & 0xff;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
  }
  /** Answers their number; -1 for null. */
  skipVarBytes(): number {
    const length = this.varLong();
    if (length < 0) return -1;
    this.offset += length;
    if (this.offset > this.buffer.length) throw new RangeError('a record ends in the middle of its bytes');
    return length;
  }
  varBytes(): Buffer | null {
    const length = this.skipVarBytes();
    return length < 0 ? null : this.buffer.subarray(this.offset - length, this.offset);
  }
}

const listOf = <T>(reader: Reader, read: (reader: Reader) => T): T[] => {
  const list: T[] = [];
  for (let left = reader.int32(); left > 0; left -= 1) list.push(read(reader));
  return list;
};

/** Tells kafkajs what belongs to a transaction that was given up. */
type BatchContext = FetchedMessage['batchContext'];

/**
 * A record as a place in the response: what it holds is cut out when somebody asks for it. Thousands wait their turn in a consumer's queues, and most of
 * them are passed over for their type: with headers and payload made at once, what waited was a fifth to two thirds of all that outlived a young collection.
 */
class FetchedRecord implements FetchedMessage {
  constructor(
    readonly offset: string,
    readonly timestamp: number,
    readonly isControlRecord: boolean,
    readonly batchContext: BatchContext,
    private readonly buffer: Buffer,
    private readonly keyAt: number,
  ) {}

  get key(): Buffer | null {
    return new Reader(this.buffer, this.keyAt).varBytes();
  }

  get value(): Buffer | null {
    const reader = new Reader(this.buffer, this.keyAt);
    reader.skipVarBytes();
    return reader.varBytes();
  }

  get headers(): RecordHeaders {
    return readRecordHeaders(this.#atHeaders());
  }

  texts(names: readonly string[]): (string | undefined)[] {
    return readHeaderTexts(this.#atHeaders(), names);
  }

  #atHeaders(): Reader {
    const reader = new Reader(this.buffer, this.keyAt);
    reader.skipVarBytes();
    reader.skipVarBytes();
    return reader;
  }
}

/** Reads one record batch (https://kafka.apache.org/documentation/#recordbatch) onto `messages`. */
const readBatch = (reader: Reader, messages: FetchedMessage[]): void => {
  const firstOffset = reader.int64();
  reader.offset += 4 + 4 + 1 + 4; // length, leader's epoch, magic, checksum
  const attributes = reader.int16();
  if ((attributes & compressionMask) !== 0) throw new OtherForm();
  reader.offset += 4; // last offset
  const firstTimestamp = reader.int64();
  const maxTimestamp = reader.int64();
  const producerId = String(reader.int64());
  reader.offset += 2 + 4; // producer's epoch, first sequence
  const isControlRecord = (attributes & control) !== 0;
  const batchContext = { producerId, inTransaction: (attributes & transactional) !== 0 };
  for (let left = reader.int32(); left > 0; left -= 1) {
    const length = reader.varLong();
    const end = reader.offset + length;
    reader.offset += 1; // attributes, unused
    const timestampDelta = reader.varLong();
    const offset = String(firstOffset + reader.varLong());
    const timestamp = (attributes & logAppendTime) !== 0 ? maxTimestamp : firstTimestamp + timestampDelta;
    messages.push(new FetchedRecord(offset, timestamp, isControlRecord, batchContext, reader.buffer, reader.offset));
    // A response that breaks off within a record is an error now, not when somebody looks at it.
    reader.skipVarBytes();
    reader.skipVarBytes();
    if (end < reader.offset || end > reader.buffer.length) throw new RangeError('a record is not as long as it says');
    reader.offset = end;
  }
};

/** The record batches of a partition; the last one may be cut off, because the broker fills a limit of bytes. */
const readMessages = (reader: Reader): FetchedMessage[] => {
  const size = reader.int32();
  const end = reader.offset + size;
  const messages: FetchedMessage[] = [];
  if (size <= 0 || end > reader.buffer.length) return messages;
  while (end - reader.offset >= batchHeadSize) {
    const begin = reader.offset;
    const batchEnd = begin + offsetAndLengthSize + reader.buffer.readInt32BE(begin + 8);
    if (reader.buffer.readInt8(begin + 16) !== recordBatchMagic) throw new OtherForm();
    if (batchEnd > end) break;
    readBatch(reader, messages);
    reader.offset = batchEnd;
  }
  reader.offset = end;
  return messages;
};

const readAborted = (reader: Reader) => ({ producerId: String(reader.int64()), firstOffset: String(reader.int64()) });

const readPartition = (reader: Reader): FetchedPartition => ({
  partition: reader.int32(),
  errorCode: reader.int16(),
  highWatermark: String(reader.int64()),
  lastStableOffset: String(reader.int64()),
  lastStartOffset: String(reader.int64()),
  abortedTransactions: listOf(reader, readAborted),
  preferredReadReplica: reader.int32(),
  messages: readMessages(reader),
});

/** A response names every partition that was asked for, most of them with nothing: kafkajs would make each a batch and count its lag. */
const says = ({ errorCode, preferredReadReplica, messages }: FetchedPartition): boolean => messages.length > 0 || errorCode !== 0 || preferredReadReplica !== -1;

const readTopic = (reader: Reader) => ({ topicName: reader.string(), partitions: listOf(reader, readPartition).filter(says) });

/**
 * Reads a fetch response (https://kafka.apache.org/protocol#The_Messages_Fetch, version 11) in one pass over its bytes, without the
 * partitions that brought nothing. Undefined where it holds what only kafkajs reads (compressed records).
 */
export const readFetchResponse = (bytes: Buffer): FetchResponse | undefined => {
  const reader = new Reader(bytes);
  try {
    return {
      throttleTime: 0,
      clientSideThrottleTime: reader.int32(),
      errorCode: reader.int16(),
      sessionId: reader.int32(),
      responses: listOf(reader, readTopic),
    };
  } catch (error) {
    if (error instanceof OtherForm) return undefined;
    throw error;
  }
};
