import { isRefusal, type Refusal } from '@orderlog/decider';
import {
  assumedItem,
  cartonOf,
  packageWeight,
  suggestCarton,
  type Carton,
  type FulfillmentOrder,
  type FulfillmentOrderRefusal,
  type ItemSize,
  type LineState,
} from '@orderlog/warehouse-domain';
import { completeWave } from './hand-out-task.js';
import type { ContextFor, Floor, Items } from './ports.js';
import { openWorktop } from './worktop.js';

/** One package to close. Everything but the fulfillment order may be left to the rules. */
export type PackageToClose = {
  readonly fulfillmentOrderId: string;
  readonly packageNumber?: number;
  /** A carton's code; empty takes the suggested one. */
  readonly carton: string;
  /** What the scale says; 0 takes the sum of the items and the carton. */
  readonly weightGrams: number;
  readonly lines?: readonly { readonly lineId: string; readonly quantity: number }[];
};

/** What became of one package. */
export type PackageResult = { readonly fulfillmentOrderId: string } & (
  | { readonly result: 'closed'; readonly packageId: string; readonly carton: string; readonly weightGrams: number; readonly isLast: boolean }
  | { readonly result: 'refused'; readonly refusal: Refusal<FulfillmentOrderRefusal | 'CartonUnknown'> }
);

type Contents = readonly { readonly item: ItemSize; readonly quantity: number }[];

/** An item without a size is a shoe box of half a kilo: a label needs numbers, and a guess can be corrected by carton and scale. */
const sizeOf = (items: Items, sku: string): ItemSize => {
  const known = items.item(sku);
  if (known === undefined) return assumedItem;
  const { lengthMm, widthMm, heightMm, weightGrams } = known;
  return {
    lengthMm: lengthMm || assumedItem.lengthMm,
    widthMm: widthMm || assumedItem.widthMm,
    heightMm: heightMm || assumedItem.heightMm,
    weightGrams: weightGrams || assumedItem.weightGrams,
  };
};

/** The carton the rule suggests for what lies in the cell (or will, once all is picked). */
export const cartonFor = (items: Items, state: FulfillmentOrder): Carton =>
  suggestCarton(contentsOf(items, state, (line) => line.planned + line.picked + line.sorted));

const contentsOf = (items: Items, state: FulfillmentOrder, quantityOf: (line: LineState) => number): Contents =>
  state.lines.map((line) => ({ item: sizeOf(items, line.sku), quantity: quantityOf(line) })).filter(({ quantity }) => quantity > 0);

/** Closes packages, each by itself: one that is refused does not keep the others open. Ends the lists that have nothing left to do. */
export const closePackages =
  (floor: Pick<Floor, 'log' | 'board' | 'items'>) =>
  (workerId: string, packages: readonly PackageToClose[], contextFor: ContextFor): Promise<readonly PackageResult[]> =>
    floor.log.transact(async (tx) => {
      const worktop = await openWorktop(tx, floor.board, packages.map(({ fulfillmentOrderId }) => fulfillmentOrderId));
      const results = packages.map(({ fulfillmentOrderId, packageNumber, carton: code, weightGrams, lines }): PackageResult => {
        const state = worktop.state(fulfillmentOrderId);
        const packed = new Map(lines?.map(({ lineId, quantity }) => [lineId, quantity]));
        const contents = contentsOf(floor.items, state, (line) => (lines === undefined ? line.sorted : (packed.get(line.lineId) ?? 0)));
        const carton = code === '' ? suggestCarton(contents) : cartonOf(code);
        if (carton === undefined) return { fulfillmentOrderId, result: 'refused', refusal: { refused: 'CartonUnknown', detail: `there is no carton ${code}` } };
        const { lengthMm, widthMm, heightMm } = carton;
        const outcome = worktop.decide(fulfillmentOrderId, {
          type: 'ClosePackage',
          data: {
            weightGrams: weightGrams === 0 ? packageWeight(carton, contents) : weightGrams,
            carton: carton.code,
            lengthMm,
            widthMm,
            heightMm,
            workerId,
            ...(packageNumber === undefined ? {} : { packageNumber }),
            ...(lines === undefined ? {} : { lines }),
          },
        });
        if (isRefusal(outcome)) return { fulfillmentOrderId, result: 'refused', refusal: outcome };
        const after = worktop.state(fulfillmentOrderId);
        // Nothing new: it was closed before, and the answer is the same as then.
        const box = packageNumber === undefined ? after.packages.at(-1) : after.packages.find(({ packageId }) => packageId.endsWith(`.p${packageNumber}`));
        if (box === undefined) throw new Error(`${fulfillmentOrderId} closed a package and has none`);
        return { fulfillmentOrderId, result: 'closed', packageId: box.packageId, carton: box.carton, weightGrams: box.weightGrams, isLast: after.status === 'closed' };
      });
      await worktop.write(contextFor);
      const lists = new Set(packages.map(({ fulfillmentOrderId }) => worktop.state(fulfillmentOrderId).pickListId));
      for (const pickListId of [...lists].sort()) if (pickListId !== '') await completeWave(tx, floor, pickListId, contextFor);
      return results;
    });
