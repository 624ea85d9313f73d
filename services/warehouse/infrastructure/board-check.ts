import type { EventLog, SqlExecutor } from '@orderlog/event-log';
import type { FulfillmentOrder } from '@orderlog/warehouse-domain';
import { fulfillmentOrders } from '../application/streams.js';
import { boardRowsOf, postgresWorkBoard } from './work-board.js';

/** Folds every fulfillment order of the log. */
const foldAll = async (log: EventLog): Promise<Map<string, FulfillmentOrder>> => {
  const states = new Map<string, FulfillmentOrder>();
  for (let shard = 0; shard < log.shards; shard += 1) {
    for (const [streamId, { state }] of await log.foldShard(fulfillmentOrders, shard)) states.set(streamId, state);
  }
  return states;
};

/** Says where the board differs from the fold of the log; nothing is right. Asked while nothing is being written. */
export const boardDifferences = async (log: EventLog, sql: SqlExecutor): Promise<readonly string[]> => {
  const expected = boardRowsOf([...(await foldAll(log)).values()]);
  const [work, putBacks] = await Promise.all([
    sql.query<{ row: string }>(
      `select concat_ws(' ', fulfillment_order_id, center_id, ship_by, pick_list_id, to_plan, to_pick, to_sort, to_pack) as row from fulfillment_order_work`,
    ),
    sql.query<{ row: string }>(`select concat_ws(' ', task_id, fulfillment_order_id, center_id, line_id, sku, quantity, bin) as row from put_back_tasks`),
  ]);
  const actual = new Set([...work.rows, ...putBacks.rows].map(({ row }) => row));
  const wanted = new Set([...expected.work, ...expected.putBacks].map((row) => row.join(' ')));
  return [...[...wanted].filter((row) => !actual.has(row)).map((row) => `missing: ${row}`), ...[...actual].filter((row) => !wanted.has(row)).map((row) => `too much: ${row}`)].sort();
};

/** Writes the board anew from the log, in one transaction. Leases on waves stay; run it while nothing is being written. */
export const rebuildBoard = async (log: EventLog): Promise<number> => {
  const states = [...(await foldAll(log)).values()];
  await log.transact(async (tx) => {
    await tx.query('delete from fulfillment_order_work');
    await tx.query('delete from put_back_tasks');
    await postgresWorkBoard(tx, { taskMs: 0, planningMs: 0 }).record(tx, states);
  });
  return states.length;
};
