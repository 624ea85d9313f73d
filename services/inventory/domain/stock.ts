/** A place a unit of stock can be in. On hand is the sum of all of them. */
export type Bucket = 'available' | 'reserved' | 'committed' | 'quarantine' | 'damaged' | 'safety';

/** Every bucket, in the order people read them. */
export const buckets: readonly Bucket[] = ['available', 'reserved', 'committed', 'quarantine', 'damaged', 'safety'];

/** The stock of one SKU in one center; `version` counts its movements. */
export type StockRow = Readonly<Record<Bucket, number>> & { readonly sku: string; readonly centerId: string; readonly version: number };

/** One movement of one stock row: what it was about, and the signed change of each bucket. */
export type StockEntry = Readonly<Record<Bucket, number>> & {
  readonly sku: string;
  readonly centerId: string;
  /** The row's version after this movement, so that the ledger of a (sku, center) has one order without a hole. */
  readonly stockVersion: number;
  /** Empty when the movement is not about an order. */
  readonly lineId: string;
  readonly fulfillmentOrderId: string;
  /** Units the movement is about, always more than zero. */
  readonly quantity: number;
};

/** Rows by `stockKey`. A row that is missing has never had stock. */
export type StockRows = ReadonlyMap<string, StockRow>;

/** What a movement does, before it has its place in the ledger. */
export type Movement = Partial<Readonly<Record<Bucket, number>>> & {
  readonly sku: string;
  readonly centerId: string;
  readonly quantity: number;
  readonly lineId?: string;
  readonly fulfillmentOrderId?: string;
};

/** `<sku>@<centerId>`: the key of a row here and of its copy on the compacted topic. */
export const stockKey = (sku: string, centerId: string): string => `${sku}@${centerId}`;

/** A row that nothing ever moved in. */
export const emptyRow = (sku: string, centerId: string): StockRow => ({
  sku,
  centerId,
  available: 0,
  reserved: 0,
  committed: 0,
  quarantine: 0,
  damaged: 0,
  safety: 0,
  version: 0,
});

/** All units in the building, whatever they are promised to. */
export const onHand = (row: Readonly<Record<Bucket, number>>): number =>
  row.available + row.reserved + row.committed + row.quarantine + row.damaged + row.safety;

/** The row after a movement. */
export const moved = (row: StockRow, entry: StockEntry): StockRow => ({
  sku: row.sku,
  centerId: row.centerId,
  available: row.available + entry.available,
  reserved: row.reserved + entry.reserved,
  committed: row.committed + entry.committed,
  quarantine: row.quarantine + entry.quarantine,
  damaged: row.damaged + entry.damaged,
  safety: row.safety + entry.safety,
  version: entry.stockVersion,
});

/** True when no bucket is below zero. */
export const isPossible = (row: StockRow): boolean => buckets.every((bucket) => row[bucket] >= 0);

/** The row as it stands, an empty one if there never was stock. */
export const rowOf = (rows: StockRows, sku: string, centerId: string): StockRow =>
  rows.get(stockKey(sku, centerId)) ?? emptyRow(sku, centerId);

/**
 * Enters movements into the ledger one after the other: each gets its row's next version, and several movements of one row in one
 * event follow each other. The rows given are not changed.
 */
export const enter = (rows: StockRows, movements: readonly Movement[]): readonly StockEntry[] => {
  const versions = new Map<string, number>();
  return movements.map((movement) => {
    const key = stockKey(movement.sku, movement.centerId);
    const stockVersion = (versions.get(key) ?? rows.get(key)?.version ?? 0) + 1;
    versions.set(key, stockVersion);
    return {
      sku: movement.sku,
      centerId: movement.centerId,
      stockVersion,
      lineId: movement.lineId ?? '',
      fulfillmentOrderId: movement.fulfillmentOrderId ?? '',
      quantity: movement.quantity,
      available: movement.available ?? 0,
      reserved: movement.reserved ?? 0,
      committed: movement.committed ?? 0,
      quarantine: movement.quarantine ?? 0,
      damaged: movement.damaged ?? 0,
      safety: movement.safety ?? 0,
    };
  });
};

/** The rows after some entries; only rows that were touched are in the answer. Throws on a hole in a ledger: that is a bug, never data. */
export const foldEntries = (rows: StockRows, entries: readonly StockEntry[]): ReadonlyMap<string, StockRow> => {
  const touched = new Map<string, StockRow>();
  for (const entry of entries) {
    const key = stockKey(entry.sku, entry.centerId);
    const row = touched.get(key) ?? rowOf(rows, entry.sku, entry.centerId);
    if (entry.stockVersion !== row.version + 1) {
      throw new Error(`the ledger of ${key} has a hole: version ${entry.stockVersion} after ${row.version}`);
    }
    touched.set(key, moved(row, entry));
  }
  return touched;
};
