/*
 * Magic words, as the test codes of real carriers' sandboxes: the description (a shipper sends the first SKU) begins with one of
 * them, and the parcel behaves accordingly.
 */

/** What a parcel does on its way. */
export type Behavior = 'plain' | 'lost' | 'returned' | 'late' | 'missed';

/** The words that change a parcel's way. */
export const magicWords: Readonly<Record<string, Behavior>> = {
  'LOST-': 'lost',
  'RTS-': 'returned',
  'LATE-': 'late',
  'MISSED-': 'missed',
};

/** How the parcel with this description behaves. */
export const behaviorOf = (description: string): Behavior =>
  Object.entries(magicWords).find(([word]) => description.startsWith(word))?.[1] ?? 'plain';

/** Why the purchase is refused by magic: `FAILLABEL-` by every carrier, `FAILFIRST-` by SimPost only. */
export const refusalOf = (description: string, carrier: string): string | undefined => {
  if (description.startsWith('FAILLABEL-')) return 'not_accepted';
  return description.startsWith('FAILFIRST-') && carrier === 'simpost' ? 'not_accepted' : undefined;
};
