import { buckets, onHand, type Reservation, type StockRow } from '@orderlog/inventory-domain';
import type { BackorderQueueRow } from '../../read-models/backorder-queue/backorder-queue.row.js';
import type { StockLedgerRow } from '../../read-models/stock-ledger/stock-ledger.row.js';

/** One stock row as callers see it: every bucket, and their sum. */
export const stockResponse = (row: StockRow) => ({
  sku: row.sku,
  centerId: row.centerId,
  available: row.available,
  reserved: row.reserved,
  committed: row.committed,
  quarantine: row.quarantine,
  damaged: row.damaged,
  safety: row.safety,
  onHand: onHand(row),
  version: row.version,
});

/** The stock of a SKU: by center and together. */
export const skuResponse = (sku: string, rows: readonly StockRow[]) => ({
  sku,
  ...Object.fromEntries(buckets.map((bucket) => [bucket, rows.reduce((sum, row) => sum + row[bucket], 0)])),
  onHand: rows.reduce((sum, row) => sum + onHand(row), 0),
  centers: rows.map((row) => {
    const { sku: _, ...center } = stockResponse(row);
    return center;
  }),
});

/** A movement of the ledger as callers see it. */
export const ledgerResponse = (row: StockLedgerRow) => ({
  stockVersion: row.stockVersion,
  type: row.type,
  recordedAt: row.recordedAt,
  quantity: row.quantity,
  changes: Object.fromEntries(buckets.filter((bucket) => row[bucket] !== 0).map((bucket) => [bucket, row[bucket]])),
  ...(row.reason === '' ? {} : { reason: row.reason }),
  ...(row.orderId === '' ? {} : { orderId: row.orderId }),
  ...(row.lineId === '' ? {} : { lineId: row.lineId }),
  ...(row.fulfillmentOrderId === '' ? {} : { fulfillmentOrderId: row.fulfillmentOrderId }),
  streamId: row.streamId,
  eventId: row.eventId,
  actor: { type: row.actorType, id: row.actorId },
});

/** A reservation as callers see it. */
export const reservationResponse = (id: string, { orderId, attempt, status, epoch, expiresAt, units }: Reservation) => ({
  id,
  orderId,
  attempt,
  status,
  epoch,
  ...(status === 'held' ? { expiresAt } : {}),
  units,
});

/** A waiting line as callers see it. */
export const backorderResponse = ({ orderId, lineId, sku, waiting, queuedAt }: BackorderQueueRow) => ({ orderId, lineId, sku, waiting, queuedAt });
