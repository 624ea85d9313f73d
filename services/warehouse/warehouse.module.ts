import { Module } from '@nestjs/common';
import { BackboneModule, copy, DATA_SOURCE, EVENT_LOG, SQL } from '@orderlog/backbone';
import type { ItemCopy } from '@orderlog/contracts';
import { CONFIG } from '@orderlog/edge';
import type { EventLog, SqlExecutor } from '@orderlog/event-log';
import type { DataSource } from 'typeorm';
import { FulfillmentOrdersController } from './api/http/fulfillment-orders.controller.js';
import { PackingController } from './api/http/packing.controller.js';
import { PickingController } from './api/http/picking.controller.js';
import { OrderListener } from './api/kafka/order.listener.js';
import { deadlineTimers } from './api/timers/deadlines.js';
import { FOLLOW_ORDER, FULFILLMENT_ORDER_LIST, PICK_LIST_DOCUMENT, WAREHOUSE, WORK_QUEUE } from './api/tokens.js';
import { followOrder } from './application/follow-order.js';
import type { WorkBoard } from './application/ports.js';
import { createWarehouse } from './application/warehouse.js';

import type { WarehouseConfig } from './config.js';
import { postgresBinRegister } from './infrastructure/bin-register.js';
import { itemCopies } from './infrastructure/item-copies.js';
import { pickListDocument } from './infrastructure/pick-list-document.js';
import { newPickListId } from './infrastructure/pick-list-id.js';
import { postgresWorkBoard } from './infrastructure/work-board.js';
import { fulfillmentOrderList } from './read-models/fulfillment-order-list/fulfillment-order-list.projection.js';
import { fulfillmentOrderListQueries } from './read-models/fulfillment-order-list/fulfillment-order-list.queries.js';
import { FulfillmentOrderListRow } from './read-models/fulfillment-order-list/fulfillment-order-list.row.js';
import { workQueueQueries } from './read-models/work-queue/work-queue.queries.js';

const ITEMS = Symbol('orderlog:items');
const BOARD = Symbol('orderlog:work-board');

/** How long somebody who planned a wave and vanished keeps its fulfillment orders from the others. */
const planningMs = 10_000;

type ItemCopies = ReturnType<typeof itemCopies>;

/** The warehouse service: its wiring and nothing else. */
@Module({
  imports: [
    BackboneModule.forService({
      name: 'warehouse',
      prefix: '/v1/warehouse',
      entities: [FulfillmentOrderListRow],
      projections: () => [fulfillmentOrderList],
      timers: ({ log }) => deadlineTimers(log),
      copies: ({ get }) => [copy<ItemCopy>({ topic: 'inventory.items', onRecord: (record) => get<ItemCopies>(ITEMS).apply(record) })],
    }),
  ],
  controllers: [PickingController, PackingController, FulfillmentOrdersController, OrderListener],
  providers: [
    { provide: ITEMS, useFactory: itemCopies },
    {
      provide: BOARD,
      inject: [SQL, CONFIG],
      useFactory: (sql: SqlExecutor, { taskLeaseMs }: WarehouseConfig) => postgresWorkBoard(sql, { taskMs: taskLeaseMs, planningMs }),
    },
    {
      provide: WAREHOUSE,
      inject: [EVENT_LOG, SQL, BOARD, ITEMS],
      useFactory: (log: EventLog, sql: SqlExecutor, board: WorkBoard, items: ItemCopies) =>
        createWarehouse({ log, board, items, bins: postgresBinRegister(sql), newPickListId }),
    },
    {
      provide: FOLLOW_ORDER,
      inject: [BOARD, CONFIG],
      useFactory: (board: WorkBoard, { acceptanceMs, cancellationAnswerMs }: WarehouseConfig) => followOrder(board, { acceptanceMs, cancellationAnswerMs }),
    },
    { provide: PICK_LIST_DOCUMENT, useValue: pickListDocument },
    { provide: FULFILLMENT_ORDER_LIST, inject: [DATA_SOURCE], useFactory: (source: DataSource) => fulfillmentOrderListQueries(source) },
    { provide: WORK_QUEUE, inject: [DATA_SOURCE], useFactory: (source: DataSource) => workQueueQueries(source) },
  ],
})
export class WarehouseModule {}
