import type { EventContext, ItemCopy } from '@orderlog/contracts';
import type { EventLog, SqlExecutor } from '@orderlog/event-log';
import type { FulfillmentOrder, PickListEntry } from '@orderlog/warehouse-domain';

/** An order's events need its id; who acts and why is the caller's. */
export type ContextFor = (correlationId: string) => EventContext;

/** What is left to do on a wave. */
export type WaveWork = { readonly toPick: number; readonly toSort: number; readonly toPack: number };

/** A wave handed to a worker; `before` is who had it last. */
export type ClaimedWave = WaveWork & { readonly pickListId: string; readonly before: string };

/** A put-back task handed to a worker. */
export type ClaimedPutBack = { readonly taskId: string; readonly fulfillmentOrderId: string; readonly lineId: string; readonly sku: string; readonly quantity: number; readonly bin: string };

/**
 * Who does what now. Rows of work are written in the transaction of the events they follow from, each as a function of one folded
 * fulfillment order; leases stand beside them and mean nothing to the log.
 */
export type WorkBoard = {
  /** Writes the rows of these fulfillment orders as they are now. Their streams must be locked by the transaction. */
  readonly record: (tx: SqlExecutor, states: readonly FulfillmentOrder[]) => Promise<void>;
  /** Puts a new wave on the board, leased to its worker. */
  readonly openWave: (tx: SqlExecutor, pickListId: string, centerId: string, workerId: string) => Promise<void>;
  /** Takes a wave off the board if nothing is left to do on it; answers whether it did. */
  readonly closeWave: (tx: SqlExecutor, pickListId: string) => Promise<boolean>;
  /** The worker's own wave, else one whose lease ran out. */
  readonly claimWave: (centerId: string, workerId: string) => Promise<ClaimedWave | undefined>;
  readonly claimPutBack: (centerId: string, workerId: string) => Promise<ClaimedPutBack | undefined>;
  /** Up to `max` fulfillment orders that wait for a wave, most urgent first; kept from others for a moment. */
  readonly claimWaiting: (centerId: string, max: number) => Promise<readonly string[]>;
};

/** Where the SKUs of a center lie. */
export type BinRegister = {
  /** Bin codes by SKU; a SKU without a record gets its assumed bin. */
  readonly binsOf: (tx: SqlExecutor, centerId: string, skus: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  readonly record: (centerId: string, bins: readonly { readonly sku: string; readonly bin: string }[]) => Promise<void>;
};

/** The copy of inventory's items. It may lag or miss one: work goes on without a name or a weight. */
export type Items = {
  readonly item: (sku: string) => ItemCopy | undefined;
  /** The SKU a scanned code stands for: a barcode of an item, else the code itself. */
  readonly skuOf: (code: string) => string;
};

/** A pick list on paper. */
export type PickListDocument = (list: {
  readonly pickListId: string;
  readonly centerId: string;
  readonly workerId: string;
  readonly entries: readonly (PickListEntry & { readonly name: string })[];
}) => Promise<Buffer>;

/** What the use cases of this service stand on. */
export type Floor = {
  readonly log: EventLog;
  readonly board: WorkBoard;
  readonly bins: BinRegister;
  readonly items: Items;
  readonly newPickListId: () => string;
};
