import { setTimeout as pause } from 'node:timers/promises';
import { eventsTopic, services } from '@orderlog/contracts';
import pg from 'pg';

/** What still moves, by name; empty when everything has come to rest. */
export type Moving = Readonly<Record<string, number>>;

const [lookMs, quietMs] = [500, 2_500];

const unheard = services.flatMap((service) =>
  services.map(
    (source) => `select 'facts of ${source} that ${service} has not heard' as what, coalesce(sum(h.seq - p.last_seq), 0) as n
      from "${service}".consumer_position p join "${source}".shard_head h on h.shard = p.partition where p.topic = '${eventsTopic(source)}' and p.last_seq < h.seq`,
  ),
);
const unpublished = services.map((service) => `select 'rows of ${service} that are not on its topic', coalesce(sum(h.seq - coalesce(c.seq, 0)), 0) from "${service}".shard_head h left join "${service}".relay_cursor c using (shard)`);
const unseen = services.map((service) => `select 'rows of ${service} that its read models lack', coalesce(sum(h.seq - c.seq), 0) from "${service}".shard_head h join "${service}".projection_checkpoints c using (shard)`);
const undone = services.flatMap((service) => [
  `select 'calls of ${service} that are due', count(*) from "${service}".pending_effects where due_at < now() + interval '1 minute'`,
  `select 'timers of ${service} that are due', count(*) from "${service}".timers where due_at < now()`,
]);
/** Neither ended nor on hold nor waiting for stock. */
const underWay = `select 'orders under way', count(*) from "order".order_summary
  where status not in ('cancelled', 'rejected', 'closed', 'delivered') and hold_reasons = '' and backordered_units = 0`;

const movingSql = [...unheard, ...unpublished, ...unseen, ...undone, underWay].join(' union all ');
const headsSql = services.map((service) => `select sum(seq) as n from "${service}".shard_head`).join(' union all ');

/** Waits until nothing moves any more; answers what still does when the time is over, and since when nothing did otherwise. */
export const rest = async (databaseUrl: string, withinMs: number, say: (text: string) => void): Promise<{ readonly restedAt: string | null; readonly moving: Moving }> => {
  const sql = new pg.Client({ connectionString: databaseUrl });
  await sql.connect();
  try {
    let [heads, since, saidAt] = ['', Date.now(), Date.now()];
    for (const giveUpAt = Date.now() + withinMs; ; await pause(lookMs)) {
      const { rows } = await sql.query<{ what: string; n: string }>(movingSql);
      const moving = Object.fromEntries(rows.filter(({ n }) => Number(n) > 0).map(({ what, n }) => [what, Number(n)]));
      const now = JSON.stringify((await sql.query(headsSql)).rows);
      if (now !== heads || Object.keys(moving).length > 0) [heads, since] = [now, Date.now()];
      if (Date.now() - since >= quietMs) return { restedAt: new Date().toISOString(), moving: {} };
      if (Date.now() > giveUpAt) return { restedAt: null, moving };
      if (Date.now() - saidAt > 10_000) {
        saidAt = Date.now();
        say(`still moving: ${Object.entries(moving).map(([what, n]) => `${n} ${what}`).join(', ')}`);
      }
    }
  } finally {
    await sql.end();
  }
};
