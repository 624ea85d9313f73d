import type { DataSource } from 'typeorm';
import { BackorderQueueRow } from './backorder-queue.row.js';

/** Where a page of the queue begins: after this line. */
export type QueuePlace = { readonly queuedAt: string; readonly orderId: string; readonly lineId: string };

/** Lines that wait, oldest first, of one SKU or of all. */
export const waitingLines = (source: DataSource, sku: string, after: QueuePlace | undefined, limit: number): Promise<BackorderQueueRow[]> => {
  const query = source.getRepository(BackorderQueueRow).createQueryBuilder('line').where('line.waiting > 0');
  if (sku !== '') query.andWhere('line.sku = :sku', { sku });
  if (after !== undefined) query.andWhere('(line.queued_at, line.order_id, line.line_id) > (:queuedAt::timestamptz, :orderId, :lineId)', after);
  return query
    .orderBy({ 'line.queued_at': 'ASC', 'line.order_id': 'ASC', 'line.line_id': 'ASC' })
    .limit(limit)
    .getMany();
};
