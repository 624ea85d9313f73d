import { projection } from '@orderlog/projections';
import type { RouteEvent } from '@orderlog/routing-domain';

type Decided = Extract<RouteEvent, { type: 'RoutingDecided' }>;

const addSql = `insert into center_load_v1 as l (center_id, day, units)
  select * from unnest($1::text[], $2::date[], $3::bigint[]) as n (center_id, day, units) order by center_id, day
  on conflict (center_id, day) do update set units = l.units + excluded.units`;

/** Units planned for each center and day of dispatch. */
export const centerLoad = projection<Decided>({
  name: 'center-load',
  version: 1,
  tables: ['center_load_v1'],
  types: ['RoutingDecided'],
  apply: async (events, sql) => {
    const units = new Map<string, { readonly centerId: string; readonly day: string; units: number }>();
    for (const { data } of events) {
      for (const { centerId, shipBy, lines } of data.legs) {
        const day = shipBy.slice(0, 10);
        const planned = lines.reduce((sum, { quantity }) => sum + quantity, 0);
        const known = units.get(`${centerId} ${day}`);
        if (known === undefined) units.set(`${centerId} ${day}`, { centerId, day, units: planned });
        else known.units += planned;
      }
    }
    const rows = [...units.values()];
    if (rows.length === 0) return;
    await sql.query(addSql, [rows.map(({ centerId }) => centerId), rows.map(({ day }) => day), rows.map((row) => row.units)]);
  },
});
