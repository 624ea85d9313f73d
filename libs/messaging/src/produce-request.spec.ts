import { createRequire } from 'node:module';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { produceRequestBytes, recordBatchBytes, type ProduceRequest } from './produce-request.js';

const internals = createRequire(import.meta.url);
const kafkajsRequest = internals('kafkajs/src/protocol/requests/produce/v7/request.js') as (request: ProduceRequest) => { encode(): Promise<{ readonly buffer: Buffer }> };

const now = 1_763_900_000_123;
const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.string({ minLength: 8_100, maxLength: 8_300 }));
const bytes = fc.uint8Array({ maxLength: 100 }).map((array) => Buffer.from(array));
const header = fc.oneof(text, bytes, fc.array(text, { maxLength: 3 }));
const name = fc.string({ unit: 'grapheme', maxLength: 80 }).filter((key) => key !== '__proto__');
const message = fc.record(
  { key: fc.oneof(text, bytes, fc.constant(null)), value: fc.oneof(text, bytes, fc.constant(null)), headers: fc.dictionary(name, header, { maxKeys: 15 }) },
  { requiredKeys: ['value'] },
);
const request = fc.record({
  acks: fc.constantFrom(-1, 1),
  timeout: fc.nat(60_000),
  topicData: fc.array(
    fc.record({
      topic: fc.string({ unit: 'grapheme', maxLength: 50 }),
      partitions: fc.array(fc.record({ partition: fc.nat(100), messages: fc.array(message, { minLength: 1, maxLength: 130 }) }), { maxLength: 3 }),
    }),
    { maxLength: 3 },
  ),
});

describe('a produce request', () => {
  afterEach(() => void jest.restoreAllMocks());

  it('has the bytes that kafkajs makes of it', async () => {
    jest.spyOn(Date, 'now').mockReturnValue(now);
    await fc.assert(
      fc.asyncProperty(request, fc.nat(200), async (asked, room) => {
        const { buffer } = await kafkajsRequest(asked).encode();
        expect(produceRequestBytes(asked, now, room).subarray(room).equals(buffer)).toBe(true);
        const topicData = asked.topicData.map(({ topic, partitions }) => ({
          topic,
          partitions: partitions.map(({ partition, messages }, n) => ({ partition, messages, written: n % 2 === 0 ? recordBatchBytes(messages, now) : undefined })),
        }));
        expect(produceRequestBytes({ ...asked, topicData }, now, room).subarray(room).equals(buffer)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
