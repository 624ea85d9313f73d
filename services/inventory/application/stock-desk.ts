import type { LogTransaction } from '@orderlog/event-log';
import { foldEntries, type StockEntry, type StockRow, type StockRows } from '@orderlog/inventory-domain';
import type { Inventory, StockKey } from './ports.js';

/**
 * Some stock rows, locked, on which a batch of decisions is made one after the other: each sees what its predecessors left, and what
 * all of them did is written as one net change a row.
 */
export type StockDesk = {
  readonly rows: StockRows;
  /** Takes the entries of an event over into the rows. */
  readonly enter: (event: { readonly data: object }) => void;
  /** Writes the rows that changed. */
  readonly save: () => Promise<void>;
};

const entriesOf = (data: object): readonly StockEntry[] => ('entries' in data && Array.isArray(data.entries) ? (data.entries as StockEntry[]) : []);

/** A desk over rows that are locked already. */
export const deskOver = (tx: LogTransaction, { stock, watch }: Pick<Inventory, 'stock' | 'watch'>, rows: Map<string, StockRow>): StockDesk => {
  const before = new Map(rows);
  const touched = new Set<string>();
  const arrived = new Set<string>();
  return {
    rows,
    enter: ({ data }) => {
      const entries = entriesOf(data);
      for (const [key, row] of foldEntries(rows, entries)) {
        rows.set(key, row);
        touched.add(key);
      }
      for (const { sku, centerId, available } of entries) if (available > 0) arrived.add(`${sku}@${centerId}`);
    },
    save: async () => {
      if (touched.size === 0) return;
      const changed = [...touched].flatMap((key) => rows.get(key) ?? []);
      await stock.save(tx, changed, arrived);
      // Shipping and committing change nothing that may be promised: no copy is needed.
      watch.changed(changed.filter((row) => row.available !== (before.get(`${row.sku}@${row.centerId}`)?.available ?? 0)));
      if (arrived.size > 0) watch.mayCover();
    },
  };
};

/** Locks the rows and lays them out. */
export const openDesk = async (
  tx: LogTransaction,
  inventory: Pick<Inventory, 'stock' | 'watch'>,
  keys: readonly StockKey[],
  options?: { readonly create: boolean },
): Promise<StockDesk> => deskOver(tx, inventory, keys.length === 0 ? new Map() : await inventory.stock.lock(tx, keys, options));
