import type { EventContext } from '@orderlog/contracts';
import { isRefusal, refuse, type Refusal } from '@orderlog/decider';
import type { Aggregate, EventLog } from '@orderlog/event-log';
import type {
  Adjustment,
  MovementCommand,
  MovementEvent,
  MovementRefusal,
  Receipt,
  RecordedMovement,
  StockCount,
  StockRow,
} from '@orderlog/inventory-domain';
import type { Inventory } from './ports.js';
import { openDesk } from './stock-desk.js';
import { adjustments, counts, receipts } from './streams.js';

/** Why a movement by hand is not recorded. */
export type MoveRefusal = MovementRefusal | 'UnknownSku' | 'UnknownCenter' | 'CentersBehind';

/** What became of it: the rows after it, and whether it had been recorded before. */
export type Moved = { readonly isRepeated: boolean; readonly rows: readonly StockRow[] };

type Movements = Aggregate<MovementCommand, MovementEvent, RecordedMovement, MovementRefusal>;

/** Takes back the rows that were made for a movement that is then refused. */
class NotMoved extends Error {
  constructor(readonly refusal: Refusal<MoveRefusal>) {
    super(refusal.refused);
  }
}

const move = async (
  log: EventLog,
  inventory: Inventory,
  context: EventContext,
  what: { readonly movements: Movements; readonly id: string; readonly centerId: string; readonly skus: readonly string[] },
  commandOf: (rows: ReadonlyMap<string, StockRow>) => MovementCommand,
): Promise<Moved | Refusal<MoveRefusal>> => {
  const { movements, centerId } = what;
  // Before the transaction: it may take a while, and centers do not go.
  const center = await inventory.centers.judge(centerId);
  if (center === 'unknown') return refuse('UnknownCenter', `${centerId} is not a center`, '/centerId');
  if (center === 'behind') return refuse('CentersBehind', `${centerId} is not known yet; the centers are being read`);
  const moved = log.transact(async (tx) => {
    const streamId = `${movements.category}-${what.id}`;
    const state = (await tx.load(movements, [streamId])).get(streamId)?.state ?? movements.decider.initialState;
    const skus = [...new Set(what.skus)];
    const [unknown] = await inventory.catalog.unknown(tx, skus);
    if (unknown !== undefined) return refuse('UnknownSku', `${unknown} is not an item`, `/lines/${what.skus.indexOf(unknown)}/sku`);
    const desk = await openDesk(tx, inventory, skus.map((sku) => ({ sku, centerId })), { create: true });
    const events = movements.decider.decide(commandOf(desk.rows), state);
    if (isRefusal(events)) throw new NotMoved(events);
    for (const event of events) desk.enter(event);
    if (events.length > 0) tx.append(movements, streamId, events, context);
    await desk.save();
    return { isRepeated: events.length === 0, rows: [...desk.rows.values()] };
  });
  return moved.catch((error: unknown) => {
    if (error instanceof NotMoved) return error.refusal;
    throw error;
  });
};

/** Books a delivery of goods. */
export const receiveStock = (log: EventLog, inventory: Inventory) => (receipt: Receipt, context: EventContext) =>
  move(
    log,
    inventory,
    context,
    { movements: receipts, id: receipt.receiptId, centerId: receipt.centerId, skus: receipt.lines.map(({ sku }) => sku) },
    (rows) => ({ type: 'ReceiveStock', data: { receipt, rows } }),
  );

/** Corrects the book by hand. */
export const adjustStock = (log: EventLog, inventory: Inventory) => (adjustment: Adjustment, context: EventContext) =>
  move(
    log,
    inventory,
    context,
    { movements: adjustments, id: adjustment.adjustmentId, centerId: adjustment.centerId, skus: adjustment.lines.map(({ sku }) => sku) },
    (rows) => ({ type: 'AdjustStock', data: { adjustment, rows } }),
  );

/** Records a count; the difference to the book is the movement. */
export const countStock = (log: EventLog, inventory: Inventory) => (count: StockCount, context: EventContext) =>
  move(
    log,
    inventory,
    context,
    { movements: counts, id: count.countId, centerId: count.centerId, skus: count.lines.map(({ sku }) => sku) },
    (rows) => ({ type: 'CountStock', data: { count, rows } }),
  );
