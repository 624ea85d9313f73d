import type { SqlExecutor } from '@orderlog/event-log';
import type { CenterNow, CenterRecord } from '@orderlog/routing-domain';
import type { Centers } from '../application/ports.js';
import { nextCutOff, type CutOff } from './cut-off.js';

/** The centers and their load in memory, read again from the tables now and then: other processes plan and define too. */
export type CenterRegister = Centers & {
  /** Ids of all centers, for those who ask before anything is planned. */
  readonly list: () => readonly (CenterRecord & { readonly version: number })[];
};

const saveSql = `insert into centers as c (center_id, record, version) values ($1, $2::json, $3)
  on conflict (center_id) do update set record = excluded.record, version = excluded.version where c.version < excluded.version`;
const centersSql = 'select record, version from centers order by center_id';
const loadSql = `select center_id, to_char(day, 'YYYY-MM-DD') as day, units from center_load where day >= current_date - 1`;
/** Plans made so shortly before the tables were read are counted beside them: the read model lags behind. */
const projectionLagMs = 300;

type Kept = { readonly record: CenterRecord; readonly version: number; cutOff: CutOff | undefined };

/** The register on PostgreSQL; empty until the first `refresh`. */
export const centerRegister = (sql: SqlExecutor, nowMs: () => number): CenterRegister => {
  let kept = new Map<string, Kept>();
  let load = new Map<string, number>();
  let recent: { readonly key: string; readonly units: number; readonly atMs: number }[] = [];
  let recentUnits = new Map<string, number>();

  const count = (): void => {
    recentUnits = new Map();
    for (const { key, units } of recent) recentUnits.set(key, (recentUnits.get(key) ?? 0) + units);
  };
  const cutOffOf = (center: Kept, now: number): CutOff => {
    const { record, cutOff } = center;
    if (cutOff !== undefined && now < cutOff.validUntilMs) return cutOff;
    return (center.cutOff = nextCutOff(now, record.timeZone, record.cutOff));
  };

  return {
    now: (now) =>
      [...kept.values()].map((center): CenterNow => {
        const { shipBy, isMissedToday, arrivals, day } = cutOffOf(center, now);
        const key = `${center.record.centerId} ${day}`;
        return {
          ...center.record,
          unitsPlanned: (load.get(key) ?? 0) + (recentUnits.get(key) ?? 0),
          isCutOffMissed: isMissedToday,
          shipBy,
          arrivals,
        };
      }),
    planned: (centerId, shipBy, units) => {
      const key = `${centerId} ${shipBy.slice(0, 10)}`;
      recent.push({ key, units, atMs: nowMs() });
      recentUnits.set(key, (recentUnits.get(key) ?? 0) + units);
    },
    list: () => [...kept.values()].map(({ record, version }) => ({ ...record, version })),
    save: async (tx, { version, ...record }) => {
      await tx.query(saveSql, [record.centerId, JSON.stringify(record), version]);
    },
    refresh: async () => {
      const [defined, planned] = await Promise.all([
        sql.query<{ record: CenterRecord; version: number }>(centersSql),
        sql.query<{ center_id: string; day: string; units: number }>(loadSql),
      ]);
      const before = kept;
      kept = new Map(
        defined.rows.map(({ record, version }) => {
          const known = before.get(record.centerId);
          return [record.centerId, known?.version === version ? known : { record, version, cutOff: undefined }];
        }),
      );
      load = new Map(planned.rows.map(({ center_id, day, units }) => [`${center_id} ${day}`, units]));
      const oldest = nowMs() - projectionLagMs;
      recent = recent.filter(({ atMs }) => atMs > oldest);
      count();
    },
  };
};
