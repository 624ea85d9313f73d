import type { CenterCopy, EventContext, RecordedEvent } from '@orderlog/contracts';
import { createEventLog, newOrderId, type MigrationFolder, type PostgresEventLog } from '@orderlog/event-log';
import { messagingMigrations } from '@orderlog/messaging';
import { projectionMigrations } from '@orderlog/projections';
import { freshDatabase } from '@orderlog/testing';
import type { OrderFact, OrderFacts } from '../application/order-facts.js';
import { useCasesOf, type UseCases } from '../application/use-cases.js';
import { knownCenters } from '../infrastructure/known-centers.js';
import { inventoryParts, type InventoryParts } from '../infrastructure/wiring.js';

/** Everything inventory's schema is made of besides the event log. */
export const inventoryMigrations: readonly MigrationFolder[] = [
  messagingMigrations,
  projectionMigrations,
  { name: 'inventory', path: new URL('../infrastructure/migrations/', import.meta.url) },
];

/** Who asks in these tests. */
export const context = (correlationId: string): EventContext => ({
  tenantId: 'shop',
  actor: { type: 'operator', id: 'test' },
  commandId: `test-${correlationId}`,
  correlationId,
});

/** A center as routing publishes it. */
export const centerRecord = (centerId: string): CenterCopy => ({
  centerId,
  name: centerId,
  kind: 'own',
  countryCode: 'AT',
  region: '',
  postalCode: '1010',
  city: 'Wien',
  latitude: 48.2,
  longitude: 16.4,
  timeZone: 'Europe/Vienna',
  cutOff: '14:00',
  capacityUnitsPerDay: 1000,
  stopped: false,
  version: 1,
});

/** A fact of the order as inventory hears it. */
export const fact = <Type extends keyof OrderFacts>(type: Type, data: OrderFacts[Type]): OrderFact =>
  ({ type, data, context: context(data.orderId), recordedAt: new Date().toISOString() }) as unknown as OrderFact;

/** A plan of one line from one center. */
export const routed = (orderId: string, sku: string, quantity: number, options: { centerId?: string; attempt?: number } = {}): OrderFact => {
  const { centerId = 'berg', attempt = 1 } = options;
  const fulfillments = [{ fulfillmentOrderId: `${orderId}.${attempt}.1`, centerId, lines: [{ lineId: '1', sku, quantity }] }];
  return fact('OrderRouted', { orderId, attempt, reservationId: `${orderId}.${attempt}`, fulfillments });
};

/** A copy on a compacted topic, as it was sent. */
export type SentCopy = { readonly topic: string; readonly key: string; readonly value: { readonly version: number; readonly available?: number } };

/** Inventory on a real database; copies are kept in memory instead of being sent. */
export type InventoryWorld = {
  readonly log: PostgresEventLog;
  readonly parts: InventoryParts;
  readonly useCases: UseCases;
  readonly sent: SentCopy[];
  readonly appUrl: string;
  /** Hears a batch of the order's facts, in one transaction. */
  readonly hear: (...facts: readonly OrderFact[]) => Promise<void>;
  readonly defineItems: (...skus: readonly string[]) => Promise<void>;
  readonly receive: (sku: string, quantity: number, centerId?: string) => Promise<void>;
  /** Available, reserved, committed, quarantine of a row. */
  readonly buckets: (sku: string, centerId?: string) => Promise<readonly number[]>;
  readonly typesOf: (streamId: string) => Promise<readonly string[]>;
  readonly events: (streamId: string) => Promise<readonly RecordedEvent[]>;
  /** Publishes what is to be published and covers what can be covered. */
  readonly settle: () => Promise<void>;
  readonly orderId: (shard?: number) => string;
  readonly end: () => Promise<void>;
};

/** Opens it. */
export const openInventory = async (options: { readonly leaseMs?: number } = {}): Promise<InventoryWorld> => {
  const database = await freshDatabase({ service: 'inventory', folders: inventoryMigrations });
  const log = await createEventLog({ service: 'inventory', connectionString: database.appUrl });
  const sent: SentCopy[] = [];
  const failed: unknown[] = [];
  const centers = knownCenters(async () => true);
  for (const centerId of ['berg', 'tal', 'see']) centers.apply({ key: centerId, value: centerRecord(centerId) });
  const parts = inventoryParts({
    log,
    sql: log.sql,
    centers,
    leaseMs: options.leaseMs ?? 900_000,
    copies: {
      publish: async (topic, records) => {
        for (const { key, value } of records) sent.push({ topic, key, value });
      },
    },
    onError: (_, error) => failed.push(error),
  });
  const useCases = useCasesOf(log, parts.inventory, () => undefined);
  let receipts = 0;
  return {
    log,
    parts,
    useCases,
    sent,
    appUrl: database.appUrl,
    hear: (...facts) => log.transact((tx) => useCases.followOrder(facts, tx)),
    defineItems: async (...skus) => {
      const item = { weightGrams: 300, lengthMm: 0, widthMm: 0, heightMm: 0, hazmat: false, barcodes: [], active: true };
      await useCases.defineItems(
        skus.map((sku) => ({ ...item, sku, name: sku })),
        context,
      );
    },
    receive: async (sku, quantity, centerId = 'berg') => {
      receipts += 1;
      const receiptId = `r${receipts}`;
      const outcome = await useCases.receiveStock({ receiptId, centerId, reference: '', lines: [{ sku, quantity }] }, context(receiptId));
      if ('refused' in outcome) throw new Error(outcome.refused);
    },
    buckets: async (sku, centerId = 'berg') => {
      const { rows } = await log.sql.query<Record<string, number>>('select * from stock where sku = $1 and center_id = $2', [sku, centerId]);
      return ['available', 'reserved', 'committed', 'quarantine'].map((bucket) => rows[0]?.[bucket] ?? 0);
    },
    typesOf: async (streamId) => (await log.read(streamId)).map(({ type }) => type),
    events: (streamId) => log.read(streamId),
    settle: async () => {
      const { coverBackorders } = await import('../application/cover-backorders.js');
      await parts.availability.settled();
      while ((await coverBackorders(log, parts.inventory)) > 0) continue;
      if (failed.length > 0) throw failed[0];
    },
    orderId: (shard = 0) => newOrderId(shard),
    end: async () => {
      await log.close();
      await database.drop();
    },
  };
};
