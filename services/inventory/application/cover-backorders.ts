import type { EventLog } from '@orderlog/event-log';
import { cover, type BackorderLine } from '@orderlog/inventory-domain';
import type { Inventory } from './ports.js';
import { backorders, backorderStream } from './streams.js';

/**
 * Tells waiting orders of stock, oldest first. It looks at what stands in the tables, not at what just happened: stock and backorder may
 * arrive at the same moment in two transactions that do not see each other. Answers how many orders were told.
 */
export const coverBackorders = async (log: EventLog, inventory: Inventory): Promise<number> => {
  const skus = await inventory.backorders.dueSkus();
  if (skus.length === 0) return 0;
  return log.transact(async (tx) => {
    const due = await inventory.backorders.dueLines(tx, skus);
    const orderIds = [...new Set(due.map(({ orderId }) => orderId))];
    if (orderIds.length === 0) return 0;
    const loaded = await tx.load(backorders, orderIds.map(backorderStream));
    await inventory.backorders.lock(tx, orderIds);
    const rows = await inventory.stock.lockSkus(tx, skus);
    const free = await inventory.backorders.free(tx, rows, skus);
    // The queue was read before its lines were locked: only what still waits by its stream counts.
    const queue = due.flatMap(({ orderId, lineId, sku }) => {
      const waiting = loaded.get(backorderStream(orderId))?.state.waiting.get(lineId)?.quantity ?? 0;
      return waiting > 0 ? [{ orderId, lineId, sku, waiting }] : [];
    });
    const shares = cover(queue, free);
    const told: (BackorderLine & { readonly orderId: string })[] = [];
    const tenants = await inventory.tenants(tx, [...shares.keys()].map(backorderStream));
    for (const [orderId, lines] of shares) {
      const streamId = backorderStream(orderId);
      const [outcome] = await tx.decide(backorders, [
        {
          streamId,
          command: { type: 'CoverBackorder', data: { orderId, lines } },
          context: {
            tenantId: tenants.get(streamId) ?? '',
            actor: { type: 'service', id: 'inventory' },
            commandId: `cover-${streamId}/${loaded.get(streamId)?.version ?? 0}`,
            correlationId: orderId,
          },
        },
      ]);
      if (outcome === undefined || 'refused' in outcome) continue;
      for (const { data } of outcome.events) for (const line of data.lines) told.push({ ...line, orderId });
    }
    if (told.length > 0) await inventory.backorders.covered(tx, told);
    return shares.size;
  });
};
