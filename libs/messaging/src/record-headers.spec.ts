import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readHeaderTexts, readRecordHeaders } from './record-headers.js';

const varInt = (value: number): number[] => {
  const bytes: number[] = [];
  let left = ((value << 1) ^ (value >> 31)) >>> 0;
  for (; left > 0x7f; left >>>= 7) bytes.push((left & 0x7f) | 0x80);
  return [...bytes, left];
};
const text = (value: string | null): number[] => (value === null ? varInt(-1) : [...varInt(Buffer.byteLength(value)), ...Buffer.from(value)]);
const encoded = (headers: readonly (readonly [string, string | null])[]): Buffer =>
  Buffer.from([...varInt(headers.length), ...headers.flatMap(([key, value]) => [...text(key), ...text(value)])]);
const read = (bytes: Buffer, offset = 0) => {
  const reader = { buffer: bytes, offset };
  return { headers: readRecordHeaders(reader), end: reader.offset };
};

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((key) => key !== '__proto__');

describe('the headers of a record', () => {
  it('are read as they were written, and the reader stands behind them', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, fc.string({ unit: 'grapheme', maxLength: 300 })), { selector: ([key]) => key, maxLength: 20 }), (headers) => {
        const bytes = Buffer.concat([Buffer.from([7]), encoded(headers), Buffer.from([9, 9])]);
        const { headers: got, end } = read(bytes, 1);
        expect(Object.entries(got).sort()).toEqual([...headers].sort());
        expect(end).toBe(bytes.length - 2);
      }),
    );
  });
  it('may lack a value, and one given more than once is an array', () => {
    expect(read(encoded([['a', null], ['b', '1'], ['b', '2'], ['b', '3']])).headers).toEqual({ a: null, b: ['1', '2', '3'] });
  });
  it('cannot change what every object has', () => {
    const { headers } = read(encoded([['__proto__', 'x'], ['constructor', 'y'], ['constructor', 'z']]));
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
    expect(Object.entries(headers)).toEqual([['constructor', ['y', 'z']]]);
  });
  it('are an error when they end too early', () => {
    const whole = encoded([['name', 'value']]);
    for (let length = 0; length < whole.length; length += 1) expect(() => read(whole.subarray(0, length))).toThrow(RangeError);
  });
});

describe('some headers of a record', () => {
  const texts = (bytes: Buffer, ...names: string[]): (string | undefined)[] => readHeaderTexts({ buffer: bytes, offset: 0 }, names);
  const ascii = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 8 });

  it('are what all of them together say they are', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.oneof(name, ascii), fc.option(fc.string({ unit: 'grapheme', maxLength: 300 }))), { maxLength: 20 }), ascii, (headers, other) => {
        const bytes = encoded(headers);
        const all = read(bytes).headers;
        const wanted = [...new Set([other, ...headers.map(([key]) => key)].filter((key) => /^[ -~]*$/.test(key)))];
        const expected = wanted.map((key) => (Object.hasOwn(all, key) && typeof all[key] === 'string' ? all[key] : undefined));
        expect(texts(bytes, ...wanted)).toEqual(expected);
      }),
    );
  });
  it('are not those whose names begin or end alike', () => {
    expect(texts(encoded([['ce_type', 'a'], ['type', 'b'], ['ce_typ', 'c']]), 'ce_type', 'ce_types', 'typ')).toEqual(['a', undefined, undefined]);
  });
  it('are an error when they end too early', () => {
    const whole = encoded([['name', 'value']]);
    for (let length = 0; length < whole.length; length += 1) expect(() => texts(whole.subarray(0, length), 'name')).toThrow(RangeError);
  });
});
