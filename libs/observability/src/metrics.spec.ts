import { describe, expect, it, jest } from '@jest/globals';
import { atMostEvery } from './metrics.js';

describe('a number that costs a query', () => {
  it('is read once for all gauges of a scrape, and again when it is old', async () => {
    jest.useFakeTimers();
    try {
      let reads = 0;
      const read = atMostEvery(5_000, async () => (reads += 1));
      expect(await Promise.all([read(), read(), read()])).toEqual([1, 1, 1]);
      jest.advanceTimersByTime(4_999);
      expect(await read()).toBe(1);
      jest.advanceTimersByTime(1);
      expect(await read()).toBe(2);
    } finally {
      jest.useRealTimers();
    }
  });
});
