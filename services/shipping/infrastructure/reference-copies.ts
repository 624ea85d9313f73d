import type { CenterCopy, ItemCopy } from '@orderlog/contracts';
import type { ReferenceData } from '../application/ports.js';

/** A record of a compacted topic. */
type Kept<T> = { readonly key: string; readonly value: T | undefined };

/** Names and addresses from the compacted topics, in memory: a copy never goes back to an older version. */
export type ReferenceCopies = ReferenceData & { readonly keepItem: (record: Kept<ItemCopy>) => void; readonly keepCenter: (record: Kept<CenterCopy>) => void };

const keepNewer = <T extends { readonly version: number }>(copies: Map<string, T>, { key, value }: { readonly key: string; readonly value: T | undefined }): void => {
  if (value === undefined) copies.delete(key);
  else if (value.version >= (copies.get(key)?.version ?? 0)) copies.set(key, value);
};

/** Empty copies. Of an item only its name is kept. */
export const referenceCopies = (): ReferenceCopies => {
  const names = new Map<string, { readonly name: string; readonly version: number }>();
  const centers = new Map<string, CenterCopy>();
  return {
    keepItem: ({ key, value }) => keepNewer(names, { key, value: value === undefined ? undefined : { name: value.name, version: value.version } }),
    keepCenter: (record) => keepNewer(centers, record),
    originOf: (centerId) => {
      const center = centers.get(centerId);
      if (center === undefined) return undefined;
      const { name, city, region, postalCode, countryCode } = center;
      return { name, city, region, postalCode, countryCode };
    },
    nameOf: (sku) => names.get(sku)?.name,
  };
};
