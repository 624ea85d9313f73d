/** A place on a shelf. Its code is printed on it: `AA-BB-L`. */
export type Bin = { readonly aisle: number; readonly bay: number; readonly level: number };

/** Bounds of what a bin code can say. */
export const binLimits = { aisleMax: 999, bayMax: 999, levelMax: 99 } as const;

const twoDigits = (number: number): string => String(number).padStart(2, '0');

/** The code of a bin: `07-12-3` is aisle 7, bay 12, level 3. */
export const binCode = ({ aisle, bay, level }: Bin): string => `${twoDigits(aisle)}-${twoDigits(bay)}-${level}`;

/** Reads a bin code; undefined for anything else. */
export const parseBin = (code: string): Bin | undefined => {
  const parts = /^(\d{2,3})-(\d{2,3})-(\d{1,2})$/.exec(code);
  return parts === null ? undefined : { aisle: Number(parts[1]), bay: Number(parts[2]), level: Number(parts[3]) };
};

/** Size of the shelving that is assumed where nobody recorded bins. */
const assumed = { aisles: 20, bays: 30, levels: 4 };

/** Where a SKU lies if no bin was recorded: always the same place, spread evenly (FNV-1a over the SKU). */
export const assumedBin = (sku: string): Bin => {
  let hash = 0x811c9dc5;
  for (let n = 0; n < sku.length; n += 1) hash = Math.imul(hash ^ sku.charCodeAt(n), 0x01000193) >>> 0;
  const { aisles, bays, levels } = assumed;
  return { aisle: (hash % aisles) + 1, bay: ((hash >>> 8) % bays) + 1, level: ((hash >>> 20) % levels) + 1 };
};

/**
 * Orders stops so that a picker walks every visited aisle once: up the first, down the next (S-shape over the aisles that have a stop,
 * so that a skipped aisle does not send the picker back). Within a bin, the given order stays.
 */
export const alongTheAisles = <Stop extends { readonly bin: string }>(stops: readonly Stop[]): Stop[] => {
  const placed = stops.map((stop, n) => ({ stop, n, bin: parseBin(stop.bin) ?? { aisle: binLimits.aisleMax + 1, bay: 0, level: 0 } }));
  const visited = [...new Set(placed.map(({ bin }) => bin.aisle))].sort((a, b) => a - b);
  const isDown = new Map(visited.map((aisle, n) => [aisle, n % 2 === 1]));
  return placed
    .sort((a, b) => {
      if (a.bin.aisle !== b.bin.aisle) return a.bin.aisle - b.bin.aisle;
      if (a.bin.bay !== b.bin.bay) return isDown.get(a.bin.aisle) === true ? b.bin.bay - a.bin.bay : a.bin.bay - b.bin.bay;
      return a.bin.level - b.bin.level || a.n - b.n;
    })
    .map(({ stop }) => stop);
};
