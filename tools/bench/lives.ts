import { eventsTopic, services, type ServiceName } from '@orderlog/contracts';
import type pg from 'pg';
import { until } from './until.js';

/**
 * Counts the events of a type in a service's log since it was made: on from where it last looked, for a count of the whole log took the database
 * up to 80 ms, twice a second, of what is measured here.
 */
export const eventCounter = async (sql: pg.Client, service: ServiceName, type: string): Promise<() => Promise<number>> => {
  const { rows: heads } = await sql.query<{ shard: number; seq: string }>(`select shard, seq from "${service}".shard_head`);
  const positions = new Map(heads.map(({ shard, seq }) => [shard, seq]));
  let counted = 0;
  return async () => {
    const { rows } = await sql.query<{ shard: number; seq: string; n: number }>(
      `select c.shard, e.seq, e.n from unnest($1::smallint[], $2::bigint[]) as c (shard, after)
       cross join lateral (select max(l.seq) as seq, (count(*) filter (where l.type = $3))::int as n
         from "${service}".event_log l where l.shard = c.shard and l.seq > c.after) as e
       where e.seq is not null`,
      [[...positions.keys()], [...positions.values()], type],
    );
    for (const { shard, seq, n } of rows) {
      positions.set(shard, seq);
      counted += n;
    }
    return counted;
  };
};

/** Counts the orders that were delivered since it was made. */
export const deliveryCounter = (sql: pg.Client): Promise<() => Promise<number>> => eventCounter(sql, 'order', 'OrderDelivered');

/** Waits until that many were delivered, and says how far it is. */
export const allDelivered = (delivered: () => Promise<number>, orders: number, say: (text: string) => void): Promise<void> => {
  let saidAt = 0;
  return until(`${orders} orders are delivered`, async () => {
    const done = await delivered();
    if (done < orders && Date.now() - saidAt > 5_000) {
      say(`delivered ${done} of ${orders}`);
      saidAt = Date.now();
    }
    return done >= orders;
  });
};

const stored = `select (select count(*) from "order".event_log) + (select count(*) from inventory.event_log) + (select count(*) from routing.event_log)
  + (select count(*) from warehouse.event_log) + (select count(*) from shipping.event_log) as n`;

/** Events of all services. */
export const eventsStored = async (sql: pg.Client): Promise<number> => Number((await sql.query<{ n: string }>(stored)).rows[0]?.n ?? 0);

/** Facts that some service has not heard yet: partitions whose position lies before the head of their source. */
const unheard = services
  .flatMap((service) =>
    services.map(
      (source) => `select count(*) as n from "${service}".consumer_position p join "${source}".shard_head h on h.shard = p.partition
        where p.topic = '${eventsTopic(source)}' and p.last_seq < h.seq`,
    ),
  )
  .join(' union all ');

/** Delivered is not the last fact of a life: waits until every service has heard everything, so that what is measured next is not the end of this. */
export const settled = (sql: pg.Client): Promise<void> =>
  until('every service has heard everything', async () => (await sql.query<{ n: number }>(`select sum(n)::int as n from (${unheard}) as u`)).rows[0]?.n === 0);
