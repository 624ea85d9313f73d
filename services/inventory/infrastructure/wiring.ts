import { takeTurns, type Turns } from '@orderlog/backbone';
import type { EventLog, SqlExecutor } from '@orderlog/event-log';
import type { CopiesPublisher } from '@orderlog/messaging';
import { coverBackorders } from '../application/cover-backorders.js';
import type { Centers, Inventory } from '../application/ports.js';
import { availabilityPublisher, type AvailabilityPublisher } from './availability-publisher.js';
import { itemPublisher } from './item-publisher.js';
import { postgresBackorderQueue } from './postgres-backorder-queue.js';
import { postgresCatalog } from './postgres-catalog.js';
import { postgresStockTable } from './postgres-stock-table.js';

/** The service's parts on real PostgreSQL and Kafka, and the loops that keep the copies and the backorders up to date. */
export type InventoryParts = {
  readonly inventory: Inventory;
  readonly availability: AvailabilityPublisher;
  readonly items: Turns;
  readonly covering: Turns;
};

/** Puts the parts together. */
export const inventoryParts = (options: {
  readonly log: EventLog;
  /** For single statements outside of transactions. */
  readonly sql: SqlExecutor;
  readonly copies: Pick<CopiesPublisher, 'publish'>;
  readonly centers: Centers;
  readonly leaseMs: number;
  readonly onError: (what: string, error: unknown) => void;
}): InventoryParts => {
  const { log, sql, copies, leaseMs } = options;
  // Backorders are told only of stock that was published: they are looked at when it came, and once more when routing was told.
  let mayCover = false;
  const availability = availabilityPublisher({
    sql,
    publish: (records) => copies.publish('inventory.availability', records),
    onPublished: () => {
      if (!mayCover) return;
      mayCover = false;
      covering.wake();
    },
    onError: (error) => options.onError('availability could not be published', error),
  });
  const inventory: Inventory = {
    stock: postgresStockTable,
    backorders: postgresBackorderQueue(sql),
    catalog: postgresCatalog,
    centers: options.centers,
    watch: {
      changed: availability.changed,
      mayCover: () => {
        mayCover = true;
        covering.wake();
      },
    },
    tenants: async (tx, streamIds) => {
      const { rows } = await tx.query<{ stream_id: string; tenant_id: string }>(
        `select e.stream_id, e.meta->>'tenantId' as tenant_id from unnest($1::smallint[], $2::text[]) as wanted (shard, stream_id)
         join event_log_json e on e.shard = wanted.shard and e.stream_id = wanted.stream_id and e.version = 1`,
        [streamIds.map((streamId) => log.shardOf(streamId)), streamIds],
      );
      return new Map(rows.map(({ stream_id, tenant_id }) => [stream_id, tenant_id]));
    },
    leaseMs,
    clock: (plusMs) => new Date(Date.now() + plusMs).toISOString(),
  };
  const covering: Turns = takeTurns({
    turn: async () => (await coverBackorders(log, inventory)) > 0,
    idleMs: 500,
    gatherMs: 10,
    onError: (error) => options.onError('backorders could not be covered', error),
  });
  const items = itemPublisher({
    sql,
    publish: (records) => copies.publish('inventory.items', records),
    onError: (error) => options.onError('items could not be published', error),
  });
  return { inventory, availability, items, covering };
};
