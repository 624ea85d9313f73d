/** Units of one line of the order inside a package. */
export type Contents = { readonly lineId: string; readonly sku: string; readonly quantity: number };

/** Where a package goes, as far as the log may know it. */
export type Destination = { readonly countryCode: string; readonly postalCode: string; readonly city: string };

const unitsByLine = (lines: readonly Contents[]): ReadonlyMap<string, number> => {
  const units = new Map<string, number>();
  for (const { lineId, quantity } of lines) units.set(lineId, (units.get(lineId) ?? 0) + quantity);
  return units;
};

/** Whether `asked` names at least every unit of `packed`. */
export const coversAll = (asked: readonly Contents[], packed: readonly Contents[]): boolean => {
  const askedUnits = unitsByLine(asked);
  return [...unitsByLine(packed)].every(([lineId, quantity]) => (askedUnits.get(lineId) ?? 0) >= quantity);
};

/** A copy with nothing but the contract's fields: what a caller adds must not become history. */
export const contentsOf = (lines: readonly Contents[]): readonly Contents[] =>
  lines.map(({ lineId, sku, quantity }) => ({ lineId, sku, quantity }));
