import { crc32C } from './crc32c.js';

/** A message as kafkajs hands it over for encoding. Texts are written as UTF-8. */
export type UnwrittenMessage = {
  readonly key?: string | Buffer | null;
  readonly value?: string | Buffer | null;
  readonly headers?: Readonly<Record<string, string | Buffer | null | readonly (string | Buffer | null)[]>>;
};

/** A produce request: of no transaction, not compressed, the messages' time that of the sending. */
export type ProduceRequest = {
  readonly acks: number;
  readonly timeout: number;
  readonly topicData: readonly {
    readonly topic: string;
    /** `written`: the record batch of the messages, from `recordBatchBytes`. */
    readonly partitions: readonly { readonly partition: number; readonly messages: readonly UnwrittenMessage[]; readonly written?: Buffer | undefined }[];
  }[];
};

type Bytes = string | Buffer | null | undefined;

const zigzag = (value: number): number => ((value << 1) ^ (value >> 31)) >>> 0;

const sizeOfVarInt = (value: number): number => {
  let size = 1;
  for (let left = zigzag(value); left > 0x7f; left >>>= 7) size += 1;
  return size;
};

const writeVarInt = (buffer: Uint8Array, at: number, value: number): number => {
  let left = zigzag(value);
  let next = at;
  for (; left > 0x7f; left >>>= 7) buffer[next++] = (left & 0x7f) | 0x80;
  buffer[next++] = left;
  return next;
};

/** Texts up to here are measured and written by a loop instead of calls out of JavaScript. Not tuned: names, ids and times are shorter, payloads longer. */
const shortMax = 48;

const lengthOf = (bytes: Bytes): number => {
  if (typeof bytes !== 'string') return bytes === null || bytes === undefined ? -1 : bytes.length;
  if (bytes.length > shortMax) return Buffer.byteLength(bytes);
  for (let n = 0; n < bytes.length; n += 1) if (bytes.charCodeAt(n) > 0x7f) return Buffer.byteLength(bytes);
  return bytes.length;
};

/** Attributes and the time's delta, one byte each and 0, stand before the offset's delta. */
const leadingZeros = 2;

/** Names of headers come again with every record: their bytes, the length in front. */
const knownNames = new Map<string, Uint8Array>();
const knownNamesMax = 64;

const nameBytes = (name: string): Uint8Array => {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  const text = Buffer.from(name);
  const bytes = new Uint8Array(sizeOfVarInt(text.length) + text.length);
  bytes.set(text, writeVarInt(bytes, 0, text.length));
  if (knownNames.size < knownNamesMax) knownNames.set(name, bytes);
  return bytes;
};

/**
 * Lengths in the order in which they are written, so that a request is written into one buffer of its exact size. Taken in by a
 * first pass and given out in the second one, so that no record needs a list of its own.
 */
class Lengths {
  readonly #lengths: number[] = [];
  #next = 0;

  add(length: number): number {
    this.#lengths.push(length);
    return length;
  }

  /** Keeps a place for a length that is known later. */
  reserve(): number {
    return this.#lengths.push(0) - 1;
  }

  set(place: number, length: number): void {
    this.#lengths[place] = length;
  }

  take(): number {
    return this.#lengths[this.#next++] as number;
  }
}

const measuredPart = (lengths: Lengths, part: Bytes): number => {
  const length = lengths.add(lengthOf(part));
  return sizeOfVarInt(length) + Math.max(0, length);
};

/** Measures a record and answers its size. */
const measured = (lengths: Lengths, { key, value, headers }: UnwrittenMessage, offsetDelta: number): number => {
  const places = [lengths.reserve(), lengths.reserve()] as const;
  let body = leadingZeros + sizeOfVarInt(offsetDelta) + measuredPart(lengths, key) + measuredPart(lengths, value);
  let count = 0;
  for (const name in headers) {
    const one = headers[name];
    const nameSize = nameBytes(name).length;
    if (Array.isArray(one)) {
      for (const part of one as readonly Bytes[]) body += nameSize + measuredPart(lengths, part);
      count += one.length;
    } else {
      body += nameSize + measuredPart(lengths, one as Bytes);
      count += 1;
    }
  }
  body += sizeOfVarInt(count);
  lengths.set(places[0], body);
  lengths.set(places[1], count);
  return sizeOfVarInt(body) + body;
};

const writePart = (buffer: Buffer, start: number, part: Bytes, length: number): number => {
  const at = writeVarInt(buffer, start, length);
  if (length <= 0) return at;
  if (typeof part !== 'string') buffer.set(part as Buffer, at);
  else if (length > shortMax || length !== part.length) buffer.write(part, at, length === part.length ? 'latin1' : 'utf8');
  else for (let n = 0; n < length; n += 1) buffer[at + n] = part.charCodeAt(n);
  return at + length;
};

