import { createHash } from 'node:crypto';
import type { SqlExecutor } from './event-log.js';

/**
 * Where the chain of a shard breaks: rows `seq` to `lastSeq`. One row where it can be told (it is missing, strange, or the only one of its
 * batch); else its batch, because a link of the chain is a batch: a digest of each row would cost every append 32 bytes a row.
 */
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
    stream_id, type, data, meta), ''::bytea order by seq), 'hex') as digests
from (select * from ${schema}.event_log where shard = $1 and seq > $2 order by seq limit $3) as page
group by batch_hash
order by min(seq)`;

type Batch = { readonly hash: string; readonly first: string; readonly last: string; readonly rows: number; readonly digests: string };

const chained = (before: string, digests: string): string =>
  createHash('sha256').update(Buffer.from(before, 'hex')).update(Buffer.from(digests, 'hex')).digest('hex');

/** The first row between two others that is not there, or that has not the hash of its neighbours. */
const strangerSql = (schema: string): string => `
select n::text as seq, l.seq is null as "isMissing"
from generate_series($2::bigint, $3::bigint) as n left join ${schema}.event_log l on l.shard = $1 and l.seq = n
where l.seq is null or encode(l.batch_hash, 'hex') <> $4
order by n limit 1`;

const strangerIn = async (sql: SqlExecutor, schema: string, shard: number, { first, last, hash }: Batch): Promise<BrokenLink> => {
  const { rows } = await sql.query<{ seq: string; isMissing: boolean }>(strangerSql(schema), [shard, first, last, hash]);
  const [row] = rows;
  const seq = Number(row?.seq ?? first);
  return { shard, seq, lastSeq: row === undefined ? Number(last) : seq, reason: row?.isMissing === false ? `row ${seq} has not the hash of its batch` : `row ${seq} is missing` };
};

/** Rows whose digests do not give their hash: perhaps it is only the hash that was changed, of some of them; then it stands at their neighbours. */
const misfit = (shard: number, before: string, batch: Batch, next: Batch | undefined): BrokenLink => {
  const whole = next === undefined ? '' : chained(before, batch.digests + next.digests);
  const wrong = next !== undefined && whole === batch.hash ? next : batch;
  const isHash = next !== undefined && (whole === batch.hash || whole === next.hash);
  return { shard, seq: Number(wrong.first), lastSeq: Number(wrong.last), reason: isHash ? 'the batch hash was changed' : 'the batch hash does not fit its rows' };
};

/**
 * A tail that was cut off, with the head moved back to what is left, gives a chain that fits. But every event raised the version of one
 * stream: their sum is the number of events that the shard has had.
 */
const cutSql = (schema: string): string => `
select h.shard, h.seq::text as head, sum(s.version)::text as events
from ${schema}.shard_head h left join ${schema}.streams s on s.shard = h.shard
group by h.shard, h.seq having h.seq <> coalesce(sum(s.version), 0) order by h.shard`;

const cutShards = async (sql: SqlExecutor, schema: string): Promise<readonly BrokenLink[]> => {
  const { rows } = await sql.query<{ shard: number; head: string; events: string | null }>(cutSql(schema));
  return rows.map(({ shard, head, events }) => {
    const had = Number(events ?? 0);
    return { shard, seq: Math.min(Number(head), had) + 1, lastSeq: Math.max(Number(head), had), reason: `its streams have ${had} events, the head is at ${head}` };
  });
};

/** Rows behind a break that are looked at to say what broke: more than any batch has. */
const detailRows = 20_000;

const breakOf = async (sql: SqlExecutor, schema: string, shard: number, before: { readonly hash: string; readonly seq: number }, batch: Batch, next: Batch | undefined): Promise<BrokenLink | undefined> => {
  const first = Number(batch.first);
  if (first !== before.seq + 1) return { shard, seq: before.seq + 1, lastSeq: first - 1, reason: `row ${before.seq + 1} is missing` };
  if (Number(batch.last) - first + 1 !== batch.rows) return strangerIn(sql, schema, shard, batch);
  return chained(before.hash, batch.digests) === batch.hash ? undefined : misfit(shard, before.hash, batch, next);
};

const verifyShard = async (sql: SqlExecutor, schema: string, shard: number, pageRows: number) => {
  let hash = '00'.repeat(32);
  let seq = 0;
  let checked = 0;
  let isCloser = false;
  for (let limit = pageRows; ; ) {
    const { rows: batches } = await sql.query<Batch>(batchesSql(schema), [shard, seq, limit]);
    const read = batches.reduce((sum, { rows }) => sum + rows, 0);
    // The last batch of a full page may go on behind it.
    const whole = read === limit ? batches.slice(0, -1) : batches;
    if (read === limit && whole.length === 0) {
      limit *= 2;
      continue;
    }
    let broken: BrokenLink | undefined;
    for (const [n, batch] of whole.entries()) {
      broken = await breakOf(sql, schema, shard, { hash, seq }, batch, batches[n + 1]);
      if (broken !== undefined) break;
      ({ hash } = batch);
      seq = Number(batch.last);
      checked += batch.rows;
    }
    if (broken !== undefined && !isCloser) {
      // Once more from there on: what belongs to the broken batch may lie behind this page.
      isCloser = true;
      limit = Math.max(limit, detailRows);
    } else if (broken !== undefined || read < limit) return { checked, hash, seq, broken };
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
  const known = new Set(broken.map(({ shard }) => shard));
  broken.push(...(await cutShards(sql, name)).filter(({ shard }) => !known.has(shard)));
  return { rows, broken: broken.sort((a, b) => a.shard - b.shard) };
};
