import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { backgroundStep, BackboneModule, COPIES, copy, COPY_IS_CURRENT, DATA_SOURCE, EVENT_LOG, SQL } from '@orderlog/backbone';
import type { CenterCopy, CompactedTopic } from '@orderlog/contracts';
import { CONFIG, LIFECYCLE, LOGGER, type Lifecycle } from '@orderlog/edge';
import type { EventLog, SqlExecutor } from '@orderlog/event-log';
import type { CopiesPublisher } from '@orderlog/messaging';
import type { Logger } from '@orderlog/observability';
import { ItemsController } from './api/http/items.controller.js';
import { StockController } from './api/http/stock.controller.js';
import { OrderListener } from './api/kafka/order.listener.js';
import { expireReservations } from './application/expire-reservations.js';
import { leaseExpiry } from './application/streams.js';
import { USE_CASES, useCasesOf } from './application/use-cases.js';
import type { InventoryConfig } from './config.js';
import { knownCenters, type KnownCenters } from './infrastructure/known-centers.js';
import { inventoryParts, type InventoryParts } from './infrastructure/wiring.js';
import { BackorderQueueRow } from './read-models/backorder-queue/backorder-queue.row.js';
import { stockLedger } from './read-models/stock-ledger/stock-ledger.projection.js';
import { StockLedgerRow } from './read-models/stock-ledger/stock-ledger.row.js';
import { StockLevelRow } from './read-models/stock-level/stock-level.row.js';
import { QUERIES, queriesOn } from './read-models/queries.js';

const CENTERS = Symbol('orderlog:inventory-centers');
const PARTS = Symbol('orderlog:inventory-parts');

/** The inventory service. */
@Module({
  imports: [
    BackboneModule.forService({
      name: 'inventory',
      prefix: '/v1/stock',
      entities: [StockLevelRow, StockLedgerRow, BackorderQueueRow],
      projections: () => [stockLedger],
      copies: ({ get }) => [copy<CenterCopy>({ topic: 'routing.centers', onRecord: (record) => get<KnownCenters>(CENTERS).apply(record) })],
      timers: ({ get }) => [
        {
          kind: leaseExpiry,
          handle: (timers, tx) => expireReservations(get<InventoryParts>(PARTS).inventory)(timers.map(({ streamId, dueAt }) => ({ streamId, now: dueAt })), tx),
        },
      ],
    }),
  ],
  controllers: [ItemsController, StockController, OrderListener],
  providers: [
    { provide: QUERIES, inject: [DATA_SOURCE], useFactory: queriesOn },
    {
      provide: CENTERS,
      inject: [COPY_IS_CURRENT],
      useFactory: (isCurrent: (topic: CompactedTopic) => Promise<boolean>) => knownCenters(() => isCurrent('routing.centers')),
    },
    {
      provide: PARTS,
      inject: [EVENT_LOG, SQL, COPIES, CENTERS, CONFIG, LOGGER],
      useFactory: (log: EventLog, sql: SqlExecutor, copies: CopiesPublisher, centers: KnownCenters, config: InventoryConfig, logger: Logger): InventoryParts =>
        inventoryParts({
          log,
          sql,
          copies,
          centers,
          leaseMs: config.reservationLeaseMs,
          onError: (what, error) => logger.error({ err: error }, what),
        }),
    },
    {
      provide: USE_CASES,
      inject: [EVENT_LOG, PARTS],
      useFactory: (log: EventLog, { inventory, items }: InventoryParts) => useCasesOf(log, inventory, items.wake),
    },
  ],
})
export class InventoryModule implements OnModuleInit {
  constructor(
    @Inject(PARTS) private readonly parts: InventoryParts,
    @Inject(LIFECYCLE) private readonly lifecycle: Lifecycle,
  ) {}

  onModuleInit(): void {
    const { availability, items, covering } = this.parts;
    this.lifecycle.add(backgroundStep('copies and backorders', [items, availability, covering]));
  }
}
