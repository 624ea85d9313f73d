import type { RecordedEvent } from '@orderlog/contracts';
import type { LogFollower } from './event-log.js';

type Cursors = readonly { readonly shard: number; readonly after: number }[];
type Shard = { readonly rows: Map<number, RecordedEvent>; newest: number };

/** A row and its size as JSON. */
export type SizedRow = { readonly row: RecordedEvent; readonly bytes: number };

/** The newest rows that this process appended: who follows the log need not read back what was just written. */
export type RecentRows = {
  /** After their commit, in any order. */
  add(rows: readonly SizedRow[]): void;
  /** The rows behind the cursors, at most `limit` a shard, by (shard, seq); undefined where a row that is here follows one that is not. */
  after(cursors: Cursors, limit: number): readonly RecordedEvent[] | undefined;
};

/** Keeps `rowsMax` rows of `bytesMax` in all, over all shards: an order of 500 lines weighs as much as a hundred others. */
export const createRecentRows = (rowsMax = 4096, bytesMax = 4 * 1024 * 1024): RecentRows => {
  const shards = new Map<number, Shard>();
  const ring = new Array<SizedRow | undefined>(rowsMax).fill(undefined);
  let [first, next, bytesKept] = [0, 0, 0];
  const forgetFirst = (): void => {
    const leaving = ring[first % rowsMax];
    ring[first % rowsMax] = undefined;
    first += 1;
    if (leaving === undefined) return;
    bytesKept -= leaving.bytes;
    shards.get(leaving.row.shard)?.rows.delete(leaving.row.seq);
  };
  return {
    add: (rows) => {
      for (const sized of rows) {
        const { row, bytes } = sized;
        while (first < next && (next - first >= rowsMax || bytesKept + bytes > bytesMax)) forgetFirst();
        ring[next % rowsMax] = sized;
        next += 1;
        bytesKept += bytes;
        const shard = shards.get(row.shard);
        if (shard === undefined) shards.set(row.shard, { rows: new Map([[row.seq, row]]), newest: row.seq });
        else {
          shard.rows.set(row.seq, row);
          shard.newest = Math.max(shard.newest, row.seq);
        }
      }
    },
    after: (cursors, limit) => {
      const found: RecordedEvent[] = [];
      for (const { shard: number, after } of cursors) {
        const shard = shards.get(number);
        if (shard === undefined || shard.newest <= after) continue;
        const end = Math.min(shard.newest, after + limit);
        for (let seq = after + 1; seq <= end; seq += 1) {
          const row = shard.rows.get(seq);
          if (row === undefined) return undefined;
          found.push(row);
        }
      }
      return found;
    },
  };
};

/** What other processes of the service append is asked for at least this often, however much this one appends meanwhile. */
const askEveryMs = 250;

/** Follows the log: from memory where that has everything, else from the database. */
export const createFollower = (recent: RecentRows, readShards: LogFollower['read']): LogFollower => {
  let askedAt = -Infinity;
  return {
    read: async (cursors, limit) => {
      if (performance.now() - askedAt < askEveryMs) {
        const rows = recent.after(cursors, limit);
        if (rows !== undefined && rows.length > 0) return rows;
      }
      const asksAt = performance.now();
      const rows = await readShards(cursors, limit);
      askedAt = asksAt;
      return rows;
    },
  };
};
