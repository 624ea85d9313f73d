import { describe, expect, it } from '@jest/globals';
import { growthPercent, meansOf } from './endurance.js';

const series = (valueAt: (minute: number) => number) => Array.from({ length: 31 }, (_, n) => ({ minute: 5 + n / 2, value: valueAt(5 + n / 2) }));

describe('the growth of a series', () => {
  it('is none where it stands still', () => expect(growthPercent(series(() => 200))).toBe(0));
  it('is told in percent of the mean, for ten minutes', () => expect(growthPercent(series((minute) => 100 + (minute - 12.5)))).toBeCloseTo(10, 6));
  it('is negative where it falls', () => expect(growthPercent(series((minute) => 100 - 2 * (minute - 12.5)))).toBeCloseTo(-20, 6));
  it('is none in a saw whose teeth are a minute each, by its means', () => {
    const saw = Array.from({ length: 180 }, (_, n) => ({ minute: 5 + n / 12, value: (n % 12) / 12 }));
    expect(growthPercent(saw)).toBeGreaterThan(8);
    expect(meansOf(saw, 1)).toHaveLength(15);
    expect(growthPercent(meansOf(saw, 1))).toBeCloseTo(0, 6);
  });
});
