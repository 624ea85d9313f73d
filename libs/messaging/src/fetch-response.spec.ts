import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readFetchResponse, type FetchedMessage, type FetchResponse } from './fetch-response.js';

type Encoder = {
  readonly buffer: Buffer;
  writeInt16(value: number): Encoder;
  writeInt32(value: number): Encoder;
  writeInt64(value: bigint | string): Encoder;
  writeString(value: string): Encoder;
  writeEncoder(value: Encoder): Encoder;
  writeBufferInternal(value: Buffer): Encoder;
};
type Batch = {
  readonly firstOffset: number;
  readonly transactional: boolean;
  readonly producerId: number;
  readonly compression: number;
  readonly records: readonly { readonly timestampDelta: number; readonly key: string | null; readonly value: string | null; readonly headers: Readonly<Record<string, string>> }[];
};
type Partition = { readonly partition: number; readonly errorCode: number; readonly highWatermark: number; readonly replica: number; readonly aborted: readonly number[]; readonly batches: readonly Batch[] };
type Topic = { readonly topic: string; readonly partitions: readonly Partition[] };

const internals = createRequire(import.meta.url);
const EncoderOf = internals('kafkajs/src/protocol/encoder.js') as new () => Encoder;
const LongOf = internals('kafkajs/src/utils/long.js') as { fromValue(value: number): bigint };
const { RecordBatch } = internals('kafkajs/src/protocol/recordBatch/v0/index.js') as { RecordBatch(batch: object): Promise<Encoder> };
const record = internals('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (record: object) => Encoder;
const theirs = internals('kafkajs/src/protocol/requests/fetch/v11/response.js') as { decode(bytes: Buffer): Promise<FetchResponse> };

const firstTimestamp = 1_763_900_000_123;

/** kafkajs looks at the 17th byte of whatever there is; a broker never sends less than that of its first batch. */
const kafkajsReads = 17;

const encodeBatch = ({ firstOffset, transactional, producerId, compression, records }: Batch): Promise<Encoder> =>
  RecordBatch({
    compression,
    firstOffset: LongOf.fromValue(firstOffset),
    firstTimestamp,
    maxTimestamp: firstTimestamp + 1_000,
    lastOffsetDelta: records.length - 1,
    transactional,
    producerId: LongOf.fromValue(producerId),
    records: records.map((one, offsetDelta) => record({ offsetDelta, ...one })),
  });

/** The bytes of a response; `cut` bytes of the last batch of each partition are missing. */
const encode = async (topics: readonly Topic[], cut: number): Promise<Buffer> => {
  const response = new EncoderOf().writeInt32(7).writeInt16(0).writeInt32(99).writeInt32(topics.length);
  for (const { topic, partitions } of topics) {
    response.writeString(topic).writeInt32(partitions.length);
    for (const { partition, errorCode, highWatermark, replica, aborted, batches } of partitions) {
      response.writeInt32(partition).writeInt16(errorCode);
      for (const offset of [highWatermark, highWatermark, 0]) response.writeInt64(LongOf.fromValue(offset));
      response.writeInt32(aborted.length);
      for (const offset of aborted) response.writeInt64(LongOf.fromValue(4)).writeInt64(LongOf.fromValue(offset));
      response.writeInt32(replica);
      const bytes = Buffer.concat(await Promise.all(batches.map(async (batch) => (await encodeBatch(batch)).buffer)));
      const left = bytes.length - cut;
      const kept = bytes.subarray(0, left < kafkajsReads ? 0 : left);
      response.writeInt32(kept.length).writeBufferInternal(kept);
    }
  }
  return response.buffer;
};

const text = fc.string({ unit: 'grapheme', maxLength: 100 });
// kafkajs takes what every object inherits for a value that came before: a header `constructor` is the text of a function there. Ours are read
// right (`record-headers.spec.ts`), and fast-check draws such names on purpose.
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter((key) => !(key in Object.prototype));
const batch = fc.record({
  firstOffset: fc.integer({ min: 0, max: 2 ** 45 }),
  transactional: fc.boolean(),
  producerId: fc.integer({ min: -1, max: 1000 }),
  compression: fc.constant(0),
  records: fc.array(
    fc.record({
      timestampDelta: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
      key: fc.option(text),
      value: fc.option(text),
      headers: fc.dictionary(name, text, { maxKeys: 5 }),
    }),
    { minLength: 1, maxLength: 20 },
  ),
});
const topics = fc.array(
  fc.record({
    topic: text,
    partitions: fc.array(
      fc.record({
        partition: fc.nat(100),
        errorCode: fc.constantFrom(0, 1, 6),
        highWatermark: fc.integer({ min: -1, max: 2 ** 45 }),
        replica: fc.constantFrom(-1, -1, 2),
        aborted: fc.array(fc.nat(1000), { maxLength: 2 }),
        batches: fc.array(batch, { maxLength: 3 }),
      }),
      { maxLength: 3 },
    ),
  }),
  { maxLength: 3 },
);

/** What anybody looks at, in one form. */
const comparable = ({ offset, timestamp, key, value, headers, isControlRecord, batchContext: { producerId, inTransaction } }: FetchedMessage) => ({
  offset,
  timestamp: Number(timestamp),
  key: key?.toString('hex'),
  value: value?.toString('hex'),
  headers: Object.entries(headers).map(([header, content]) => [header, String(content)]),
  isControlRecord,
  batchContext: { producerId, inTransaction },
});
const comparableResponse = (response: FetchResponse | undefined) => ({
  ...response,
  responses: response?.responses.map(({ topicName, partitions }) => ({
    topicName,
    partitions: partitions
      .filter(({ errorCode, preferredReadReplica, messages }) => messages.length > 0 || errorCode !== 0 || preferredReadReplica !== -1)
      .map((partition) => ({ ...partition, messages: partition.messages.map(comparable) })),
  })),
});

describe('a fetch response', () => {
  it('is read as kafkajs reads it, but for partitions that brought nothing, also where the last batch is cut off', async () => {
    await fc.assert(
      fc.asyncProperty(topics, fc.oneof(fc.constant(0), fc.nat(200)), async (some, cut) => {
        const bytes = await encode(some, cut);
        const ours = readFetchResponse(bytes);
        const expected = comparableResponse(await theirs.decode(bytes));
        expect(comparableResponse(ours)).toStrictEqual(expected);
        expect(ours?.responses.map(({ partitions }) => partitions.length)).toStrictEqual(expected.responses?.map(({ partitions }) => partitions.length));
      }),
      { numRuns: 100 },
    );
  });

  it('is left to kafkajs where records are compressed', async () => {
    const records = [{ timestampDelta: 0, key: 'k', value: 'v', headers: {} }];
    const bytes = await encode([{ topic: 't', partitions: [{ partition: 0, errorCode: 0, highWatermark: 1, replica: -1, aborted: [], batches: [{ firstOffset: 0, transactional: false, producerId: -1, compression: 1, records }] }] }], 0);
    expect(readFetchResponse(bytes)).toBeUndefined();
  });

  it('is an error when a record says it is longer than it is', async () => {
    const bytes = await encode([{ topic: 't', partitions: [{ partition: 0, errorCode: 0, highWatermark: 1, replica: -1, aborted: [], batches: [{ firstOffset: 0, transactional: false, producerId: -1, compression: 0, records: [{ timestampDelta: 0, key: 'key', value: 'value', headers: {} }] }] }] }], 0);
    const at = bytes.indexOf('key') - 1;
    bytes.writeInt8(126, at);
    expect(() => readFetchResponse(bytes)).toThrow(RangeError);
  });

  it('makes nothing of a message that is not asked for, and leaves nothing of the message in what is', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const many = 5_000;
    const headers = Object.fromEntries(Array.from({ length: 14 }, (_, n) => [`ce_header_${n}`, `${n} is the value of a header, as long as ours are`]));
    const records = Array.from({ length: many }, () => ({ timestampDelta: 0, key: 'order-019aa000-0000-7000-8000-000000000003', value: JSON.stringify(headers), headers }));
    const bytes = await encode([{ topic: 't', partitions: [{ partition: 0, errorCode: 0, highWatermark: many, replica: -1, aborted: [], batches: [{ firstOffset: 0, transactional: false, producerId: -1, compression: 0, records }] }] }], 0);
    const bytesEach = (make: () => readonly unknown[]): number => {
      collect();
      const before = process.memoryUsage().heapUsed;
      const kept = make();
      collect();
      const after = process.memoryUsage().heapUsed;
      expect(kept).toHaveLength(many);
      return (after - before) / many;
    };
    const messages = (): readonly FetchedMessage[] => readFetchResponse(bytes)?.responses[0]?.partitions[0]?.messages ?? [];
    // An object of six fields and the digits of its offset: 90. With headers, key and value made at once: 1,840.
    expect(bytesEach(messages)).toBeLessThan(200);
    // A text of 49 characters: 78. As a cut of the text of all headers: 910.
    expect(bytesEach(() => messages().map((message) => message.texts(['ce_header_7'])[0]))).toBeLessThan(150);
  });
});
