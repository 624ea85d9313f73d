import { isRefusal, refuse, type Refusal } from '@orderlog/decider';
import {
  readScan,
  reportKey,
  stillToPick,
  type FulfillmentOrderRefusal,
  type PickList,
  type PickListEntry,
  type PickListRefusal,
  type ScanReading,
  type ShortReason,
  type StockEffect,
} from '@orderlog/warehouse-domain';
import type { ContextFor, Floor } from './ports.js';
import { pickLists, pickListStream } from './streams.js';
import { openWorktop, type Worktop } from './worktop.js';

/** Why a scan or a report was not followed. */
export type PickRefusal = FulfillmentOrderRefusal | PickListRefusal | Extract<ScanReading, { wrong: string }>['wrong'];

/** Units that went to one fulfillment order. */
export type PickShare = Pick<PickListEntry, 'fulfillmentOrderId' | 'lineId' | 'sku' | 'quantity' | 'cell'>;

/** What became of one scan. `expected`: the entry the worker should be at. */
export type ScanResult = { readonly scanId: string } & (
  | { readonly result: 'picked' | 'repeated'; readonly shares: readonly PickShare[] }
  | { readonly result: 'refused'; readonly refusal: Refusal<PickRefusal>; readonly expected?: PickListEntry }
);

/** A scan as the scanner sends it: a barcode or a SKU. */
export type SentScan = { readonly scanId: string; readonly code: string; readonly bin: string; readonly quantity: number; readonly fulfillmentOrderId: string };

const listOf = async ({ log }: Pick<Floor, 'log'>, pickListId: string): Promise<PickList | undefined> => {
  const { state } = await log.state(pickLists, pickListStream(pickListId));
  return state.status === 'unknown' ? undefined : state;
};

const seenBefore = (worktop: Worktop, entries: readonly PickListEntry[], scanId: string): PickShare[] => {
  const shares: PickShare[] = [];
  for (const { fulfillmentOrderId, lineId, sku, cell } of entries) {
    for (const pick of worktop.state(fulfillmentOrderId).picks) {
      if (pick.scanId === scanId && pick.lineId === lineId) shares.push({ fulfillmentOrderId, lineId, sku, quantity: pick.quantity, cell });
    }
  }
  return shares;
};

const pickOne = (worktop: Worktop, list: PickList, workerId: string, scan: SentScan & { readonly sku: string }): ScanResult => {
  const { scanId } = scan;
  const before = seenBefore(worktop, list.entries, scanId);
  if (before.length > 0) return { scanId, result: 'repeated', shares: before };
  const reading = readScan(list.entries, ({ fulfillmentOrderId, lineId }) => stillToPick(worktop.state(fulfillmentOrderId), lineId), scan);
  if ('wrong' in reading) {
    const { wrong, expected } = reading;
    return { scanId, result: 'refused', refusal: refuse(wrong), ...(expected === undefined ? {} : { expected }) };
  }
  for (const { fulfillmentOrderId, lineId, quantity, bin } of reading.shares) {
    const { pickListId } = list;
    const outcome = worktop.decide(fulfillmentOrderId, { type: 'PickUnits', data: { pickListId, lineId, quantity, bin, workerId, scanId } });
    if (isRefusal(outcome)) throw new Error(`a scan was read as ${quantity} of line ${lineId} of ${fulfillmentOrderId}, which refuses: ${outcome.refused}`);
  }
  return { scanId, result: 'picked', shares: reading.shares.map(({ fulfillmentOrderId, lineId, sku, quantity, cell }) => ({ fulfillmentOrderId, lineId, sku, quantity, cell })) };
};

/** Records a batch of scans in their order; each one sees what the earlier ones took. */
export const recordScans =
  (floor: Pick<Floor, 'log' | 'board' | 'items'>) =>
  async (pickListId: string, workerId: string, sent: readonly SentScan[], contextFor: ContextFor): Promise<readonly ScanResult[] | Refusal<PickListRefusal>> => {
    const list = await listOf(floor, pickListId);
    if (list === undefined) return refuse('PickListUnknown');
    const scans = sent.map((scan) => ({ ...scan, sku: floor.items.skuOf(scan.code) }));
    return floor.log.transact(async (tx) => {
      // All of the list: a wrong item has to be told what is expected, which may be any of them.
      const worktop = await openWorktop(tx, floor.board, list.entries.map((entry) => entry.fulfillmentOrderId));
      const results = scans.map((scan) => pickOne(worktop, list, workerId, scan));
      await worktop.write(contextFor);
      return results;
    });
  };

/** Takes a wrong scan back, from every fulfillment order it went to. */
export const undoScan =
  (floor: Pick<Floor, 'log' | 'board'>) =>
  async (pickListId: string, workerId: string, scanId: string, contextFor: ContextFor): Promise<readonly PickShare[] | Refusal<PickRefusal>> => {
    const list = await listOf(floor, pickListId);
    if (list === undefined) return refuse('PickListUnknown');
    return floor.log.transact(async (tx) => {
      const worktop = await openWorktop(tx, floor.board, list.entries.map((entry) => entry.fulfillmentOrderId));
      const shares = seenBefore(worktop, list.entries, scanId);
      if (shares.length === 0) return refuse('ScanUnknown');
      for (const fulfillmentOrderId of new Set(shares.map((share) => share.fulfillmentOrderId))) {
        const outcome = worktop.decide(fulfillmentOrderId, { type: 'UndoPick', data: { scanId, workerId } });
        if (isRefusal(outcome)) return outcome;
      }
      await worktop.write(contextFor);
      return shares;
    });
  };

/** Units that were not there, of one SKU. Those of the last fulfillment orders of the list go short: the first ones are nearly complete. */
export type ShortReport = {
  readonly scanId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly reason: ShortReason;
  readonly stockEffect?: StockEffect;
  readonly fulfillmentOrderId: string;
};

/** Reports units that were not there. All or nothing, once for each report id. */
export const reportShort =
  (floor: Pick<Floor, 'log' | 'board'>) =>
  async (pickListId: string, workerId: string, report: ShortReport, contextFor: ContextFor): Promise<readonly PickShare[] | Refusal<PickRefusal>> => {
    const list = await listOf(floor, pickListId);
    if (list === undefined) return refuse('PickListUnknown');
    const { scanId, sku, reason, stockEffect } = report;
    return floor.log.transact(async (tx) => {
      const worktop = await openWorktop(tx, floor.board, list.entries.map((entry) => entry.fulfillmentOrderId));
      if (list.entries.some((entry) => worktop.state(entry.fulfillmentOrderId).reports.includes(reportKey(scanId, entry.lineId)))) return [];
      const lastFirst = list.entries.toReversed();
      const reading = readScan(lastFirst, (entry) => stillToPick(worktop.state(entry.fulfillmentOrderId), entry.lineId), { ...report, bin: '' });
      if ('wrong' in reading) return refuse(reading.wrong);
      for (const { fulfillmentOrderId, lineId, quantity } of reading.shares) {
        const outcome = worktop.decide(fulfillmentOrderId, {
          type: 'ReportShort',
          data: { lineId, quantity, reason, workerId, scanId, ...(stockEffect === undefined ? {} : { stockEffect }) },
        });
        if (isRefusal(outcome)) return outcome;
      }
      await worktop.write(contextFor);
      return reading.shares.map(({ fulfillmentOrderId, lineId, quantity, cell }) => ({ fulfillmentOrderId, lineId, sku, quantity, cell }));
    });
  };
