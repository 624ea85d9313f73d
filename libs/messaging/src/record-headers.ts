/** Where a reader of Kafka's wire format stands. */
export type WireReader = { readonly buffer: Buffer; offset: number };

/** Header values as text; a header given more than once is an array. */
export type RecordHeaders = Record<string, string | string[] | null>;

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

const readText = (reader: WireReader): string | null => {
  const length = readVarInt(reader);
  if (length < 0) return null;
  const start = reader.offset;
  reader.offset += length;
  if (reader.offset > reader.buffer.length) throw new RangeError('a record ends in the middle of a header');
  return reader.buffer.toString('utf8', start, reader.offset);
};

/**
 * Reads a record's headers (https://kafka.apache.org/documentation/#recordheader) into one object, values as UTF-8 text. A header that would
 * set the prototype is left out: nothing of ours is called so.
 */
export const readRecordHeaders = (reader: WireReader): RecordHeaders => {
  const headers: RecordHeaders = {};
  for (let left = readVarInt(reader); left > 0; left -= 1) {
    const key = readText(reader) ?? '';
    const value = readText(reader);
    const known = headers[key];
    if (key === '__proto__') continue;
    if (known === undefined || !Object.hasOwn(headers, key)) headers[key] = value;
    else if (Array.isArray(known)) known.push(value ?? '');
    else headers[key] = [known ?? '', value ?? ''];
  }
  return headers;
};
