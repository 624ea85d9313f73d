import type { DataSource } from 'typeorm';

/** The work at hand in one center. */
export type CenterQueue = {
  readonly centerId: string;
  readonly waiting: { readonly fulfillmentOrders: number; readonly units: number; readonly mostUrgentShipBy: string };
  readonly pickLists: readonly { readonly id: string; readonly workerId: string; readonly leasedUntil: string; readonly toPick: number; readonly toSort: number; readonly toPack: number }[];
  readonly putBacks: number;
};

/** Questions about the work at hand. */
export type WorkQueue = { readonly ofCenter: (centerId: string) => Promise<CenterQueue> };

type WaitingRow = { fulfillmentOrders: number; units: number; mostUrgentShipBy: string };

/** Asked of the board itself (infrastructure/work-board.ts keeps it in the transactions of the events), so it never lags behind the work. */
export const workQueueQueries = (source: DataSource): WorkQueue => ({
  ofCenter: async (centerId) => {
    const [waiting, pickLists, putBacks] = await Promise.all([
      source.query<WaitingRow[]>(
        `select count(*)::int as "fulfillmentOrders", coalesce(sum(to_plan), 0)::int as units, coalesce(min(ship_by), '') as "mostUrgentShipBy"
         from fulfillment_order_work where center_id = $1 and pick_list_id = ''`,
        [centerId],
      ),
      source.query<CenterQueue['pickLists'][number][]>(
        `select list.pick_list_id as id, list.worker_id as "workerId", list.leased_until as "leasedUntil",
           coalesce(sum(work.to_pick), 0)::int as "toPick", coalesce(sum(work.to_sort), 0)::int as "toSort", coalesce(sum(work.to_pack), 0)::int as "toPack"
         from open_pick_lists list left join fulfillment_order_work work on work.pick_list_id = list.pick_list_id
         where list.center_id = $1 group by list.pick_list_id order by list.opened_at limit 200`,
        [centerId],
      ),
      source.query<{ tasks: number }[]>('select count(*)::int as tasks from put_back_tasks where center_id = $1', [centerId]),
    ]);
    return {
      centerId,
      waiting: waiting[0] ?? { fulfillmentOrders: 0, units: 0, mostUrgentShipBy: '' },
      pickLists,
      putBacks: putBacks[0]?.tasks ?? 0,
    };
  },
});
