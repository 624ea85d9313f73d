import type { PickListEntry } from './events.js';

/** A worker's scan of some units of one SKU. `bin` is empty when only the item was scanned. */
export type Scan = { readonly scanId: string; readonly sku: string; readonly bin: string; readonly quantity: number; readonly fulfillmentOrderId: string };

/** Part of a scan: units for one line of one fulfillment order. */
export type ScanShare = PickListEntry;

/** What a scan means for the list: the shares it fills, or why it is wrong and what is next. */
export type ScanReading =
  | { readonly shares: readonly ScanShare[] }
  | { readonly wrong: 'WrongItem' | 'WrongBin' | 'MoreThanRequested'; readonly expected: PickListEntry | undefined };

/**
 * Deals the scanned units out to the fulfillment orders of the list, in its order. `toPick` answers how many units of an entry are still
 * wanted. All or nothing: a scan of more units than the list wants is a mistake of the hand, not a partial success.
 */
export const readScan = (entries: readonly PickListEntry[], toPick: (entry: PickListEntry) => number, scan: Scan): ScanReading => {
  const wanted = (some: readonly PickListEntry[]): readonly PickListEntry[] =>
    some.flatMap((entry) => {
      const quantity = toPick(entry);
      return quantity > 0 ? [{ ...entry, quantity }] : [];
    });
  const meant = entries.filter(({ fulfillmentOrderId }) => scan.fulfillmentOrderId === '' || scan.fulfillmentOrderId === fulfillmentOrderId);
  // A list gets about as many scans as it has entries: what is left is asked of those of the SKU only.
  const ofSku = wanted(meant.filter(({ sku }) => sku === scan.sku));
  if (ofSku.length === 0) return { wrong: 'WrongItem', expected: wanted(meant)[0] };
  const atBin = scan.bin === '' ? ofSku : ofSku.filter(({ bin }) => bin === scan.bin);
  if (atBin.length === 0) return { wrong: 'WrongBin', expected: ofSku[0] };
  const shares: ScanShare[] = [];
  let left = scan.quantity;
  for (const entry of atBin) {
    const quantity = Math.min(left, entry.quantity);
    if (quantity > 0) shares.push({ ...entry, quantity });
    left -= quantity;
  }
  return left > 0 ? { wrong: 'MoreThanRequested', expected: atBin[0] } : { shares };
};
