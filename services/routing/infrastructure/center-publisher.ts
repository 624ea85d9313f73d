import { takeTurns, type Turns } from '@orderlog/backbone';
import type { CenterCopy } from '@orderlog/contracts';
import type { SqlExecutor } from '@orderlog/event-log';
import type { CenterRecord } from '@orderlog/routing-domain';

const recordsMax = 100;

const copyOf = (record: CenterRecord, version: number): CenterCopy => ({
  centerId: record.centerId,
  name: record.name,
  kind: record.kind,
  countryCode: record.countryCode,
  region: record.region,
  postalCode: record.postalCode,
  city: record.city,
  latitude: record.latitude,
  longitude: record.longitude,
  timeZone: record.timeZone,
  cutOff: record.cutOff,
  capacityUnitsPerDay: record.capacityUnitsPerDay,
  stopped: record.stopped,
  version,
});

/** Keeps the compacted topic at the centers as last defined; what it still has to publish stands in the table. */
export const centerPublisher = (options: {
  readonly sql: SqlExecutor;
  readonly publish: (records: readonly { readonly key: string; readonly value: CenterCopy }[]) => Promise<void>;
  readonly onError: (error: unknown) => void;
}): Turns =>
  takeTurns({
    turn: async () => {
      const { rows } = await options.sql.query<{ center_id: string; record: CenterRecord; version: number }>(
        'select center_id, record, version from centers where version > published_version order by center_id limit $1',
        [recordsMax],
      );
      if (rows.length === 0) return false;
      await options.publish(rows.map(({ center_id, record, version }) => ({ key: center_id, value: copyOf(record, version) })));
      await options.sql.query(
        `update centers as c set published_version = n.version from unnest($1::text[], $2::bigint[]) as n (center_id, version)
         where c.center_id = n.center_id and c.published_version < n.version`,
        [rows.map(({ center_id }) => center_id), rows.map(({ version }) => version)],
      );
      return rows.length === recordsMax;
    },
    idleMs: 1_000,
    gatherMs: 10,
    onError: options.onError,
  });
