import type { SqlExecutor } from '@orderlog/event-log';
import { assumedBin, binCode } from '@orderlog/warehouse-domain';
import type { BinRegister } from '../application/ports.js';

/** The bins of all centers on PostgreSQL. */
export const postgresBinRegister = (sql: SqlExecutor): BinRegister => ({
  binsOf: async (tx, centerId, skus) => {
    const { rows } = await tx.query<{ sku: string; bin: string }>('select sku, bin from bins where center_id = $1 and sku = any($2)', [centerId, skus]);
    const recorded = new Map(rows.map(({ sku, bin }) => [sku, bin]));
    return new Map(skus.map((sku) => [sku, recorded.get(sku) ?? binCode(assumedBin(sku))]));
  },
  record: async (centerId, bins) => {
    await sql.query(
      `insert into bins (center_id, sku, bin) select $1, * from unnest($2::text[], $3::text[])
       on conflict (center_id, sku) do update set bin = excluded.bin`,
      [centerId, bins.map(({ sku }) => sku), bins.map(({ bin }) => bin)],
    );
  },
});
