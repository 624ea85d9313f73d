/** A type of box, with its inner size and its own weight. */
export type Carton = { readonly code: string; readonly lengthMm: number; readonly widthMm: number; readonly heightMm: number; readonly weightGrams: number };

/** What the rule needs to know of an item. */
export type ItemSize = { readonly lengthMm: number; readonly widthMm: number; readonly heightMm: number; readonly weightGrams: number };

/** Assumed for an item nobody described: a shoe box. */
export const assumedItem: ItemSize = { lengthMm: 300, widthMm: 200, heightMm: 120, weightGrams: 500 };

/** The boxes at hand, smallest first. The last one is a pallet: it holds whatever the others do not. */
export const cartons: readonly Carton[] = [
  { code: 'XS', lengthMm: 200, widthMm: 150, heightMm: 90, weightGrams: 90 },
  { code: 'S', lengthMm: 300, widthMm: 200, heightMm: 150, weightGrams: 180 },
  { code: 'M', lengthMm: 400, widthMm: 300, heightMm: 200, weightGrams: 350 },
  { code: 'L', lengthMm: 500, widthMm: 400, heightMm: 300, weightGrams: 600 },
  { code: 'XL', lengthMm: 600, widthMm: 400, heightMm: 400, weightGrams: 850 },
  { code: 'XXL', lengthMm: 800, widthMm: 600, heightMm: 600, weightGrams: 1_900 },
  { code: 'PALLET', lengthMm: 1_200, widthMm: 800, heightMm: 1_800, weightGrams: 20_000 },
];

/** Items never fill a box: a fifth more volume than they have. */
const packingFactor = 1.2;

const sides = ({ lengthMm, widthMm, heightMm }: Omit<ItemSize, 'weightGrams'>): [number, number, number] => {
  const [a = 0, b = 0, c = 0] = [lengthMm, widthMm, heightMm].sort((one, other) => other - one);
  return [a, b, c];
};

/** The carton of a code; undefined for a code nobody has. */
export const cartonOf = (code: string): Carton | undefined => cartons.find((carton) => carton.code === code);

/**
 * The smallest carton whose volume is 1.2 times that of its contents and into which every item fits along its sides; the pallet if none.
 * Not bin packing: it errs on the side of a box that is too large.
 */
export const suggestCarton = (contents: readonly { readonly item: ItemSize; readonly quantity: number }[]): Carton => {
  const volume = contents.reduce((sum, { item, quantity }) => sum + item.lengthMm * item.widthMm * item.heightMm * quantity, 0) * packingFactor;
  const longest = contents.reduce<readonly [number, number, number]>(
    ([a, b, c], { item }) => {
      const [x, y, z] = sides(item);
      return [Math.max(a, x), Math.max(b, y), Math.max(c, z)];
    },
    [0, 0, 0],
  );
  const fitting = cartons.find((carton) => {
    const [a, b, c] = sides(carton);
    return a * b * c >= volume && a >= longest[0] && b >= longest[1] && c >= longest[2];
  });
  return fitting ?? (cartons[cartons.length - 1] as Carton);
};

/** More than anything that leaves in one piece; 32 bits hold it. */
const gramsMax = 2_000_000_000;

/** Weight of a package: what is in it and the box itself. */
export const packageWeight = (carton: Carton, contents: readonly { readonly item: ItemSize; readonly quantity: number }[]): number =>
  Math.min(gramsMax, contents.reduce((sum, { item, quantity }) => sum + item.weightGrams * quantity, carton.weightGrams));
