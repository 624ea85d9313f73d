import type { DataSource } from 'typeorm';
import { waitingLines, type QueuePlace } from './backorder-queue/backorder-queue.queries.js';
import { ledgerOf } from './stock-ledger/stock-ledger.queries.js';
import { stockOfCenter, stockOfSku } from './stock-level/stock-level.queries.js';

/** The questions inventory answers. */
export const queriesOn = (source: DataSource) => ({
  stockOfSku: (sku: string) => stockOfSku(source, sku),
  stockOfCenter: (centerId: string, afterSku: string, limit: number) => stockOfCenter(source, centerId, afterSku, limit),
  ledgerOf: (sku: string, centerId: string, afterVersion: number, limit: number) => ledgerOf(source, sku, centerId, afterVersion, limit),
  waitingLines: (sku: string, after: QueuePlace | undefined, limit: number) => waitingLines(source, sku, after, limit),
});

/** See `queriesOn`. */
export type Queries = ReturnType<typeof queriesOn>;

/** Injection token of the `Queries`. */
export const QUERIES = Symbol('orderlog:inventory-queries');
