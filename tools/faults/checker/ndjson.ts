import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { DumpFile } from '../dump-format.js';

/** A line of a dump's file and its number, from 1. */
export type Line<T> = { readonly line: number; readonly record: T };

/** The lines of a file as they are read, some hundred at a time: a file of a campaign is larger than memory. Throws when it is not there. */
export async function* linesOf<T>(folder: string, file: DumpFile): AsyncGenerator<readonly Line<T>[]> {
  let rest = '';
  let line = 0;
  const parsed = (text: string): Line<T> => {
    line += 1;
    try {
      return { line, record: JSON.parse(text) as T };
    } catch (error) {
      throw new Error(`${file}:${line} is not JSON`, { cause: error });
    }
  };
  for await (const chunk of createReadStream(join(folder, file), { encoding: 'utf8', highWaterMark: 1 << 20 })) {
    const texts = (rest + String(chunk)).split('\n');
    rest = texts.pop() ?? '';
    yield texts.map(parsed);
  }
  if (rest !== '') yield [parsed(rest)];
}

/** A whole file; for those that stay small. */
export const allOf = async <T>(folder: string, file: DumpFile): Promise<Line<T>[]> => {
  const all: Line<T>[] = [];
  for await (const lines of linesOf<T>(folder, file)) for (const line of lines) all.push(line);
  return all;
};

/** Hands out a file shard by shard, in ascending order; throws where the file is not sorted by shard. */
export const byShard = <T>(folder: string, file: DumpFile, shardOf: (record: T) => number): ((shard: number) => AsyncGenerator<readonly Line<T>[]>) => {
  const lines = linesOf<T>(folder, file);
  let ahead: readonly Line<T>[] = [];
  return async function* (shard) {
    for (;;) {
      const end = ahead.findIndex(({ record }) => shardOf(record) !== shard);
      const own = end < 0 ? ahead : ahead.slice(0, end);
      ahead = end < 0 ? [] : ahead.slice(end);
      if (own.length > 0) yield own;
      const [next] = ahead;
      if (next !== undefined) {
        if (shardOf(next.record) < shard) throw new Error(`${file}:${next.line} is not sorted by shard`);
        return;
      }
      const more = await lines.next();
      if (more.done === true) return;
      ahead = more.value;
    }
  };
};
