import type { RecordedEvent } from '@orderlog/contracts';
import type { EventLog, LogFollower, ShardCursors } from './event-log.js';

/** An event with its payload as it was written, and the size of what was written. */
export type RecentEvent = { readonly event: RecordedEvent; readonly dataJson: string; readonly bytes: number };

type Shard = { readonly rows: Map<number, RecentEvent>; newest: number };

/** The newest rows that this process appended: who follows the log need not read back what was just written. */
export type RecentRows = {
  /** After their commit, in any order. */
  add(rows: readonly RecentEvent[]): void;
  /** The rows behind the cursors, at most `limit` a shard, by (shard, seq); undefined where a row that is here follows one that is not. */
  after(cursors: ShardCursors, limit: number): readonly RecentEvent[] | undefined;
};

/** Keeps `rowsMax` rows of `bytesMax` in all, over all shards: an order of 500 lines weighs as much as a hundred others. */
export const createRecentRows = (rowsMax = 4096, bytesMax = 4 * 1024 * 1024): RecentRows => {
  const shards = new Map<number, Shard>();
  const ring = new Array<RecentEvent | undefined>(rowsMax).fill(undefined);
  let [first, next, bytesKept] = [0, 0, 0];
  const forgetFirst = (): void => {
    const leaving = ring[first % rowsMax];
    ring[first % rowsMax] = undefined;
    first += 1;
    if (leaving === undefined) return;
    bytesKept -= leaving.bytes;
    shards.get(leaving.event.shard)?.rows.delete(leaving.event.seq);
  };
  return {
    add: (rows) => {
      for (const row of rows) {
        const { event, bytes } = row;
        while (first < next && (next - first >= rowsMax || bytesKept + bytes > bytesMax)) forgetFirst();
        ring[next % rowsMax] = row;
        next += 1;
        bytesKept += bytes;
        const shard = shards.get(event.shard);
        if (shard === undefined) shards.set(event.shard, { rows: new Map([[event.seq, row]]), newest: event.seq });
        else {
          shard.rows.set(event.seq, row);
          shard.newest = Math.max(shard.newest, event.seq);
        }
      }
    },
    after: (cursors, limit) => {
      const found: RecentEvent[] = [];
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
export const createFollower = (recent: RecentRows, { readShards, readShardsStored }: Pick<EventLog, 'readShards'> & { readonly readShardsStored: LogFollower['readStored'] }): LogFollower => {
  let askedAt = -Infinity;
  const follow = async <T>(cursors: ShardCursors, limit: number, known: (rows: readonly RecentEvent[]) => readonly T[], ask: () => Promise<readonly T[]>): Promise<readonly T[]> => {
    if (performance.now() - askedAt < askEveryMs) {
      const rows = recent.after(cursors, limit);
      if (rows !== undefined && rows.length > 0) return known(rows);
    }
    const asksAt = performance.now();
    const rows = await ask();
    askedAt = asksAt;
    return rows;
  };
  return {
    read: (cursors, limit) => follow(cursors, limit, (rows) => rows.map(({ event }) => event), () => readShards(cursors, limit)),
    readStored: (cursors, limit) => follow(cursors, limit, (rows) => rows, () => readShardsStored(cursors, limit)),
  };
};
