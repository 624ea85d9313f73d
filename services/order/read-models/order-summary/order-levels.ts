import { atMostEvery, gauge, type Logger } from '@orderlog/observability';
import type { DataSource } from 'typeorm';

/** How many orders wait where, and since when the oldest of them has been waiting for its end. */
export type OrderLevels = {
  readonly statuses: readonly { readonly status: string; readonly orders: number; readonly oldestSeconds: number }[];
  /** Open holds by reason, of the orders that are on hold. */
  readonly holds: readonly { readonly reason: string; readonly orders: number }[];
  /** Orders past the deadline of their stage. */
  readonly overdue: number;
};

/** Where an order waits for somebody. Delivered orders, which wait for feedback only, and ended ones are not counted: they are most of the table. */
export const waitingStatuses = [
  'placed',
  'accepted',
  'backordered',
  'routed',
  'allocated',
  'on_hold',
  'in_fulfillment',
  'partially_shipped',
  'shipped',
  'partially_delivered',
] as const;

// The list's index begins with the tenant, so the tenants are walked first, one probe each, and then the orders of one tenant and one status:
// the cost follows the orders that wait, not the table.
const tenantsSql = `with recursive walked (id) as (
    (select tenant_id from order_summary order by tenant_id limit 1)
    union all
    select (select tenant_id from order_summary where tenant_id > w.id order by tenant_id limit 1) from walked w where w.id is not null
  ), tenants as (select id from walked where id is not null)`;
const statusesSql = `${tenantsSql}
  select s.status, coalesce(sum(o.orders), 0)::integer as orders,
    coalesce(extract(epoch from clock_timestamp() - min(o.oldest)), 0)::float8 as "oldestSeconds"
  from unnest($1::text[]) as s (status)
  left join (tenants t cross join unnest($1::text[]) as of_tenant (status) cross join lateral (
    select count(*) as orders, min(created_at) as oldest from order_summary where tenant_id = t.id and status = of_tenant.status
  ) as o) on of_tenant.status = s.status
  group by s.status`;
const holdsSql = `${tenantsSql}
  select reason, count(*)::integer as orders
  from tenants t
  cross join lateral (select hold_reasons from order_summary where tenant_id = t.id and status = 'on_hold' offset 0) as held
  cross join lateral unnest(string_to_array(held.hold_reasons, ',')) as reason
  group by reason`;
const overdueSql = 'select count(*)::integer as overdue from order_summary where due_at < now()';

/** Reads the levels: three short statements over indexes, one after the other, since a scrape should not take most of the pool. */
export const orderLevels = async (source: DataSource): Promise<OrderLevels> => {
  const statuses = await source.query<OrderLevels['statuses']>(statusesSql, [[...waitingStatuses]]);
  const holds = await source.query<OrderLevels['holds']>(holdsSql);
  const [late] = await source.query<{ overdue: number }[]>(overdueSql);
  return { statuses, holds, overdue: late?.overdue ?? 0 };
};

/** A scraper that asks more often is told what it was told before. */
const levelsMs = 5_000;

/** Shows the levels to whoever scrapes; answers how to take each gauge back. Nothing is read while nobody asks. */
export const observeOrderLevels = (source: DataSource, log: Logger): readonly (() => void)[] => {
  const levels = atMostEvery(levelsMs, async (): Promise<OrderLevels | undefined> => {
    try {
      return await orderLevels(source);
    } catch (error) {
      log.warn({ err: error }, 'the orders could not be counted');
      return undefined;
    }
  });
  const byStatus = async (read: (level: OrderLevels['statuses'][number]) => number) =>
    ((await levels())?.statuses ?? []).map((level) => ({ value: read(level), labels: { status: level.status } }));
  return [
    gauge('orderlog_orders_waiting', 'Orders that wait, by status', () => byStatus(({ orders }) => orders)),
    gauge('orderlog_orders_oldest_seconds', 'Age of the oldest order of each status, since it came; 0 without one', () => byStatus(({ oldestSeconds }) => oldestSeconds)),
    gauge('orderlog_orders_holds', 'Open holds of orders that are on hold, by reason', async () =>
      ((await levels())?.holds ?? []).map(({ reason, orders }) => ({ value: orders, labels: { reason } })),
    ),
    gauge('orderlog_orders_overdue', 'Orders past the deadline of their stage', async () => {
      const now = await levels();
      return now === undefined ? [] : [{ value: now.overdue }];
    }),
  ];
};
