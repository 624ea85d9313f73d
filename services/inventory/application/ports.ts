import type { LogTransaction } from '@orderlog/event-log';
import type { BackorderLine, ItemRecord, StockRow, StockRows } from '@orderlog/inventory-domain';

/** Names a stock row. */
export type StockKey = { readonly sku: string; readonly centerId: string };

/** The rows of the stock, locked and written by whole batches. */
export type StockTable = {
  /**
   * Locks rows, sorted, in one statement; rows that do not exist are missing from the answer. With `create` they are made first, so that
   * they can be locked.
   */
  readonly lock: (tx: LogTransaction, keys: readonly StockKey[], options?: { readonly create: boolean }) => Promise<Map<string, StockRow>>;
  /** Locks every row of some SKUs. */
  readonly lockSkus: (tx: LogTransaction, skus: readonly string[]) => Promise<Map<string, StockRow>>;
  /** Writes rows that were locked, one statement for all; `arrived` says which of them got units that may be promised. */
  readonly save: (tx: LogTransaction, rows: readonly StockRow[], arrived: ReadonlySet<string>) => Promise<void>;
};

/** A line of the queue of units that wait for stock. */
export type QueuedLine = {
  readonly orderId: string;
  readonly lineId: string;
  readonly sku: string;
  readonly waiting: number;
  readonly covered: number;
  /** RFC 3339, of the first time. */
  readonly queuedAt: string;
};

/** The queue of units that wait for stock. */
export type BackorderQueue = {
  /** Locks the lines of some orders, after streams and before stock rows. */
  readonly lock: (tx: LogTransaction, orderIds: readonly string[]) => Promise<readonly QueuedLine[]>;
  /** Writes lines that were locked or are new. */
  readonly save: (tx: LogTransaction, lines: readonly QueuedLine[]) => Promise<void>;
  /** Lines that stock could be told to now, oldest first, of the SKUs given. */
  readonly dueLines: (tx: LogTransaction, skus: readonly string[]) => Promise<readonly QueuedLine[]>;
  /** SKUs with lines that are due and stock that may be promised. */
  readonly dueSkus: () => Promise<readonly string[]>;
  /** Units of each SKU that routing knows of and nobody is on the way to. Call it under the locks of the SKUs' rows. */
  readonly free: (tx: LogTransaction, rows: StockRows, skus: readonly string[]) => Promise<ReadonlyMap<string, number>>;
  /** Notes that lines were told of stock. */
  readonly covered: (tx: LogTransaction, lines: readonly (BackorderLine & { readonly orderId: string })[]) => Promise<void>;
};

/** The items as last defined. */
export type Catalog = {
  /** Which of these SKUs are not defined. */
  readonly unknown: (tx: LogTransaction, skus: readonly string[]) => Promise<readonly string[]>;
  readonly save: (tx: LogTransaction, items: readonly (ItemRecord & { readonly version: number })[]) => Promise<void>;
};

/** The centers, which are routing's: a copy says which there are. */
export type Centers = {
  /** `behind`: the copy does not hold all of them at the moment, and this one is not in it. */
  readonly judge: (centerId: string) => Promise<'known' | 'unknown' | 'behind'>;
};

/** Who hears of rows that change, for the copies on the compacted topic; told before the commit, so a version comes with each. */
export type StockWatch = {
  readonly changed: (rows: readonly StockRow[]) => void;
  /** Units became available, or units wait: backorders may be covered. */
  readonly mayCover: () => void;
};

/** What the use cases stand on. */
export type Inventory = {
  readonly stock: StockTable;
  readonly backorders: BackorderQueue;
  readonly catalog: Catalog;
  readonly centers: Centers;
  readonly watch: StockWatch;
  /** The tenant of the first event of each stream: what no caller asked for belongs to whom it was begun for. */
  readonly tenants: (tx: LogTransaction, streamIds: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  readonly leaseMs: number;
  /** The time now, RFC 3339 in UTC with milliseconds, moved by so much. */
  readonly clock: (plusMs: number) => string;
};
