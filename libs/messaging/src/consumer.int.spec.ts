import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@orderlog/testing';
import { openPair, type Pair } from '../test/pair.js';

describe('a consumer of a log', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await openPair();
    await pair.startRelay();
    await pair.startConsumer();
  });
  afterAll(() => pair.close());

  it('hears every fact of every order once, in order', async () => {
    const orders = await Promise.all(Array.from({ length: 64 }, (_, n) => pair.rate([1, 2, 3, 4, 5], n % 16)));
    await Promise.all(orders.map((orderId) => pair.rate([6, 7], 0, orderId)));
    await eventually(async () => (await pair.heardOf(orders.at(-1) ?? '')).length === 7);
    await eventually(async () => {
      for (const orderId of orders) expect(await pair.heardOf(orderId)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    });
  });
});
