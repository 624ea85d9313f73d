/** A line as staff see it. */
export type StaffLine = { readonly sku: string; readonly quantity: number };

/** What staff do where it is not plain work. All of it follows from what anybody can see over the API. */
export type StaffBehaviour = {
  /** What a third party answers to a request. */
  readonly answersRequest: (lines: readonly StaffLine[]) => 'accept' | 'reject' | 'nothing';
  /** What it answers to a cancellation of what it works on. */
  readonly answersCancellation: (lines: readonly StaffLine[]) => 'accept' | 'refuse';
  /** Units of a line that are not in the bin. */
  readonly missing: (line: StaffLine & { readonly attempt: number }) => number;
  /** Whether a fulfillment order goes into two packages. */
  readonly takesTwoBoxes: (lines: readonly StaffLine[]) => boolean;
};

const has = (lines: readonly StaffLine[], prefix: string): boolean => lines.some(({ sku }) => sku.startsWith(prefix));

/**
 * Scenarios by SKU: `SHORT-…` one unit is missing at the first center asked · `REJECT-…` a third party rejects · `KEEP-…` it refuses a
 * cancellation · `SILENT-…` it never answers · `TWOBOX-…` goes into two packages. Everything else is plain work.
 */
export const scenarioBehaviour: StaffBehaviour = {
  answersRequest: (lines) => {
    if (has(lines, 'SILENT-')) return 'nothing';
    return has(lines, 'REJECT-') ? 'reject' : 'accept';
  },
  answersCancellation: (lines) => (has(lines, 'KEEP-') ? 'refuse' : 'accept'),
  missing: ({ sku, attempt }) => (sku.startsWith('SHORT-') && attempt === 1 ? 1 : 0),
  takesTwoBoxes: (lines) => has(lines, 'TWOBOX-') && lines.reduce((sum, { quantity }) => sum + quantity, 0) > 1,
};
