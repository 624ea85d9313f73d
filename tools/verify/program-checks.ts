import { services } from '@orderlog/contracts';
import { verifyChain } from '@orderlog/event-log';
import { order, orderStatus, orderTimers, stageOf, tally, type Order, type OrderEvent } from '@orderlog/order-domain';
import type pg from 'pg';
import type { ProgramCheck } from './verify.js';

const violationsMax = 20;
const streamsPerPage = 500;

/** Folds every order of the log, page by page; a page is a few thousand events. */
async function* foldedOrders(sql: pg.ClientBase): AsyncGenerator<{ streamId: string; version: number; state: Order; timers: Timers }> {
  for (let after = ''; ; ) {
    const { rows } = await sql.query<{ stream_id: string; events: OrderEvent[]; timers: Timers | null }>(
      `select e.stream_id, json_agg(json_build_object('type', e.type, 'data', e.data) order by e.version) as events,
         (select json_object_agg(t.kind, t.due_at) from timers t where t.stream_id = e.stream_id) as timers
       from (select stream_id, shard from streams where stream_id > $1 and stream_id like 'order-%' order by stream_id limit ${streamsPerPage}) s
       join event_log_json e using (shard, stream_id) group by e.stream_id order by e.stream_id`,
      [after],
    );
    for (const row of rows) yield { streamId: row.stream_id, version: row.events.length, state: row.events.reduce(order.evolve, order.initialState), timers: row.timers ?? {} };
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.stream_id;
  }
}

const ended = new Set(['rejected', 'cancelled', 'closed', 'delivered']);

/** Timers of a stream by kind: what puts it on hold, or looks for stock again, when nothing else comes. */
type Timers = Readonly<Record<string, string>>;

/** A timer that is due is fired within moments; only longer than this is late. */
const graceMs = 60_000;

/** Why an order is not settled: neither ended nor on hold, and of something that it waits for no date is set, or the date has passed, or nothing would happen then. */
export const whyNotSettled = (state: Order, timers: Timers, now: Date): string | undefined => {
  const units = tally(state);
  const status = orderStatus(state, units);
  if (ended.has(status) || state.holds.length > 0) return undefined;
  const stage = stageOf(state, units);
  const waits = [
    ...(stage === '' ? [] : [{ for: stage, until: state.dueBy, timer: orderTimers.stage }]),
    ...(units.backordered === 0 ? [] : [{ for: 'stock', until: state.reviewAt, timer: orderTimers.review }]),
  ];
  if (waits.length === 0) return `${status}, neither ended nor on hold, and waits for nothing`;
  const why = waits.flatMap((wait) => {
    if (wait.until === '') return [`${wait.for} has no date`];
    if (Date.parse(wait.until) + graceMs < now.getTime()) return [`${wait.for} is due since ${wait.until}`];
    return timers[wait.timer] === undefined ? [`nothing happens when ${wait.for} is due at ${wait.until}`] : [];
  });
  return why.length === 0 ? undefined : `${status}, neither ended nor on hold: ${why.join(', ')}`;
};

const unitsAreAccountedFor: ProgramCheck = {
  id: 'orders-settled',
  what: 'every order ended, is on hold with a reason, or waits until a date at which something happens; its units sum to what was ordered',
  promise: 7,
  service: 'order',
  run: async (sql) => {
    const now = new Date();
    const violations: { where: string; why: string }[] = [];
    let looked = 0;
    for await (const { streamId, state, timers } of foldedOrders(sql)) {
      looked += 1;
      const ordered = state.lines.reduce((sum, line) => sum + line.ordered, 0);
      const found = Object.values(tally(state)).reduce((sum, units) => sum + units, 0);
      const why = ordered === found ? whyNotSettled(state, timers, now) : `${ordered} units ordered, ${found} accounted for`;
      if (why !== undefined && violations.length < violationsMax) violations.push({ where: streamId, why });
    }
    return { looked, violations };
  },
};

const chainOf = (service: (typeof services)[number]): ProgramCheck => ({
  id: 'hash-chain',
  what: 'the hash chain of every shard fits its rows',
  promise: 3,
  service,
  run: async (sql) => {
    const report = await verifyChain(
      { query: async (text, values) => sql.query(text, values === undefined ? undefined : [...values]) as never },
      service,
    );
    return { looked: report.rows, violations: report.broken.map(({ shard, seq, lastSeq, reason }) => ({ where: seq === lastSeq ? `shard ${shard} seq ${seq}` : `shard ${shard} seq ${seq}..${lastSeq}`, why: reason })) };
  },
});

/** The checks that need more than SQL. */
export const programChecks = (options: { readonly chain: boolean }): readonly ProgramCheck[] => [
  unitsAreAccountedFor,
  ...(options.chain ? services.map(chainOf) : []),
];
