/** Reads the fields of a Kafka answer, one after the other. Versions before tagged fields only. */
export class WireReader {
  private at = 0;
  constructor(private readonly bytes: Buffer) {}

  /** A whole number of 1, 2 or 4 bytes. */
  int(bytes: 1 | 2 | 4): number {
    this.at += bytes;
    return this.bytes.readIntBE(this.at - bytes, bytes);
  }

  /** Passes over so many bytes. */
  skip(bytes: number): void {
    this.at += bytes;
  }

  /** A string; empty for null. */
  text(): string {
    const length = Math.max(0, this.int(2));
    this.at += length;
    return this.bytes.toString('utf8', this.at - length, this.at);
  }

  /** As many items as the count in front of them says. */
  list<T>(item: () => T): readonly T[] {
    return Array.from({ length: Math.max(0, this.int(4)) }, item);
  }
}

/** The fields of a Kafka request. */
export const int8 = (value: number): Buffer => Buffer.from([value & 0xff]);
/** Two bytes. */
export const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
/** Four bytes. */
export const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
/** Eight bytes. */
export const int64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
};
/** Length in two bytes, then the text. */
export const text = (value: string): Buffer => Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)]);
/** Count in four bytes, then the items. */
export const list = (items: readonly Buffer[]): Buffer => Buffer.concat([int32(items.length), ...items]);