const writeName = (buffer: Buffer, at: number, name: string): number => {
  const bytes = nameBytes(name);
  for (let n = 0; n < bytes.length; n += 1) buffer[at + n] = bytes[n] as number;
  return at + bytes.length;
};

const writeRecord = (buffer: Buffer, start: number, lengths: Lengths, { key, value, headers }: UnwrittenMessage, offsetDelta: number): number => {
  let at = writeVarInt(buffer, start, lengths.take());
  const count = lengths.take();
  buffer[at++] = 0;
  buffer[at++] = 0;
  at = writeVarInt(buffer, at, offsetDelta);
  at = writePart(buffer, at, key, lengths.take());
  at = writePart(buffer, at, value, lengths.take());
  at = writeVarInt(buffer, at, count);
  for (const name in headers) {
    const one = headers[name];
    if (Array.isArray(one)) for (const part of one as readonly Bytes[]) at = writePart(buffer, writeName(buffer, at, name), part, lengths.take());
    else at = writePart(buffer, writeName(buffer, at, name), one as Bytes, lengths.take());
  }
  return at;
};

/** From the base offset to the count of records: https://kafka.apache.org/documentation/#recordbatch. */
export const batchHeadSize = 61;
/** First offset and length of a record batch, which the length does not count. */
export const offsetAndLengthSize = 12;
const [crcAt, attributesAt] = [17, 21];

const writeBatch = (buffer: Buffer, start: number, lengths: Lengths, messages: readonly UnwrittenMessage[], size: number, now: bigint): void => {
  buffer.fill(0, start, start + batchHeadSize);
  buffer.writeInt32BE(size - offsetAndLengthSize, start + 8);
  buffer[start + 16] = 2;
  buffer.writeInt32BE(messages.length - 1, start + 23);
  buffer.writeBigInt64BE(now, start + 27);
  buffer.writeBigInt64BE(now, start + 35);
  // No producer id: these sends are not idempotent.
  buffer.fill(0xff, start + 43, start + 51);
  buffer.writeInt32BE(messages.length, start + 57);
  let at = start + batchHeadSize;
  for (let n = 0; n < messages.length; n += 1) at = writeRecord(buffer, at, lengths, messages[n] as UnwrittenMessage, n);
  buffer.writeUInt32BE(crc32C(buffer, start + attributesAt, at), start + crcAt);
};

const measuredBatch = (lengths: Lengths, messages: readonly UnwrittenMessage[]): number => {
  let size = batchHeadSize;
  for (let n = 0; n < messages.length; n += 1) size += measured(lengths, messages[n] as UnwrittenMessage, n);
  return size;
};

/** The messages of one partition as they stand in a produce request: made while another request is answered, they need only be copied. `now` is in milliseconds. */
export const recordBatchBytes = (messages: readonly UnwrittenMessage[], now: number): Buffer => {
  const lengths = new Lengths();
  const size = measuredBatch(lengths, messages);
  const buffer = Buffer.allocUnsafe(size);
  writeBatch(buffer, 0, lengths, messages, size, BigInt(now));
  return buffer;
};

const nullableAcksTimeoutCount = 2 + 2 + 4 + 4;

/**
 * The body of a produce request of versions 3 to 7 (https://kafka.apache.org/protocol#The_Messages_Produce), behind `room` bytes for the head of the
 * request; `now` is in milliseconds.
 */
export const produceRequestBytes = ({ acks, timeout, topicData }: ProduceRequest, now: number, room = 0): Buffer => {
  const lengths = new Lengths();
  const sizes: number[] = [];
  let size = room + nullableAcksTimeoutCount;
  for (const { topic, partitions } of topicData) {
    size += 2 + Buffer.byteLength(topic) + 4;
    for (const { messages, written } of partitions) {
      const batchSize = written?.length ?? measuredBatch(lengths, messages);
      sizes.push(batchSize);
      size += 8 + batchSize;
    }
  }
  const buffer = Buffer.allocUnsafe(size);
  let at = buffer.writeInt16BE(-1, room);
  at = buffer.writeInt16BE(acks, at);
  at = buffer.writeInt32BE(timeout, at);
  at = buffer.writeInt32BE(topicData.length, at);
  let batch = 0;
  for (const { topic, partitions } of topicData) {
    at = buffer.writeInt16BE(Buffer.byteLength(topic), at);
    at += buffer.write(topic, at);
    at = buffer.writeInt32BE(partitions.length, at);
    for (const { partition, messages, written } of partitions) {
      const batchSize = sizes[batch++] as number;
      at = buffer.writeInt32BE(partition, at);
      at = buffer.writeInt32BE(batchSize, at);
      if (written === undefined) writeBatch(buffer, at, lengths, messages, batchSize, BigInt(now));
      else buffer.set(written, at);
      at += batchSize;
    }
  }
  return buffer;
};
