import type { SqlExecutor } from '@orderlog/event-log';
import type { TopicPartition } from './kafka.port.js';

/** A position row as its new owner finds it. */
export type ClaimedPosition = TopicPartition & { readonly epoch: number; readonly logId: string | undefined; readonly lastSeq: number; readonly nextOffset: number };

type PositionRow = { topic: string; partition: number; epoch: number; log_id: string | null; last_seq: number; next_offset: number };

/** Where a partition is to stand, and the epoch that entitles to say so. */
export type Move = TopicPartition & { readonly epoch: number; readonly lastSeq: number; readonly nextOffset: number };

const topics = (some: readonly TopicPartition[]): string[] => some.map(({ topic }) => topic);
const partitions = (some: readonly TopicPartition[]): number[] => some.map(({ partition }) => partition);

/** Takes partitions over: a new epoch each, after which no transaction of an earlier owner can commit. Sorted, as every lock. */
export const claimPositions = async (sql: SqlExecutor, group: string, owner: string, wanted: readonly TopicPartition[]): Promise<readonly ClaimedPosition[]> => {
  const { rows } = await sql.query<PositionRow>(
    `insert into consumer_position (consumer_group, topic, partition, owner, epoch)
     select $1, wanted.topic, wanted.partition, $2, 1
     from unnest($3::text[], $4::integer[]) as wanted (topic, partition)
     order by wanted.topic, wanted.partition
     on conflict (consumer_group, topic, partition) do update
       set epoch = consumer_position.epoch + 1, owner = excluded.owner, updated_at = now()
     returning topic, partition, epoch, log_id, last_seq, next_offset`,
    [group, owner, topics(wanted), partitions(wanted)],
  );
  return rows.map((row) => ({
    topic: row.topic,
    partition: row.partition,
    epoch: Number(row.epoch),
    logId: row.log_id ?? undefined,
    lastSeq: Number(row.last_seq),
    nextOffset: Number(row.next_offset),
  }));
};

/** Locks the rows that are still ours and answers their stored sequence numbers by `topic/partition`; a missing one has another owner. */
export const lockPositions = async (
  sql: SqlExecutor,
  group: string,
  mine: readonly (TopicPartition & { readonly epoch: number })[],
): Promise<ReadonlyMap<string, number>> => {
  const { rows } = await sql.query<{ topic: string; partition: number; last_seq: number }>(
    `select held.topic, held.partition, held.last_seq
     from consumer_position held
     join unnest($2::text[], $3::integer[], $4::bigint[]) as mine (topic, partition, epoch)
       on held.topic = mine.topic and held.partition = mine.partition and held.epoch = mine.epoch
     where held.consumer_group = $1
     order by held.topic, held.partition
     for update of held`,
    [group, topics(mine), partitions(mine), mine.map(({ epoch }) => epoch)],
  );
  return new Map(rows.map(({ topic, partition, last_seq }) => [`${topic}/${partition}`, Number(last_seq)]));
};

/** Moves positions, each only under its epoch; answers those moved as `topic/partition`. */
export const movePositions = async (sql: SqlExecutor, group: string, moves: readonly Move[]): Promise<ReadonlySet<string>> => {
  const { rows } = await sql.query<{ topic: string; partition: number }>(
    `update consumer_position held
     set last_seq = moved.last_seq, next_offset = greatest(held.next_offset, moved.next_offset), updated_at = now()
     from unnest($2::text[], $3::integer[], $4::bigint[], $5::bigint[], $6::bigint[]) as moved (topic, partition, epoch, last_seq, next_offset)
     where held.consumer_group = $1 and held.topic = moved.topic and held.partition = moved.partition and held.epoch = moved.epoch
     returning held.topic, held.partition`,
    [
      group,
      topics(moves),
      partitions(moves),
      moves.map(({ epoch }) => epoch),
      moves.map(({ lastSeq }) => lastSeq),
      moves.map(({ nextOffset }) => nextOffset),
    ],
  );
  return new Set(rows.map(({ topic, partition }) => `${topic}/${partition}`));
};

/** Binds a position to the producer's log, once. */
export const bindLog = async (sql: SqlExecutor, group: string, topic: string, logId: string): Promise<void> => {
  await sql.query('update consumer_position set log_id = $3 where consumer_group = $1 and topic = $2 and log_id is null', [group, topic, logId]);
};
