import type { EventLog, SqlExecutor } from '@orderlog/event-log';

/** How far a shard is published, under one ownership. */
export type Cursor = { readonly shard: number; readonly epoch: number; seq: number; topicEnd: number };

type CursorRow = { shard: number; epoch: number; seq: number; topic_end: number };

/** How long topics keep their records; older rows are read from the log. */
const retentionMs = 7 * 24 * 60 * 60 * 1000;

/** Takes every lease that is free and renews the own ones, by the database's clock. Another owner's rows are not waited for. */
export const takeLeases = async (sql: SqlExecutor, owner: string, shards: number, leaseMs: number): Promise<readonly Cursor[]> => {
  await sql.query('insert into relay_cursor (shard) select n from generate_series(0, $1::integer - 1) as n on conflict do nothing', [shards]);
  const { rows } = await sql.query<CursorRow>(
    `update relay_cursor held
     set owner = $1, epoch = case when held.owner = $1 then held.epoch else held.epoch + 1 end,
         lease_until = clock_timestamp() + $2 * interval '1 millisecond'
     where shard in (
       select shard from relay_cursor
       where shard < $3 and (owner = $1 or lease_until <= clock_timestamp())
       order by shard for update skip locked
     )
     returning shard, epoch, seq, topic_end`,
    [owner, leaseMs, shards],
  );
  return rows
    .map(({ shard, epoch, seq, topic_end }) => ({ shard, epoch: Number(epoch), seq: Number(seq), topicEnd: Number(topic_end) }))
    .sort((a, b) => a.shard - b.shard);
};

/** Stores cursors, each only under its epoch; answers the shards that are still ours. */
export const moveCursors = async (sql: SqlExecutor, owner: string, cursors: readonly Cursor[]): Promise<ReadonlySet<number>> => {
  const { rows } = await sql.query<{ shard: number }>(
    `update relay_cursor held set seq = moved.seq, topic_end = moved.topic_end
     from unnest($2::integer[], $3::bigint[], $4::bigint[], $5::bigint[]) as moved (shard, epoch, seq, topic_end)
     where held.shard = moved.shard and held.epoch = moved.epoch and held.owner = $1
     returning held.shard`,
    [owner, cursors.map(({ shard }) => shard), cursors.map(({ epoch }) => epoch), cursors.map(({ seq }) => seq), cursors.map(({ topicEnd }) => topicEnd)],
  );
  return new Set(rows.map(({ shard }) => shard));
};

/** The first row of a shard that its topic should still hold; `upTo + 1` if none up to there is young enough. Times do not go back in a shard. */
export const firstRecent = async (log: EventLog, shard: number, upTo: number): Promise<number> => {
  const since = Date.now() - retentionMs;
  let [low, high] = [1, upTo + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [row] = await log.readShard(shard, middle - 1, 1);
    if (row !== undefined && Date.parse(row.event.recordedAt) >= since) high = middle;
    else low = middle + 1;
  }
  return low;
};
