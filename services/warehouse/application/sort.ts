import { isRefusal, refuse, type Refusal } from '@orderlog/decider';
import { linesIn, reportKey, type FulfillmentOrderRefusal, type PickListRefusal } from '@orderlog/warehouse-domain';
import type { ContextFor, Floor } from './ports.js';
import { pickLists, pickListStream } from './streams.js';
import { openWorktop } from './worktop.js';

/** One scan of units into a cell. */
export type Sorting = { readonly scanId: string; readonly fulfillmentOrderId: string; readonly code: string; readonly quantity: number; readonly cell: string };

/** What became of one sorting. */
export type SortingResult = { readonly scanId: string; readonly fulfillmentOrderId: string } & (
  | { readonly result: 'sorted' }
  | { readonly result: 'refused'; readonly refusal: Refusal<FulfillmentOrderRefusal> }
);

/** Confirms a whole tote: every picked unit of a list lies in its cell. Answers which fulfillment orders are complete and can be packed. */
export const sortWave =
  ({ log, board }: Pick<Floor, 'log' | 'board'>) =>
  async (pickListId: string, workerId: string, contextFor: ContextFor): Promise<{ readonly ready: readonly string[] } | Refusal<PickListRefusal>> => {
    const { state: list } = await log.state(pickLists, pickListStream(pickListId));
    if (list.status === 'unknown') return refuse('PickListUnknown');
    const ids = [...new Set(list.entries.map(({ fulfillmentOrderId }) => fulfillmentOrderId))];
    return log.transact(async (tx) => {
      const worktop = await openWorktop(tx, board, ids);
      for (const id of ids) worktop.decide(id, { type: 'SortAll', data: { workerId } });
      await worktop.write(contextFor);
      return { ready: ids.filter((id) => worktop.state(id).isPicked && linesIn(worktop.state(id), 'sorted').length > 0) };
    });
  };

/** Records single sortings. The units of a SKU go to the lines that have them in the tote. */
export const recordSortings =
  ({ log, board, items }: Pick<Floor, 'log' | 'board' | 'items'>) =>
  (workerId: string, sortings: readonly Sorting[], contextFor: ContextFor): Promise<readonly SortingResult[]> =>
    log.transact(async (tx) => {
      const worktop = await openWorktop(tx, board, sortings.map(({ fulfillmentOrderId }) => fulfillmentOrderId));
      const results = sortings.map(({ scanId, fulfillmentOrderId, code, quantity, cell }): SortingResult => {
        const sku = items.skuOf(code);
        const lines = worktop.state(fulfillmentOrderId).lines.filter((line) => line.sku === sku);
        const [only] = lines;
        const enough = lines.find((line) => line.picked >= quantity) ?? only;
        const lineId = lines.find((line) => worktop.state(fulfillmentOrderId).reports.includes(reportKey(scanId, line.lineId)))?.lineId ?? enough?.lineId ?? '';
        const outcome = worktop.decide(fulfillmentOrderId, { type: 'SortUnits', data: { lineId, quantity, cell, workerId, scanId } });
        return isRefusal(outcome) ? { scanId, fulfillmentOrderId, result: 'refused', refusal: outcome } : { scanId, fulfillmentOrderId, result: 'sorted' };
      });
      await worktop.write(contextFor);
      return results;
    });
