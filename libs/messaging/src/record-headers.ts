/** Where a reader of Kafka's wire format stands. */
export type WireReader = { readonly buffer: Buffer; offset: number };

/** Header values as text; a header given more than once is an array. */
export type RecordHeaders = Record<string, string | string[] | null>;

/** Where a text begins and ends; -1 and -1 for null. */
type Bounds = { readonly start: number; readonly end: number };

/** Names in the place where they stood last: the headers of one topic come in one order, and a known name need not be made anew. */
const lastNames: string[] = [];
const lastNamesMax = 32;

const readVarInt = (reader: WireReader): number => {
  const { buffer } = reader;
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = buffer[reader.offset];
    if (byte === undefined || shift > 28) throw new RangeError('a record ends in the middle of a number');
    reader.offset += 1;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
  }
};

const readBounds = (reader: WireReader): Bounds => {
  const length = readVarInt(reader);
  if (length < 0) return { start: -1, end: -1 };
  const start = reader.offset;
  reader.offset += length;
  if (reader.offset > reader.buffer.length) throw new RangeError('a record ends in the middle of a header');
  return { start, end: reader.offset };
};

/** Reads texts that lie between `begin` and `end`: where all of them are ASCII they are cut from one. A call out of JavaScript for each is dear. */
const textsBetween = (buffer: Buffer, begin: number, end: number, bounds: readonly Bounds[]): ((of: Bounds) => string) => {
  const whole = buffer.toString('latin1', begin, end);
  let beyondAscii = Buffer.byteLength(whole) - whole.length;
  // Lengths of 64 and more have bytes beyond ASCII too, and stand between the texts.
  let at = begin;
  for (const { start, end: after } of bounds) {
    const numberEnds = start < 0 ? at + 1 : start;
    for (; at < numberEnds; at += 1) if ((buffer[at] ?? 0) > 0x7f) beyondAscii -= 1;
    if (start >= 0) at = after;
  }
  return beyondAscii === 0
    ? ({ start, end: after }) => whole.substring(start - begin, after - begin)
    : ({ start, end: after }) => buffer.toString('utf8', start, after);
};

/**
 * Reads a record's headers (https://kafka.apache.org/documentation/#recordheader) into one object, values as UTF-8 text. A header that would
 * set the prototype is left out: nothing of ours is called so.
 */
export const readRecordHeaders = (reader: WireReader): RecordHeaders => {
  const headers: RecordHeaders = {};
  const count = readVarInt(reader);
  const begin = reader.offset;
  const bounds: Bounds[] = [];
  for (let left = 2 * count; left > 0; left -= 1) bounds.push(readBounds(reader));
  const textOf = textsBetween(reader.buffer, begin, reader.offset, bounds);
  for (let n = 0; n < count; n += 1) {
    const [name, text] = [bounds[2 * n] as Bounds, bounds[2 * n + 1] as Bounds];
    let key = name.start < 0 ? '' : textOf(name);
    if (key === lastNames[n]) key = lastNames[n] as string;
    else if (n < lastNamesMax) lastNames[n] = key;
    const value = text.start < 0 ? null : textOf(text);
    const known = headers[key];
    if (key === '__proto__') continue;
    if (known === undefined || !Object.hasOwn(headers, key)) headers[key] = value;
    else if (Array.isArray(known)) known.push(value ?? '');
    else headers[key] = [known ?? '', value ?? ''];
  }
  return headers;
};
