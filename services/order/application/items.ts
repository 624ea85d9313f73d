import type { ItemCopy } from '@orderlog/contracts';

/** Which items there are, as inventory's compacted topic tells. */
export type Items = {
  readonly keep: (sku: string, item: ItemCopy | undefined) => void;
  /** May an order name this SKU? */
  readonly isOffered: (sku: string) => boolean;
};

/** A copy of the items: of each only whether it is offered, and at which version that was told. */
export const createItems = (): Items => {
  const known = new Map<string, { readonly version: number; readonly active: boolean }>();
  return {
    keep: (sku, item) => {
      if (item === undefined) known.delete(sku);
      else if (item.version >= (known.get(sku)?.version ?? 0)) known.set(sku, { version: item.version, active: item.active });
    },
    isOffered: (sku) => known.get(sku)?.active === true,
  };
};
