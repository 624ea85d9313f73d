import type { ItemCopy } from '@orderlog/contracts';
import type { Items } from '../application/ports.js';

/** The copy of the items, in memory: it is read from the compacted topic at every start, and a wave asks for it hundreds of times. */
export const itemCopies = (): Items & { readonly apply: (record: { readonly key: string; readonly value: ItemCopy | undefined }) => void } => {
  const items = new Map<string, ItemCopy>();
  const skusByBarcode = new Map<string, string>();
  const forget = (item: ItemCopy | undefined): void => {
    for (const { value } of item?.barcodes ?? []) if (skusByBarcode.get(value) === item?.sku) skusByBarcode.delete(value);
  };
  return {
    item: (sku) => items.get(sku),
    skuOf: (code) => skusByBarcode.get(code) ?? code,
    apply: ({ key, value }) => {
      const before = items.get(key);
      if (value !== undefined && before !== undefined && before.version >= value.version) return;
      forget(before);
      if (value === undefined) items.delete(key);
      else {
        items.set(key, value);
        for (const barcode of value.barcodes) skusByBarcode.set(barcode.value, key);
      }
    },
  };
};
