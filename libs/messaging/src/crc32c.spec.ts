import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { crc32C } from './crc32c.js';

const byteByByte = createRequire(import.meta.url)('kafkajs/src/protocol/recordBatch/crc32C/index.js') as (bytes: Uint8Array) => number;

describe('the checksum', () => {
  it('is that of the test vectors in RFC 3720 (B.4)', () => {
    expect(crc32C(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32C(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  });

  it('is what a byte at a time gives, wherever the bytes begin and end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), fc.nat(300), (bytes, one, other) => {
        const [start, end] = [Math.min(one, other, bytes.length), Math.min(Math.max(one, other), bytes.length)];
        expect(crc32C(bytes, start, end)).toBe(byteByByte(bytes.subarray(start, end)));
      }),
    );
  });
});
