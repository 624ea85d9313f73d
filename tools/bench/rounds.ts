import { durableInsertRate, type InsertRates } from './insert-rate.js';

const driftMaxDefault = 0.2;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** What a round measured, and the reference of the same minute. */
export type Round<T> = {
  readonly measured: T;
  /** Durable one-row inserts a second, the mean of the round's references: the best of them would be the higher the oftener it is measured. */
  readonly insertsPerSecond: number;
  /** Median milliseconds of one such insert at 16 connections, the mean too. */
  readonly commitMs: number;
  readonly references: readonly InsertRates[];
};

/** What several rounds need. */
export type RoundsOptions<T> = {
  readonly databaseUrl: string;
  readonly runs: number;
  readonly say: (text: string) => void;
  readonly keep: (name: string, numbers: unknown) => void;
  /** How far the reference may move within a round that counts (0.2). */
  readonly driftMax: number | undefined;
  /** Everything of one round, interleaved; `calibrate` measures the reference once more in its middle. */
  readonly measure: (run: number, calibrate: () => Promise<void>) => Promise<T>;
};

/**
 * Measures the reference before and after each round. A round in which it drifts by more than 20 % is not counted and measured again, as long as
 * no more rounds are lost than were asked for. None that counts is an error: such a machine gives no figures.
 */
export const measureRounds = async <T>({ databaseUrl, runs, say, keep, driftMax = driftMaxDefault, measure }: RoundsOptions<T>): Promise<readonly Round<T>[]> => {
  const counted: Round<T>[] = [];
  const dropped: Round<T>[] = [];
  for (let run = 1; counted.length < runs && dropped.length <= runs; run += 1) {
    const references: InsertRates[] = [];
    const calibrate = async (): Promise<void> => {
      references.push(await durableInsertRate(databaseUrl));
    };
    await calibrate();
    const measured = await measure(run, calibrate);
    await calibrate();
    const rates = references.map(({ best }) => best);
    const drift = Math.max(...rates) / Math.min(...rates) - 1;
    say(`round ${run}: inserts ${rates.map((rate) => rate.toFixed(0)).join(', ')}/s${drift > driftMax ? ' (drifted, not counted)' : ''}`);
    const commitMs = mean(references.map(({ medianMsAt16 }) => medianMsAt16));
    (drift <= driftMax ? counted : dropped).push({ measured, insertsPerSecond: mean(rates), commitMs, references });
    keep('rounds', { counted, dropped });
  }
  if (counted.length === 0) throw new Error(`the durable insert rate drifted by more than ${driftMax * 100} % in each of ${dropped.length} rounds: something else uses this machine`);
  return counted;
};
