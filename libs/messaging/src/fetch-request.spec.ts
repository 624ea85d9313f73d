import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fetchRequestBytes, type FetchRequest } from './fetch-request.js';

const internals = createRequire(import.meta.url);
const { protocol } = internals('kafkajs/src/protocol/requests/fetch/index.js') as {
  protocol(wanted: { readonly version: number }): (asked: FetchRequest) => { readonly request: { encode(): Promise<{ readonly buffer: Buffer }> } };
};

const text = fc.string({ unit: 'grapheme', maxLength: 50 });
const count = fc.nat(2 ** 31 - 1);
const request = fc.record(
  {
    isolationLevel: fc.constantFrom(0, 1),
    maxWaitTime: count,
    minBytes: count,
    maxBytes: count,
    topics: fc.array(
      fc.record({
        topic: text,
        partitions: fc.array(fc.record({ partition: count, fetchOffset: fc.integer({ min: -2, max: 2 ** 52 }).map(String), maxBytes: count }), { maxLength: 20 }),
      }),
      { maxLength: 5 },
    ),
    rackId: text,
  },
  { requiredKeys: ['maxWaitTime', 'minBytes', 'maxBytes', 'topics'] },
);

describe('a fetch request', () => {
  it('has the bytes that kafkajs makes of it', async () => {
    await fc.assert(
      fc.asyncProperty(request, async (asked) => {
        const { buffer } = await protocol({ version: 11 })(asked).request.encode();
        expect(fetchRequestBytes(asked).equals(buffer)).toBe(true);
      }),
    );
  });
});
