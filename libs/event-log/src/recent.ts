import type { RecordedEvent } from '@orderlog/contracts';
import type { EventLog, LogFollower, ShardCursors } from './event-log.js';

/** An event, what was written of it as text, and the size of that. */
export type RecentEvent = { readonly event: RecordedEvent; readonly metaJson: string; readonly dataJson: string; readonly bytes: number };

/** Where the rows of a shard lie in the ring, by seq. */
type Shard = { readonly places: Map<number, number>; newest: number };

/** The newest rows that this process appended: who follows the log need not read back what was just written. */
export type RecentRows = {
  /** After their commit, in any order. */
  add(rows: readonly RecentEvent[]): void;
  /** The rows behind the cursors, at most `limit` a shard, by (shard, seq); undefined where a row that is here follows one that is not. */
  after(cursors: ShardCursors, limit: number): readonly RecentEvent[] | undefined;
  /** Has this process appended the newest row of each of these shards (their seqs, by shard), or is the cursor there? */
  reaches(heads: readonly number[], cursors: ShardCursors): boolean;
  /** Takes part in saying what is no longer needed: rows up to where every one of those that joined has read are forgotten. */
  join(): (cursors: ShardCursors) => void;
};

/**
 * Keeps `rowsMax` rows of `bytesMax` in all, over all shards: an order of 500 lines weighs as much as a hundred others. Those that everybody has read
 * go at once: a row that is kept for seconds is copied twice by V8 and then marked, and such rows were a tenth to a third of all that was, but in routing.
 */
export const createRecentRows = (rowsMax = 4096, bytesMax = 4 * 1024 * 1024): RecentRows => {
  const shards = new Map<number, Shard>();
  const ring = new Array<RecentEvent | undefined>(rowsMax).fill(undefined);
  const readers: Map<number, number>[] = [];
  let [first, next, bytesKept] = [0, 0, 0];
  const forget = (place: number): void => {
    const leaving = ring[place % rowsMax];
    if (leaving === undefined) return;
    ring[place % rowsMax] = undefined;
    bytesKept -= leaving.bytes;
    shards.get(leaving.event.shard)?.places.delete(leaving.event.seq);
  };
  const forgetFirst = (): void => {
    forget(first);
    first += 1;
  };
  return {
    add: (rows) => {
      for (const row of rows) {
        const { event, bytes } = row;
        while (first < next && (next - first >= rowsMax || bytesKept + bytes > bytesMax)) forgetFirst();
        ring[next % rowsMax] = row;
        bytesKept += bytes;
        const shard = shards.get(event.shard);
        if (shard === undefined) shards.set(event.shard, { places: new Map([[event.seq, next]]), newest: event.seq });
        else {
          shard.places.set(event.seq, next);
          shard.newest = Math.max(shard.newest, event.seq);
        }
        next += 1;
      }
    },
    after: (cursors, limit) => {
      const found: RecentEvent[] = [];
      for (const { shard: number, after } of cursors.toSorted((one, other) => one.shard - other.shard)) {
        const shard = shards.get(number);
        if (shard === undefined || shard.newest <= after) continue;
        const end = Math.min(shard.newest, after + limit);
        for (let seq = after + 1; seq <= end; seq += 1) {
          const place = shard.places.get(seq);
          const row = place === undefined ? undefined : ring[place % rowsMax];
          if (row === undefined) return undefined;
          found.push(row);
        }
      }
      return found;
    },
    reaches: (heads, cursors) => cursors.every(({ shard, after }) => (heads[shard] ?? 0) <= Math.max(after, shards.get(shard)?.newest ?? 0)),
    join: () => {
      const read = new Map<number, number>();
      readers.push(read);
      return (cursors) => {
        for (const { shard: number, after } of cursors) {
          read.set(number, after);
          const shard = shards.get(number);
          if (shard === undefined || shard.places.size === 0) continue;
          const byAll = readers.reduce((least, one) => Math.min(least, one.get(number) ?? 0), after);
          for (const [seq, place] of shard.places) if (seq <= byAll) forget(place);
        }
      };
    },
  };
};

/** What other processes of the service append is asked for at least this often, however much this one appends meanwhile. */
const askEveryMs = 250;

/** Where a follower reads what memory does not have. */
export type FollowerParts = Pick<EventLog, 'readShards'> & {
  readonly readShardsStored: LogFollower['readStored'];
  /** The same, dearer to ask for and cheaper by the row. */
  readonly copyShardsStored: LogFollower['readStored'];
  /** The newest seq of each shard, by shard. */
  readonly headSeqs: () => Promise<readonly number[]>;
};

/**
 * Follows the log: from memory where that has everything, else from the database. That nobody else appended is asked for by the heads: to read the
 * rows instead read back a quarter of what this process had appended itself (two followers, 950 orders a second), and each had to be parsed.
 */
export const createFollower = (recent: RecentRows, { readShards, readShardsStored, copyShardsStored, headSeqs }: FollowerParts): LogFollower => {
  let askedAt = -Infinity;
  // With the first read: who follows nothing (a service without read models) keeps nothing.
  let hasRead: ((cursors: ShardCursors) => void) | undefined;
  // Of a read that was full the next one most likely is, too.
  let isBehind = false;
  const follow = async <T>(cursors: ShardCursors, limit: number, known: (rows: readonly RecentEvent[]) => readonly T[], ask: () => Promise<readonly T[]>): Promise<readonly T[]> => {
    hasRead ??= recent.join();
    hasRead(cursors);
    const asksAt = performance.now();
    const rows = recent.after(cursors, limit);
    if (rows !== undefined && rows.length > 0) {
      if (asksAt - askedAt < askEveryMs) return known(rows);
      if (recent.reaches(await headSeqs(), cursors)) {
        askedAt = asksAt;
        return known(rows);
      }
    }
    const asked = await ask();
    askedAt = asksAt;
    return asked;
  };
  return {
    read: (cursors, limit) => follow(cursors, limit, (rows) => rows.map(({ event }) => event), () => readShards(cursors, limit)),
    readStored: (cursors, limit) =>
      follow(cursors, limit, (rows) => rows, async () => {
        const rows = await (isBehind ? copyShardsStored : readShardsStored)(cursors, limit);
        isBehind = rows.length >= limit;
        return rows;
      }),
  };
};
