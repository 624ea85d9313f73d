import type { LogTransaction } from '@orderlog/event-log';
import { buckets, emptyRow, stockKey, type StockRow } from '@orderlog/inventory-domain';
import type { StockTable } from '../application/ports.js';

type Row = Omit<StockRow, 'centerId'> & { readonly center_id: string };

const columns = `sku, center_id, ${buckets.join(', ')}, version`;

// Sorted before locking, never an update from a list: two batches that lock the same rows in different orders end in a deadlock.
const lockSql = `select ${columns} from stock
  where (sku, center_id) in (select * from unnest($1::text[], $2::text[])) order by sku, center_id for update`;
const lockSkusSql = `select ${columns} from stock where sku = any($1) order by sku, center_id for update`;
const createSql = `insert into stock (sku, center_id) select * from unnest($1::text[], $2::text[]) as made (sku, center_id)
  order by sku, center_id on conflict do nothing`;
const saveSql = `update stock as s
  set ${buckets.map((bucket) => `${bucket} = n.${bucket}`).join(', ')}, version = n.version,
      arrived_at = case when n.arrived then clock_timestamp() else s.arrived_at end
  from unnest($1::text[], $2::text[], ${buckets.map((_, n) => `$${n + 3}::int[]`).join(', ')}, $9::bigint[], $10::boolean[])
    as n (sku, center_id, ${buckets.join(', ')}, version, arrived)
  where s.sku = n.sku and s.center_id = n.center_id`;

const byKey = (rows: readonly Row[]): Map<string, StockRow> =>
  new Map(rows.map(({ center_id: centerId, ...row }) => [stockKey(row.sku, centerId), { ...emptyRow(row.sku, centerId), ...row }]));

/** The stock rows on PostgreSQL. */
export const postgresStockTable: StockTable = {
  lock: async (tx, keys, { create } = { create: false }) => {
    const values = [keys.map(({ sku }) => sku), keys.map(({ centerId }) => centerId)];
    if (create) await tx.query(createSql, values);
    return byKey((await tx.query<Row>(lockSql, values)).rows);
  },
  lockSkus: async (tx, skus) => byKey((await tx.query<Row>(lockSkusSql, [skus])).rows),
  save: async (tx: LogTransaction, rows, arrived) => {
    await tx.query(saveSql, [
      rows.map(({ sku }) => sku),
      rows.map(({ centerId }) => centerId),
      ...buckets.map((bucket) => rows.map((row) => row[bucket])),
      rows.map(({ version }) => version),
      rows.map(({ sku, centerId }) => arrived.has(stockKey(sku, centerId))),
    ]);
  },
};
