import type { SqlExecutor } from '@orderlog/event-log';
import { unitsIn, type FulfillmentOrder } from '@orderlog/warehouse-domain';
import type { ClaimedPutBack, ClaimedWave, WorkBoard } from '../application/ports.js';

/** How long a worker may be silent before others get the work; how long a planner has to plan what it claimed. */
export type Leases = { readonly taskMs: number; readonly planningMs: number };

const recordWork = `
  insert into fulfillment_order_work as work (fulfillment_order_id, center_id, ship_by, pick_list_id, to_plan, to_pick, to_sort, to_pack)
  select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::int[], $7::int[], $8::int[])
  on conflict (fulfillment_order_id) do update set
    pick_list_id = excluded.pick_list_id, to_plan = excluded.to_plan, to_pick = excluded.to_pick, to_sort = excluded.to_sort, to_pack = excluded.to_pack`;

const recordPutBacks = `
  insert into put_back_tasks (task_id, fulfillment_order_id, center_id, line_id, sku, quantity, bin)
  select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::text[])
  on conflict (task_id) do nothing`;

/** A parked fulfillment order waits for an operator: its work is not handed out, and the work beside it is. */
const isParked = `exists (select from parked_stream p where p.stream_id = 'fulfillment-order-' || work.fulfillment_order_id)`;
const workOfList = 'select from fulfillment_order_work work where work.pick_list_id = list.pick_list_id';

// Locked and skipped in the inner statement: two workers never wait for each other. The counts are read after the claim, as of its snapshot.
const claimWave = `
  with free as (
    select list.pick_list_id, list.worker_id from open_pick_lists list
    where list.center_id = $1 and (list.worker_id = $2 or list.leased_until < clock_timestamp())
      and (not exists (${workOfList}) or exists (${workOfList} and not ${isParked}))
    order by (list.worker_id = $2) desc, list.opened_at
    limit 1 for update of list skip locked
  ), claimed as (
    update open_pick_lists list set worker_id = $2, leased_until = clock_timestamp() + $3 * interval '1 millisecond'
    from free where list.pick_list_id = free.pick_list_id
    returning list.pick_list_id, free.worker_id as before
  )
  select claimed.pick_list_id as "pickListId", claimed.before,
    coalesce(sum(work.to_pick), 0)::int as "toPick", coalesce(sum(work.to_sort), 0)::int as "toSort", coalesce(sum(work.to_pack), 0)::int as "toPack"
  from claimed left join fulfillment_order_work work on work.pick_list_id = claimed.pick_list_id and not ${isParked}
  group by 1, 2`;

const claimPutBack = `
  update put_back_tasks task set worker_id = $2, leased_until = clock_timestamp() + $3 * interval '1 millisecond'
  where task.task_id = (
    select work.task_id from put_back_tasks work
    where work.center_id = $1 and (work.worker_id = $2 or work.leased_until is null or work.leased_until < clock_timestamp()) and not ${isParked}
    order by work.task_id limit 1 for update skip locked
  )
  returning task_id as "taskId", fulfillment_order_id as "fulfillmentOrderId", line_id as "lineId", sku, quantity, bin`;

// In an array, which is made once: `in (select …)` PostgreSQL may run anew for each row of the table, and then claims more than `limit`.
const claimWaiting = `
  update fulfillment_order_work work set claimed_until = clock_timestamp() + $3 * interval '1 millisecond'
  where work.ctid = any (array(
    select work.ctid from fulfillment_order_work work
    where work.center_id = $1 and work.pick_list_id = '' and work.to_plan > 0 and (work.claimed_until is null or work.claimed_until < clock_timestamp())
      and not ${isParked}
    order by work.ship_by, work.fulfillment_order_id limit $2 for update skip locked
  ))
  returning fulfillment_order_id as "fulfillmentOrderId", ship_by as "shipBy"`;

type WorkRow = { readonly toPlan: number; readonly toPick: number; readonly toSort: number; readonly toPack: number };

