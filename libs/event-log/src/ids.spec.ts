import { describe, expect, it } from '@jest/globals';
import { newOrderId, shardOfId, shardOfStream } from './index.js';

describe('order ids', () => {
  it('carry their shard in the last byte of a UUIDv7', () => {
    for (let shard = 0; shard < 16; shard += 1) {
      for (let n = 0; n < 50; n += 1) {
        const id = newOrderId(shard);
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(shardOfId(id)).toBe(shard);
      }
    }
  });

  it('use all values of the last byte, also for a number of shards that is no power of two', () => {
    const last = (shard: number, shards: number) => new Set(Array.from({ length: 4_000 }, () => newOrderId(shard, shards).slice(-2)));
    expect(last(3, 16).size).toBe(16);
    expect(last(2, 3).size).toBe(85);
    for (const byte of last(2, 3)) expect(Number.parseInt(byte, 16) % 3).toBe(2);
  });

  it('are refused for a shard that does not exist', () => {
    expect(() => newOrderId(16)).toThrow('no shard 16');
  });
});

describe('the shard of a stream', () => {
  it('is the order’s wherever an order id stands in the name', () => {
    const id = newOrderId(11);
    for (const stream of [`order-${id}`, `fulfillment-order-${id}.1.2`, `shipment-${id}.1.2`, id]) expect(shardOfStream(stream)).toBe(11);
  });

  it('is a hash for others: even, and never another one', () => {
    const counts = new Map<number, number>();
    for (let n = 0; n < 16_000; n += 1) {
      const shard = shardOfStream(`stock-sku-${n}@center-1`);
      counts.set(shard, (counts.get(shard) ?? 0) + 1);
    }
    expect(Math.min(...counts.values())).toBeGreaterThan(800);
    expect(counts.size).toBe(16);
    // Golden: streams stay where they are for ever.
    expect(['item-a', 'center-1', 'stock-abc@fc-1'].map((stream) => shardOfStream(stream))).toStrictEqual([5, 11, 10]);
  });
});
