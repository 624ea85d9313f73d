/** One figure of a benchmark run, as it stands in the JSON file. `ratio` is what counts; median, min and max are of the same runs. */
export type Figure = {
  readonly id: string;
  readonly what: string;
  /** Divided by the same run's reference, as `what` says; null where the figure is absolute. */
  readonly ratio: number | null;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly unit: string;
  readonly runs: number;
};

/** The middle of some numbers (mean of the two in the middle of an even count). NaN for none. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? (sorted[Math.floor(middle)] ?? Number.NaN) : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
};

/** The value below which `share` of the numbers lie (nearest rank). NaN for none. */
export const quantile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
};

/** A figure over the values of several runs; `ratios` are the same runs' values divided by their references. */
export const figure = (id: string, what: string, unit: string, values: readonly number[], ratios: readonly number[] = []): Figure => ({
  id,
  what,
  ratio: ratios.length === 0 ? null : round(median(ratios)),
  median: round(median(values)),
  min: round(Math.min(...values)),
  max: round(Math.max(...values)),
  unit,
  runs: values.length,
});

/** Four significant digits: more would be noise. */
export const round = (value: number): number => (Number.isFinite(value) && value !== 0 ? Number(value.toPrecision(4)) : value);