/** The row of a fulfillment order: nothing but its folded state decides it. */
export const workOf = (state: FulfillmentOrder): WorkRow => {
  const isAtWork = state.status === 'accepted';
  return {
    toPlan: isAtWork ? unitsIn(state, 'waiting') : 0,
    toPick: isAtWork ? unitsIn(state, 'planned') : 0,
    toSort: isAtWork ? unitsIn(state, 'picked') : 0,
    toPack: isAtWork ? unitsIn(state, 'sorted') : 0,
  };
};

type Cell = string | number;

/** The rows of some fulfillment orders, as the tables' columns have them; and what has no row any more. */
export const boardRowsOf = (states: readonly FulfillmentOrder[]) => {
  const work: Cell[][] = [];
  const ended: string[] = [];
  const putBacks: Cell[][] = [];
  const done: string[] = [];
  for (const state of states) {
    const { fulfillmentOrderId, centerId } = state;
    const { toPlan, toPick, toSort, toPack } = workOf(state);
    if (toPlan + toPick + toSort + toPack > 0) work.push([fulfillmentOrderId, centerId, state.shipBy, state.pickListId, toPlan, toPick, toSort, toPack]);
    else ended.push(fulfillmentOrderId);
    for (const { taskId, lineId, sku, quantity, bin, isDone } of state.putBacks)
      if (isDone) done.push(taskId);
      else putBacks.push([taskId, fulfillmentOrderId, centerId, lineId, sku, quantity, bin]);
  }
  return { work, ended, putBacks, done };
};

const transposed = (rows: readonly Cell[][]): Cell[][] => (rows[0] ?? []).map((_, column) => rows.map((row) => row[column] ?? ''));

const record = async (tx: SqlExecutor, states: readonly FulfillmentOrder[]): Promise<void> => {
  const { work, ended, putBacks, done } = boardRowsOf(states);
  if (work.length > 0) await tx.query(recordWork, transposed(work));
  if (ended.length > 0) await tx.query('delete from fulfillment_order_work where fulfillment_order_id = any($1)', [ended]);
  if (putBacks.length > 0) await tx.query(recordPutBacks, transposed(putBacks));
  if (done.length > 0) await tx.query('delete from put_back_tasks where task_id = any($1)', [done]);
};

/** The board on PostgreSQL. `sql` runs the claims, each a statement and transaction of its own. */
export const postgresWorkBoard = (sql: SqlExecutor, leases: Leases): WorkBoard => ({
  record,
  openWave: async (tx, pickListId, centerId, workerId) => {
    await tx.query(
      `insert into open_pick_lists (pick_list_id, center_id, worker_id, leased_until) values ($1, $2, $3, clock_timestamp() + $4 * interval '1 millisecond')`,
      [pickListId, centerId, workerId, leases.taskMs],
    );
  },
  closeWave: async (tx, pickListId) => {
    const { rowCount } = await tx.query(
      'delete from open_pick_lists where pick_list_id = $1 and not exists (select from fulfillment_order_work where pick_list_id = $1)',
      [pickListId],
    );
    return rowCount === 1;
  },
  claimWave: async (centerId, workerId) => (await sql.query<ClaimedWave>(claimWave, [centerId, workerId, leases.taskMs])).rows[0],
  claimPutBack: async (centerId, workerId) => (await sql.query<ClaimedPutBack>(claimPutBack, [centerId, workerId, leases.taskMs])).rows[0],
  claimWaiting: async (centerId, max) => {
    const { rows } = await sql.query<{ fulfillmentOrderId: string; shipBy: string }>(claimWaiting, [centerId, max, leases.planningMs]);
    const place = ({ shipBy, fulfillmentOrderId }: { shipBy: string; fulfillmentOrderId: string }): string => `${shipBy} ${fulfillmentOrderId}`;
    return rows.sort((a, b) => (place(a) < place(b) ? -1 : 1)).map(({ fulfillmentOrderId }) => fulfillmentOrderId);
  },
});
