import { MoreThan, type DataSource } from 'typeorm';
import { StockLevelRow } from './stock-level.row.js';

/** The stock of one SKU in every center that ever had it. */
export const stockOfSku = (source: DataSource, sku: string): Promise<StockLevelRow[]> =>
  source.getRepository(StockLevelRow).find({ where: { sku, version: MoreThan(0) }, order: { centerId: 'ASC' } });

/** The stock of one center by SKU, from after a SKU on. */
export const stockOfCenter = (source: DataSource, centerId: string, afterSku: string, limit: number): Promise<StockLevelRow[]> =>
  source.getRepository(StockLevelRow).find({
    where: { centerId, version: MoreThan(0), ...(afterSku === '' ? {} : { sku: MoreThan(afterSku) }) },
    order: { sku: 'ASC' },
    take: limit,
  });
