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

/** Steps over a name or a value, and answers its length; -1 for null. The reader stands behind it. */
const skipBytes = (reader: WireReader): number => {
  const length = readVarInt(reader);
  if (length < 0) return -1;
  reader.offset += length;
  if (reader.offset > reader.buffer.length) throw new RangeError('a record ends in the middle of a header');
  return length;
};

const readText = (reader: WireReader): string | null => {
  const length = skipBytes(reader);
  return length < 0 ? null : reader.buffer.toString('utf8', reader.offset - length, reader.offset);
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

const isAt = (buffer: Buffer, start: number, name: string): boolean => {
  for (let n = 0; n < name.length; n += 1) if (buffer[start + n] !== name.charCodeAt(n)) return false;
  return true;
};

/**
 * The texts of headers with ASCII names (at most 31), in the order of `names`, in one pass and without making anything of the others; undefined where one is
 * missing, null, or given more than once.
 */
export const readHeaderTexts = (reader: WireReader, names: readonly string[]): (string | undefined)[] => {
  const { buffer } = reader;
  const texts = new Array<string | undefined>(names.length).fill(undefined);
  let seen = 0;
  for (let left = readVarInt(reader); left > 0; left -= 1) {
    const nameLength = skipBytes(reader);
    const nameAt = reader.offset - nameLength;
    const valueLength = skipBytes(reader);
    for (let n = 0; n < names.length; n += 1) {
      const name = names[n] as string;
      if (name.length !== nameLength || !isAt(buffer, nameAt, name)) continue;
      texts[n] = valueLength < 0 || (seen & (1 << n)) !== 0 ? undefined : buffer.toString('utf8', reader.offset - valueLength, reader.offset);
      seen |= 1 << n;
      break;
    }
  }
  return texts;
};
