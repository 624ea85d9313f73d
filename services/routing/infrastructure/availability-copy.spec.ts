import { describe, expect, it } from '@jest/globals';
import { availabilityCopies } from './availability-copy.js';

const record = (available: number, version: number) => ({ key: 'cup@berg', value: { sku: 'cup', centerId: 'berg', available, version } });
const open = () => {
  let now = 0;
  const copies = availabilityCopies(() => now);
  return {
    apply: (available: number, version: number) => copies.apply(record(available, version)),
    plan: (quantity: number) => copies.planned('berg', [{ lineId: '1', sku: 'cup', quantity }], now),
    available: () => copies.of('cup', 'berg', now)?.available,
    pass: (ms: number) => (now += ms),
  };
};

describe('the copy of availability', () => {
  it('never goes back to an older version', () => {
    const copy = open();
    copy.apply(5, 2);
    copy.apply(9, 1);
    expect(copy.available()).toBe(5);
  });
  it('counts planned units as taken until the copy has gone down by them', () => {
    const copy = open();
    copy.apply(10, 1);
    copy.plan(3);
    copy.plan(2);
    expect(copy.available()).toBe(5);
    copy.apply(7, 2);
    expect(copy.available()).toBe(5);
    copy.apply(5, 3);
    expect(copy.available()).toBe(5);
  });
  it('forgets plans that came to nothing', () => {
    const copy = open();
    copy.apply(10, 1);
    copy.plan(3);
    copy.pass(3_001);
    expect(copy.available()).toBe(10);
  });
  it('knows nothing of rows it never heard of', () => expect(open().available()).toBeUndefined());
});
