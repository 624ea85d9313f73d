import type { SqlExecutor } from '@orderlog/event-log';
import type { QuarantinedScan, ScanQuarantine } from '../application/ports.js';

const keep = `
  insert into quarantined_scans (carrier, scan_id, tracking_number, reason, scan)
  select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::json[])
  on conflict (carrier, scan_id) do nothing`;

const newest = `
  select carrier, scan_id as "scanId", tracking_number as "trackingNumber", reason, scan, received_at as "receivedAt"
  from quarantined_scans order by received_at desc limit $1`;

/** The quarantine in the service's schema. */
export const scanQuarantine = (pool: SqlExecutor): ScanQuarantine => ({
  keep: async (scans) => {
    if (scans.length === 0) return;
    await pool.query(keep, [
      scans.map(({ carrier }) => carrier),
      scans.map(({ scanId }) => scanId),
      scans.map(({ trackingNumber }) => trackingNumber),
      scans.map(({ reason }) => reason),
      scans.map(({ scan }) => JSON.stringify(scan)),
    ]);
  },
  newest: async (limit) => (await pool.query<QuarantinedScan & { receivedAt: string }>(newest, [limit])).rows,
});
