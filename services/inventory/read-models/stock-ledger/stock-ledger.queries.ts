import { MoreThan, type DataSource } from 'typeorm';
import { StockLedgerRow } from './stock-ledger.row.js';

/** The movements of one SKU in one center in their order, from after a version on. */
export const ledgerOf = (source: DataSource, sku: string, centerId: string, afterVersion: number, limit: number): Promise<StockLedgerRow[]> =>
  source.getRepository(StockLedgerRow).find({
    where: { sku, centerId, stockVersion: MoreThan(afterVersion) },
    order: { stockVersion: 'ASC' },
    take: limit,
  });
