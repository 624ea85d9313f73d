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
    readonly partitions: readonly { readonly partition: number; readonly messages: readonly UnwrittenMessage[] }[];
  }[];
};

type Bytes = string | Buffer | null | undefined;

/** A record with everything measured, so that all of a request is written into one buffer of its exact size. */
type Measured = { readonly parts: readonly Bytes[]; readonly lengths: readonly number[]; readonly body: number; readonly size: number };

const zigzag = (value: number): number => ((value << 1) ^ (value >> 31)) >>> 0;

const sizeOfVarInt = (value: number): number => {
  let size = 1;
  for (let left = zigzag(value); left > 0x7f; left >>>= 7) size += 1;
  return size;
};

const lengthOf = (bytes: Bytes): number => (bytes === null || bytes === undefined ? -1 : typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length);

/** Attributes and the time's delta, one byte each and 0, stand before the offset's delta. */
const leadingZeros = 2;
/** Key and value; name and value of each header follow. */
const headersFrom = 2;

const measured = ({ key, value, headers = {} }: UnwrittenMessage, offsetDelta: number): Measured => {
  const parts: Bytes[] = [key, value];
  for (const name of Object.keys(headers)) {
    const one = headers[name];
    if (Array.isArray(one)) for (const each of one as readonly Bytes[]) parts.push(name, each);
    else parts.push(name, one as Bytes);
  }
  const lengths: number[] = [];
  let body = leadingZeros + sizeOfVarInt(offsetDelta) + sizeOfVarInt((parts.length - headersFrom) / 2);
  for (const part of parts) {
    const length = lengthOf(part);
    lengths.push(length);
    body += sizeOfVarInt(length) + Math.max(0, length);
  }
  return { parts, lengths, body, size: sizeOfVarInt(body) + body };
};

const writeVarInt = (buffer: Buffer, at: number, value: number): number => {
  let left = zigzag(value);
  let next = at;
  for (; left > 0x7f; left >>>= 7) buffer[next++] = (left & 0x7f) | 0x80;
  buffer[next++] = left;
  return next;
};

const writeRecord = (buffer: Buffer, start: number, { parts, lengths, body }: Measured, offsetDelta: number): number => {
  let at = writeVarInt(buffer, start, body);
  buffer.fill(0, at, at + leadingZeros);
  at = writeVarInt(buffer, at + leadingZeros, offsetDelta);
  for (let n = 0; n < parts.length; n += 1) {
    if (n === headersFrom) at = writeVarInt(buffer, at, (parts.length - headersFrom) / 2);
    const [part, length] = [parts[n], lengths[n] as number];
    at = writeVarInt(buffer, at, length);
    if (typeof part === 'string') buffer.write(part, at, length === part.length ? 'latin1' : 'utf8');
    else if (part) buffer.set(part, at);
    at += Math.max(0, length);
  }
  return parts.length === headersFrom ? writeVarInt(buffer, at, 0) : at;
};

/** From the base offset to the count of records: https://kafka.apache.org/documentation/#recordbatch. */
export const batchHeadSize = 61;
/** First offset and length of a record batch, which the length does not count. */
export const offsetAndLengthSize = 12;
const [crcAt, attributesAt] = [17, 21];

const writeBatch = (buffer: Buffer, start: number, records: readonly Measured[], size: number, now: bigint, crc32C: (bytes: Buffer) => number): void => {
  buffer.fill(0, start, start + batchHeadSize);
  buffer.writeInt32BE(size - offsetAndLengthSize, start + 8);
  buffer[start + 16] = 2;
  buffer.writeInt32BE(records.length - 1, start + 23);
  buffer.writeBigInt64BE(now, start + 27);
  buffer.writeBigInt64BE(now, start + 35);
  // No producer id: these sends are not idempotent.
  buffer.fill(0xff, start + 43, start + 51);
  buffer.writeInt32BE(records.length, start + 57);
  let at = start + batchHeadSize;
  for (const [n, record] of records.entries()) at = writeRecord(buffer, at, record, n);
  buffer.writeUInt32BE(crc32C(buffer.subarray(start + attributesAt, at)), start + crcAt);
};

const nullableAcksTimeoutCount = 2 + 2 + 4 + 4;

/**
 * The body of a produce request of versions 3 to 7 (https://kafka.apache.org/protocol#The_Messages_Produce). `crc32C` is the checksum of a
 * record batch; `now` is in milliseconds.
 */
export const produceRequestBytes = ({ acks, timeout, topicData }: ProduceRequest, crc32C: (bytes: Buffer) => number, now: number): Buffer => {
  const topics = topicData.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map(({ partition, messages }) => {
      const records = messages.map(measured);
      return { partition, records, size: records.reduce((sum, { size }) => sum + size, batchHeadSize) };
    }),
  }));
  const size = topics.reduce(
    (sum, { topic, partitions }) => sum + 2 + Buffer.byteLength(topic) + 4 + partitions.reduce((all, partition) => all + 8 + partition.size, 0),
    nullableAcksTimeoutCount,
  );
  const buffer = Buffer.allocUnsafe(size);
  let at = buffer.writeInt16BE(-1, 0);
  at = buffer.writeInt16BE(acks, at);
  at = buffer.writeInt32BE(timeout, at);
  at = buffer.writeInt32BE(topics.length, at);
  for (const { topic, partitions } of topics) {
    at = buffer.writeInt16BE(Buffer.byteLength(topic), at);
    at += buffer.write(topic, at);
    at = buffer.writeInt32BE(partitions.length, at);
    for (const { partition, records, size: batchSize } of partitions) {
      at = buffer.writeInt32BE(partition, at);
      at = buffer.writeInt32BE(batchSize, at);
      writeBatch(buffer, at, records, batchSize, BigInt(now), crc32C);
      at += batchSize;
    }
  }
  return buffer;
};
