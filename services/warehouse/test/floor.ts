import type { EventContext } from '@orderlog/contracts';
import { createEventLog, newOrderId, type PostgresEventLog, type SqlExecutor } from '@orderlog/event-log';
import { messagingMigrations } from '@orderlog/messaging';
import { freshDatabase } from '@orderlog/testing';
import type { CenterKind, Units } from '@orderlog/warehouse-domain';
import { followOrder, type OrderFact } from '../application/follow-order.js';
import type { WorkBoard } from '../application/ports.js';
import { createWarehouse, type Warehouse } from '../application/warehouse.js';
import { postgresBinRegister } from '../infrastructure/bin-register.js';
import { itemCopies } from '../infrastructure/item-copies.js';
import { newPickListId } from '../infrastructure/pick-list-id.js';
import { postgresWorkBoard } from '../infrastructure/work-board.js';

/** The use cases on a real PostgreSQL, without a broker: facts are handed in. */
export type TestFloor = {
  readonly log: PostgresEventLog;
  readonly board: WorkBoard;
  readonly items: ReturnType<typeof itemCopies>;
  readonly warehouse: Warehouse;
  /** Releases an order to one center; answers the fulfillment order's id. */
  readonly release: (centerId: string, lines: readonly Units[], kind?: CenterKind) => Promise<string>;
  readonly releaseMany: (centerId: string, orders: readonly (readonly Units[])[], kind?: CenterKind) => Promise<readonly string[]>;
  readonly cancel: (fulfillmentOrderId: string, cancellationId: string, lines: readonly Units[]) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Context of a worker's request in a test. */
export const byAnn = (correlationId: string): EventContext => ({ tenantId: 't1', actor: { type: 'staff', id: 'ann' }, commandId: 'test', correlationId });

/** Opens a floor in a database of its own. */
export const openFloor = async (taskMs = 60_000): Promise<TestFloor> => {
  const database = await freshDatabase({ service: 'warehouse', folders: [messagingMigrations, { name: 'warehouse', path: new URL('../infrastructure/migrations/', import.meta.url) }] });
  const log = await createEventLog({ service: 'warehouse', connectionString: database.appUrl });
  const sql = log.pool as unknown as SqlExecutor;
  const board = postgresWorkBoard(sql, { taskMs, planningMs: 10_000 });
  const items = itemCopies();
  const warehouse = createWarehouse({ log, board, items, bins: postgresBinRegister(sql), newPickListId });
  const follow = followOrder(board, { acceptanceMs: 60_000, cancellationAnswerMs: 60_000 });
  const tell = (facts: readonly OrderFact[]) => log.transact((tx) => follow(facts, tx));
  const fact = () => ({ eventId: newOrderId(0), tenantId: 't1', recordedAt: new Date().toISOString() });
  let placed = 0;
  const releaseMany: TestFloor['releaseMany'] = async (centerId, orders, centerKind = 'own') => {
    const facts = orders.map((lines): OrderFact => {
      placed += 1;
      const orderId = newOrderId(placed % log.shards);
      return {
        ...fact(),
        type: 'OrderReleased',
        data: { orderId, attempt: 1, fulfillments: [{ fulfillmentOrderId: `${orderId}.1.1`, centerId, centerKind, lines, shipBy: '2026-11-23T16:00:00.000Z' }] },
      };
    });
    await tell(facts);
    return facts.map(({ data }) => `${data.orderId}.1.1`);
  };
  return {
    log,
    board,
    items,
    warehouse,
    releaseMany,
    release: async (centerId, lines, kind) => (await releaseMany(centerId, [lines], kind))[0] ?? '',
    cancel: (fulfillmentOrderId, cancellationId, lines) =>
      tell([
        {
          ...fact(),
          type: 'OrderCancellationRequested',
          data: { orderId: fulfillmentOrderId.split('.')[0] ?? '', cancellationId, shares: lines.map((units) => ({ ...units, fulfillmentOrderId })) },
        },
      ]),
    close: async () => {
      await log.close();
      await database.drop();
    },
  };
};
