import { createHash } from 'node:crypto';
import type { SqlExecutor } from './event-log.js';

/** Where the chain of a shard breaks. `seq` is the first row of the batch that does not fit, `lastSeq` the batch's last. */
export type BrokenLink = { readonly shard: number; readonly seq: number; readonly lastSeq: number; readonly reason: string };

/** What was looked at, and where each broken shard breaks first. */
export type ChainReport = { readonly rows: number; readonly broken: readonly BrokenLink[] };

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

// Rows of one batch have one hash and lie side by side; a row that was changed, moved or taken away gives its batch another digest.
const batchesSql = (schema: string): string => `
select encode(batch_hash, 'hex') as hash, min(seq)::text as first, max(seq)::text as last, count(*)::integer as rows,
  encode(string_agg(${schema}.event_digest(
    seq, shard, version, schema_version, event_id,
    to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    stream_id, type, data::text, meta::text), ''::bytea order by seq), 'hex') as digests
from (select * from ${schema}.event_log where shard = $1 and seq > $2 order by seq limit $3) as page
group by batch_hash
order by min(seq)`;

type Batch = { readonly hash: string; readonly first: string; readonly last: string; readonly rows: number; readonly digests: string };

const chained = (before: string, digests: string): string =>
  createHash('sha256').update(Buffer.from(before, 'hex')).update(Buffer.from(digests, 'hex')).digest('hex');

const verifyShard = async (sql: SqlExecutor, schema: string, shard: number, pageRows: number) => {
  let hash = '00'.repeat(32);
  let seq = 0;
  let checked = 0;
  for (let limit = pageRows; ; ) {
    const { rows: batches } = await sql.query<Batch>(batchesSql(schema), [shard, seq, limit]);
    const read = batches.reduce((sum, { rows }) => sum + rows, 0);
    // The last batch of a full page may go on behind it.
    const whole = read === limit ? batches.slice(0, -1) : batches;
    if (read === limit && whole.length === 0) {
      limit *= 2;
      continue;
    }
    for (const batch of whole) {
      const [first, last] = [Number(batch.first), Number(batch.last)];
      const link = { shard, seq: first, lastSeq: last };
      if (first !== seq + 1) return { checked, hash, seq, broken: { ...link, reason: `row ${seq + 1} is missing` } };
      if (last - first + 1 !== batch.rows) return { checked, hash, seq, broken: { ...link, reason: 'the rows of the batch do not lie side by side' } };
      if (chained(hash, batch.digests) !== batch.hash) return { checked, hash, seq, broken: { ...link, reason: 'the batch hash does not fit its rows' } };
      ({ hash } = batch);
      seq = last;
      checked += batch.rows;
    }
    if (read < limit) return { checked, hash, seq, broken: undefined };
  }
};

/** Recomputes the hash chain of every shard of a log and compares it with rows and heads. Reads pages, so that a long log needs little memory. */
export const verifyChain = async (sql: SqlExecutor, schema: string, { pageRows = 20_000 } = {}): Promise<ChainReport> => {
  const name = quoted(schema);
  const { rows: heads } = await sql.query<{ shard: number; seq: string; hash: string }>(
    `select shard, seq::text as seq, encode(hash, 'hex') as hash from ${name}.shard_head order by shard`,
  );
  let rows = 0;
  const broken: BrokenLink[] = [];
  for (const head of heads) {
    const found = await verifyShard(sql, name, head.shard, pageRows);
    rows += found.checked;
    const headSeq = Number(head.seq);
    if (found.broken !== undefined) broken.push(found.broken);
    // Appends go on while this reads: only a head beyond the last row is wrong.
    else if (found.seq < headSeq) broken.push({ shard: head.shard, seq: found.seq + 1, lastSeq: headSeq, reason: `the head is at ${headSeq}` });
    else if (found.seq === headSeq && found.hash !== head.hash) {
      broken.push({ shard: head.shard, seq: headSeq, lastSeq: headSeq, reason: 'the hash of the head is not the last row’s' });
    }
  }
  return { rows, broken };
};
