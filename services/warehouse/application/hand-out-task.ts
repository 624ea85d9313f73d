import type { LogTransaction } from '@orderlog/event-log';
import { cellCode, cellsPerWall, linesIn, type FulfillmentOrder, type PickList } from '@orderlog/warehouse-domain';
import { isRefusal } from '@orderlog/decider';
import type { ClaimedPutBack, ContextFor, Floor } from './ports.js';
import { pickLists, pickListStream } from './streams.js';
import { openWorktop } from './worktop.js';

/** A wave with the fulfillment orders on it as they are now. */
export type Wave = { readonly list: PickList; readonly fulfillmentOrders: readonly FulfillmentOrder[] };

/** What a worker does next. */
export type Task = { readonly kind: 'pick' | 'sort' | 'pack'; readonly wave: Wave } | { readonly kind: 'put_back'; readonly putBack: ClaimedPutBack };

/** Waves that turn out to be finished are cleared away; more than this in one request means something is wrong. */
const finishedWavesMax = 20;

/** Looks at a wave: its list and its fulfillment orders, in the order of their cells. Undefined for an unknown list. */
export const readWave =
  ({ log, board }: Pick<Floor, 'log' | 'board'>) =>
  async (pickListId: string): Promise<Wave | undefined> => {
    const { state: list } = await log.state(pickLists, pickListStream(pickListId));
    if (list.status === 'unknown') return undefined;
    const ids = new Map([...list.entries].sort((a, b) => (a.cell < b.cell ? -1 : 1)).map(({ fulfillmentOrderId, cell }) => [fulfillmentOrderId, cell]));
    const worktop = await log.transact((tx) => openWorktop(tx, board, ids.keys()));
    return { list, fulfillmentOrders: [...ids.keys()].map((id) => worktop.state(id)) };
  };

/** Ends a list on which nothing is left to do. */
export const completeWave = async (tx: LogTransaction, { board }: Pick<Floor, 'board'>, pickListId: string, contextFor: ContextFor): Promise<void> => {
  if (!(await board.closeWave(tx, pickListId))) return;
  const streamId = pickListStream(pickListId);
  await tx.decide(pickLists, [{ streamId, command: { type: 'CompletePickList', data: {} }, context: contextFor(streamId) }]);
};

/** Plans a wave of fulfillment orders that wait. Undefined when others (a canceller) were faster with all of them. */
const planWave = (floor: Floor, centerId: string, workerId: string, ids: readonly string[], contextFor: ContextFor): Promise<Wave | undefined> =>
  floor.log.transact(async (tx) => {
    const worktop = await openWorktop(tx, floor.board, ids);
    const pickListId = floor.newPickListId();
    const waiting = ids.filter((id) => linesIn(worktop.state(id), 'waiting').length > 0);
    const bins = await floor.bins.binsOf(tx, centerId, [...new Set(waiting.flatMap((id) => worktop.state(id).lines.map(({ sku }) => sku)))]);
    const planned = waiting.flatMap((fulfillmentOrderId) => {
      const lines = linesIn(worktop.state(fulfillmentOrderId), 'waiting');
      return [{ fulfillmentOrderId, lines }];
    });
    const entries = planned.flatMap(({ fulfillmentOrderId, lines }, n) => {
      const cell = cellCode(n);
      const outcome = worktop.decide(fulfillmentOrderId, { type: 'PlanPick', data: { pickListId, cell } });
      if (isRefusal(outcome) || outcome.length === 0) return [];
      return lines.map((units) => ({ ...units, fulfillmentOrderId, bin: bins.get(units.sku) ?? '', cell }));
    });
    await worktop.write(contextFor);
    if (entries.length === 0) return undefined;
    const streamId = pickListStream(pickListId);
    const context = contextFor(streamId);
    const outcomes = await tx.decide(pickLists, [
      { streamId, context, command: { type: 'CreatePickList', data: { pickListId, centerId, entries } } },
      { streamId, context, command: { type: 'AssignPickList', data: { workerId } } },
    ]);
    const assigned = outcomes[1];
    if (assigned === undefined || isRefusal(assigned)) throw new Error(`new pick list ${pickListId} could not be assigned`);
    await floor.board.openWave(tx, pickListId, centerId, workerId);
    return { list: assigned.state, fulfillmentOrders: planned.map(({ fulfillmentOrderId }) => worktop.state(fulfillmentOrderId)) };
  });

/**
 * The next task of a worker: the wave in hand, one whose worker left, a put-back, else a new wave of what waits. Asking again gives the
 * same wave until it is done. Claims are statements of their own, so that no row of the board is locked before a stream.
 */
export const handOutTask =
  (floor: Floor) =>
  async (centerId: string, workerId: string, contextFor: ContextFor, waveSizeMax = cellsPerWall): Promise<Task | undefined> => {
    for (let finished = 0; finished < finishedWavesMax; finished += 1) {
      const claimed = await floor.board.claimWave(centerId, workerId);
      if (claimed === undefined) break;
      const { pickListId, toPick, toSort, toPack, before } = claimed;
      if (toPick + toSort + toPack === 0) {
        await floor.log.transact((tx) => completeWave(tx, floor, pickListId, contextFor));
        continue;
      }
      const streamId = pickListStream(pickListId);
      if (before !== workerId) await floor.log.execute(pickLists, streamId, { type: 'AssignPickList', data: { workerId } }, contextFor(streamId));
      const wave = await readWave(floor)(pickListId);
      if (wave === undefined) throw new Error(`pick list ${pickListId} is on the board and not in the log`);
      return { kind: toPick > 0 ? 'pick' : toSort > 0 ? 'sort' : 'pack', wave };
    }
    const putBack = await floor.board.claimPutBack(centerId, workerId);
    if (putBack !== undefined) return { kind: 'put_back', putBack };
    const waiting = await floor.board.claimWaiting(centerId, Math.min(waveSizeMax, cellsPerWall));
    if (waiting.length === 0) return undefined;
    const wave = await planWave(floor, centerId, workerId, waiting, contextFor);
    return wave === undefined ? undefined : { kind: 'pick', wave };
  };
