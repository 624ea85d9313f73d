import { describe, expect, it } from '@jest/globals';
import { inBatches } from './in-batches.js';

describe('work in batches', () => {
  it('gathers what waits, in order, and keeps to the size', async () => {
    const sizes: number[] = [];
    const double = inBatches(async (items: readonly number[]) => {
      sizes.push(items.length);
      return items.map((item) => item * 2);
    }, 3);
    expect(await Promise.all([1, 2, 3, 4, 5].map(double))).toStrictEqual([2, 4, 6, 8, 10]);
    expect(sizes).toStrictEqual([3, 2]);
    expect(await double(6)).toBe(12);
  });

  it('tries a failed batch one by one: one item does not fail the others', async () => {
    const work = inBatches(async (items: readonly string[]) => {
      if (items.includes('poison')) throw new Error('poisoned');
      return items;
    }, 10);
    const settled = await Promise.allSettled(['a', 'poison', 'b'].map(work));
    expect(settled.map(({ status }) => status)).toStrictEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('says so when answers are missing', async () => {
    const work = inBatches(async () => [], 10);
    await expect(work('a')).rejects.toThrow('a batch of 1 got 0 answers');
  });
});
