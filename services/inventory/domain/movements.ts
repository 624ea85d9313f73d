import { refuse, type Command, type Decider, type Event, type Refusal } from '@orderlog/decider';
import { enter, isPossible, foldEntries, onHand, rowOf, type Bucket, type StockEntry, type StockRows } from './stock.js';

/** Why stock is corrected by hand. */
export const adjustmentReasons = ['NOT_IN_STOCK', 'MISMATCH', 'DAMAGED', 'FOUND', 'RETURNED', 'OTHER'] as const;
export type AdjustmentReason = (typeof adjustmentReasons)[number];

/** A delivery of goods to one center. Its id makes it happen once. */
export type Receipt = {
  readonly receiptId: string;
  readonly centerId: string;
  readonly reference: string;
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
};

/** A correction by hand; a line's quantity is signed. Moving units between buckets is two lines. */
export type Adjustment = {
  readonly adjustmentId: string;
  readonly centerId: string;
  readonly reason: AdjustmentReason;
  readonly lines: readonly { readonly sku: string; readonly quantity: number; readonly bucket: Bucket }[];
};

/** A count of what is really there, all buckets together. */
export type StockCount = {
  readonly countId: string;
  readonly centerId: string;
  readonly lines: readonly { readonly sku: string; readonly counted: number }[];
};

type WithRows = { readonly rows: StockRows };

export type MovementCommand =
  | Command<'ReceiveStock', WithRows & { readonly receipt: Receipt }>
  | Command<'AdjustStock', WithRows & { readonly adjustment: Adjustment }>
  | Command<'CountStock', WithRows & { readonly count: StockCount }>;

export type MovementEvent =
  | Event<'StockReceived', { receiptId: string; reference: string; entries: readonly StockEntry[] }>
  | Event<'StockAdjusted', { adjustmentId: string; reason: string; orderId: string; entries: readonly StockEntry[] }>
  | Event<'StockCounted', { countId: string; sku: string; centerId: string; counted: number; entries: readonly StockEntry[] }>;

export type MovementRefusal = 'AlreadyRecordedDifferently' | 'StockWouldGoNegative' | 'TooMuchStock';

/** Units of one SKU that a center holds at most: two rows of them still fit into the 32 bits that a bucket has. */
const onHandMax = 1_000_000_000;

const tooMuch = (rows: StockRows, entries: readonly StockEntry[], lines: readonly { readonly sku: string }[], field: string): Refusal<MovementRefusal> | undefined => {
  for (const row of foldEntries(rows, entries).values()) {
    if (onHand(row) <= onHandMax) continue;
    const at = lines.findIndex(({ sku }) => sku === row.sku);
    return refuse('TooMuchStock', `a center holds at most ${onHandMax} units of an item`, `/lines/${at}/${field}`);
  }
  return undefined;
};

/** What was recorded under an id, reduced to what a repetition is compared with. Empty: nothing yet. */
export type RecordedMovement = { readonly content: string };

/** The one spelling of a movement's content; the repetition of a call is known by it. */
const contentOf = (command: MovementCommand): string => {
  switch (command.type) {
    case 'ReceiveStock': {
      const { centerId, reference, lines } = command.data.receipt;
      return JSON.stringify([reference, lines.map(({ sku, quantity }) => [sku, centerId, quantity])]);
    }
    case 'AdjustStock': {
      const { centerId, reason, lines } = command.data.adjustment;
      return JSON.stringify([reason, lines.map(({ sku, quantity, bucket }) => [sku, centerId, bucket, quantity])]);
    }
    case 'CountStock': {
      const { centerId, lines } = command.data.count;
      return lines.map(({ sku, counted }) => JSON.stringify([sku, centerId, counted])).join('');
    }
  }
};

const bucketOf = (entry: StockEntry): Bucket => {
  for (const bucket of ['reserved', 'committed', 'quarantine', 'damaged', 'safety'] as const) if (entry[bucket] !== 0) return bucket;
  return 'available';
};

/** One delivery, correction or count: a stream of its own, so that its id makes it happen once. Streams `receipt-`, `adjustment-`, `count-<id>`. */
export const movement: Decider<MovementCommand, MovementEvent, RecordedMovement, MovementRefusal> = {
  initialState: { content: '' },

  decide(command, state) {
    if (state.content !== '') {
      return state.content === contentOf(command)
        ? []
        : refuse('AlreadyRecordedDifferently', 'this id was used before with another content');
    }
    const { rows } = command.data;
    switch (command.type) {
      case 'ReceiveStock': {
        const { receiptId, centerId, reference, lines } = command.data.receipt;
        const entries = enter(
          rows,
          lines.map(({ sku, quantity }) => ({ sku, centerId, quantity, available: quantity })),
        );
        const refusal = tooMuch(rows, entries, lines, 'quantity');
        if (refusal !== undefined) return refusal;
        return [{ type: 'StockReceived', data: { receiptId, reference, entries } }];
      }
      case 'AdjustStock': {
        const { adjustmentId, centerId, reason, lines } = command.data.adjustment;
        const entries = enter(
          rows,
          lines.map(({ sku, quantity, bucket }) => ({ sku, centerId, quantity: Math.abs(quantity), [bucket]: quantity })),
        );
        for (const row of foldEntries(rows, entries).values()) {
          if (!isPossible(row)) {
            const at = lines.findIndex(({ sku }) => sku === row.sku);
            return refuse('StockWouldGoNegative', `${row.sku} in ${centerId} has no such units to take`, `/lines/${at}/quantity`);
          }
        }
        const refusal = tooMuch(rows, entries, lines, 'quantity');
        if (refusal !== undefined) return refusal;
        return [{ type: 'StockAdjusted', data: { adjustmentId, reason, orderId: '', entries } }];
      }
      case 'CountStock': {
        const { countId, centerId, lines } = command.data.count;
        const events: MovementEvent[] = [];
        for (const [at, { sku, counted }] of lines.entries()) {
          const row = rowOf(rows, sku, centerId);
          const difference = counted - onHand(row);
          if (row.available + difference < 0) {
            return refuse(
              'StockWouldGoNegative',
              `${onHand(row) - row.available} units of ${sku} in ${centerId} are promised or set aside: a count cannot be below that`,
              `/lines/${at}/counted`,
            );
          }
          const found = difference === 0 ? [] : [{ sku, centerId, quantity: Math.abs(difference), available: difference }];
          events.push({ type: 'StockCounted', data: { countId, sku, centerId, counted, entries: enter(rows, found) } });
        }
        return events;
      }
    }
  },

  evolve(state, { type, data }) {
    switch (type) {
      case 'StockReceived':
        return {
          content: JSON.stringify([data.reference, data.entries.map(({ sku, centerId, quantity }) => [sku, centerId, quantity])]),
        };
      case 'StockAdjusted':
        return {
          content: JSON.stringify([
            data.reason,
            data.entries.map((entry) => [entry.sku, entry.centerId, bucketOf(entry), entry[bucketOf(entry)]]),
          ]),
        };
      case 'StockCounted':
        return { content: state.content + JSON.stringify([data.sku, data.centerId, data.counted]) };
    }
  },
};
