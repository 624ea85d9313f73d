import { at, bothDecide, joined } from './attacks.js';
import type { PlantedBug } from './bug.js';

const tables = 'libs/event-log/sql/0001-event-log.sql';
const sql = 'libs/event-log/sql/0004-plain-appends.sql';
const claims = 'services/order/infrastructure/migrations/0001-placing.sql';
const claimsOfNew = 'services/order/infrastructure/migrations/0005-claim-new-orders.sql';
const placing = 'services/order/application/place-order.js';

/** Bugs of the write path. */
export const eventLogBugs: readonly PlantedBug[] = [
  {
    id: 'seq-before-conflict-check',
    what: 'sequence numbers are given out before it is known whose append conflicts',
    edits: [
      {
        file: sql,
        find: '  if p_strict and false = any (v_ok) then',
        replace: `  update shard_head h set seq = h.seq + burned.streams
  from (select asked.shard, count(*) as streams from unnest(p_shards, v_ok) as asked (shard, ok) where not asked.ok group by asked.shard) as burned
  where h.shard = burned.shard;
  if p_strict and false = any (v_ok) then`,
      },
    ],
    expected: ['I4'],
    attack: joined('order'),
  },
  {
    id: 'version-check-off',
    what: 'an append does not compare the version it was decided on',
    edits: [
      { file: sql, find: 'coalesce(found.version = asked.expected, false)', replace: 'coalesce(found.version > 0, false)' },
      { file: tables, find: 'constraint event_log_shard_stream_id_version_key unique (shard, stream_id, version)', replace: 'constraint event_log_version check (version > 0)' },
      { file: tables, find: 'create table shard_head (', replace: 'create index event_log_stream_idx on event_log (shard, stream_id, version);\ncreate table shard_head (' },
    ],
    expected: ['I3'],
    attack: bothDecide,
  },
  {
    id: 'chain-not-chained',
    what: 'a batch is hashed without the hash before it',
    edits: [
      { file: sql, find: 'sha256(h.hash || b.digests)', replace: 'sha256(b.digests)' },
      { file: sql, find: 'sha256(v_hash || (', replace: 'sha256((' },
    ],
    expected: ['I18'],
  },
  {
    id: 'claim-ignored',
    what: 'a key or reference that somebody has already is taken anyway',
    edits: [
      { file: claims, find: "select coalesce(array_agg(claimed.order_id), '{}') into v_won from claimed;", replace: 'select p_order_ids into v_won from (select count(*) from claimed) as ignored;' },
      { file: claims, find: "select coalesce(array_agg(claimed.order_id), '{}') into v_placed from claimed;", replace: 'select p_order_ids into v_placed from (select count(*) from claimed) as ignored;' },
      { file: claimsOfNew, find: 'if v_claimed < cardinality(p_order_ids) then\n    raise exception using errcode = \'OL412\', message = \'a key is not new\';\n  end if;', replace: '' },
      { file: claimsOfNew, find: 'if v_claimed < cardinality(p_order_ids) then\n    raise exception using errcode = \'OL412\', message = \'a reference is not new\';\n  end if;', replace: '' },
    ],
    expected: ['I1', 'I2'],
  },
  {
    id: 'answer-before-commit',
    what: 'an order is answered before it is committed',
    edits: [
      {
        file: placing,
        find: 'await commitAll(drafts)',
        replace: "(void commitAll(drafts).catch(()=>undefined), drafts.map(({ events })=>({ outcome: 'placed', state: events.reduce(order.evolve, order.initialState), version: events.length })))",
      },
    ],
    expected: ['I1', 'I2', 'I16'],
    attack: at([2_000, { kind: 'postgres-restart', ms: 1_500 }], [6_000, { kind: 'postgres-restart', ms: 1_500 }], [10_000, { kind: 'kill', part: 'order' }]),
  },
  {
    id: 'unknown-said-failed',
    what: 'a commit whose answer was lost is answered as refused',
    edits: [
      { file: 'libs/edge/src/problem-of.js', find: 'if (error instanceof OutcomeUnknown) {', replace: 'if (error instanceof OutcomeUnknown) return new Problem(problems.versionConflict);\n    if (error instanceof OutcomeUnknown) {' },
      { file: 'libs/edge/src/problem-of.js', find: 'if (isTransient(error)) return', replace: 'if (isTransient(error)) return new Problem(problems.versionConflict);\n    if (isTransient(error)) return' },
    ],
    expected: ['I1'],
    attack: at(
      [1_500, { kind: 'network', link: 'order', trouble: 'lost-answers', ms: 2_500 }],
      [5_000, { kind: 'backends', count: 20, inCommit: true }],
      [7_000, { kind: 'network', link: 'order', trouble: 'lost-answers', ms: 2_500 }],
      [10_500, { kind: 'network', link: 'order', trouble: 'cut', ms: 1_500 }],
    ),
  },
];
