import { services } from '@orderlog/contracts';
import { verifyChain } from '@orderlog/event-log';
import { order, orderStatus, tally, type Order, type OrderEvent } from '@orderlog/order-domain';
import type pg from 'pg';
import type { ProgramCheck } from './verify.js';

const violationsMax = 20;
const streamsPerPage = 500;

/** Folds every order of the log, page by page; a page is a few thousand events. */
async function* foldedOrders(sql: pg.ClientBase): AsyncGenerator<{ streamId: string; version: number; state: Order }> {
  for (let after = ''; ; ) {
    const { rows } = await sql.query<{ stream_id: string; events: OrderEvent[] }>(
      `select e.stream_id, json_agg(json_build_object('type', e.type, 'data', e.data) order by e.version) as events
       from (select stream_id, shard from streams where stream_id > $1 and stream_id like 'order-%' order by stream_id limit ${streamsPerPage}) s
       join event_log e using (shard, stream_id) group by e.stream_id order by e.stream_id`,
      [after],
    );
    for (const row of rows) yield { streamId: row.stream_id, version: row.events.length, state: row.events.reduce(order.evolve, order.initialState) };
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.stream_id;
  }
}

const ended = new Set(['rejected', 'cancelled', 'closed', 'delivered']);

const whyNotSettled = (state: Order, now: Date): string | undefined => {
  const units = tally(state);
  const status = orderStatus(state, units);
  if (ended.has(status) || state.holds.length > 0) return undefined;
  // Promise 7: by its deadline. What still has time is on its way.
  if (units.backordered > 0 && state.reviewAt !== '' && new Date(state.reviewAt) > now) return undefined;
  if (state.dueBy !== '' && new Date(state.dueBy) > now) return undefined;
  return `${status}, neither ended nor on hold, due by ${state.dueBy || 'no date'}`;
};

const unitsAreAccountedFor: ProgramCheck = {
  id: 'orders-settled',
  what: 'every order ended, waits for stock with a date, is on hold with a reason, or still has time; its units sum to what was ordered',
  promise: 7,
  service: 'order',
  run: async (sql) => {
    const now = new Date();
    const violations: { where: string; why: string }[] = [];
    let looked = 0;
    for await (const { streamId, state } of foldedOrders(sql)) {
      looked += 1;
      const ordered = state.lines.reduce((sum, line) => sum + line.ordered, 0);
      const found = Object.values(tally(state)).reduce((sum, units) => sum + units, 0);
      const why = ordered === found ? whyNotSettled(state, now) : `${ordered} units ordered, ${found} accounted for`;
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
    return { looked: report.rows, violations: report.broken.map(({ shard, seq, lastSeq, reason }) => ({ where: `shard ${shard} seq ${seq}..${lastSeq}`, why: reason })) };
  },
});

/** The checks that need more than SQL. */
export const programChecks = (options: { readonly chain: boolean }): readonly ProgramCheck[] => [
  unitsAreAccountedFor,
  ...(options.chain ? services.map(chainOf) : []),
];
