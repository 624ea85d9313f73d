import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { backgroundStep, BackboneModule, copy, COPIES, DATA_SOURCE, EVENT_LOG, SQL } from '@orderlog/backbone';
import type { AvailabilityCopy, ItemCopy } from '@orderlog/contracts';
import { LIFECYCLE, LOGGER, type Lifecycle } from '@orderlog/edge';
import type { EventLog, SqlExecutor } from '@orderlog/event-log';
import type { CopiesPublisher } from '@orderlog/messaging';
import type { Logger } from '@orderlog/observability';
import { CENTERS } from './api/http/centers.js';
import { CentersController } from './api/http/centers.controller.js';
import { RoutingController } from './api/http/routing.controller.js';
import { OrderListener } from './api/kafka/order.listener.js';
import { USE_CASES, useCasesOf } from './application/use-cases.js';
import { routingParts, type RoutingParts } from './infrastructure/wiring.js';
import { centerLoad } from './read-models/center-load/center-load.projection.js';
import { CenterLoadRow } from './read-models/center-load/center-load.row.js';
import { QUERIES, queriesOn } from './read-models/queries.js';

const PARTS = Symbol('orderlog:routing-parts');

/** The routing service. */
@Module({
  imports: [
    BackboneModule.forService({
      name: 'routing',
      prefix: '/v1/routing',
      entities: [CenterLoadRow],
      projections: () => [centerLoad],
      copies: ({ get }) => [
        copy<AvailabilityCopy>({ topic: 'inventory.availability', onRecord: (record) => get<RoutingParts>(PARTS).availability.apply(record) }),
        copy<ItemCopy>({ topic: 'inventory.items', onRecord: (record) => get<RoutingParts>(PARTS).items.apply(record) }),
      ],
    }),
  ],
  controllers: [CentersController, RoutingController, OrderListener],
  providers: [
    { provide: QUERIES, inject: [DATA_SOURCE], useFactory: queriesOn },
    {
      provide: PARTS,
      inject: [SQL, COPIES, LOGGER],
      // The centers are read before anything starts: the first fact may come at once.
      useFactory: async (sql: SqlExecutor, copies: CopiesPublisher, logger: Logger): Promise<RoutingParts> => {
        const parts = routingParts({ sql, copies, onError: (what, error) => logger.error({ err: error }, what) });
        await parts.centers.refresh();
        return parts;
      },
    },
    { provide: CENTERS, inject: [PARTS], useFactory: ({ centers }: RoutingParts) => centers },
    {
      provide: USE_CASES,
      inject: [EVENT_LOG, PARTS],
      useFactory: (log: EventLog, { routing, publishing }: RoutingParts) => useCasesOf(log, routing, publishing.wake),
    },
  ],
})
export class RoutingModule implements OnModuleInit {
  constructor(
    @Inject(PARTS) private readonly parts: RoutingParts,
    @Inject(LIFECYCLE) private readonly lifecycle: Lifecycle,
  ) {}

  onModuleInit(): void {
    this.lifecycle.add(backgroundStep('centers', [this.parts.publishing, this.parts.refreshing]));
  }
}
