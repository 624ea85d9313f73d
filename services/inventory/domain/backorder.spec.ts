import { describe, expect, it } from '@jest/globals';
import { specification } from '@orderlog/testing';
import fc from 'fast-check';
import { backorder, cover, type BackorderEvent } from './index.js';

const given = specification(backorder);
const cups = (quantity: number) => [{ lineId: '1', sku: 'cup', quantity }];
const queued = (quantity: number): BackorderEvent => ({ type: 'BackorderQueued', data: { orderId: 'o', attempt: 1, lines: cups(quantity) } });
const covered = (quantity: number): BackorderEvent => ({ type: 'BackorderCovered', data: { orderId: 'o', lines: cups(quantity) } });
const withdrawn = (quantity: number): BackorderEvent => ({
  type: 'BackorderWithdrawn',
  data: { orderId: 'o', lines: cups(quantity), reason: 'customer' },
});

describe('a backorder', () => {
  it('queues units', () =>
    given()
      .when({ type: 'QueueBackorder', data: { orderId: 'o', attempt: 1, lines: cups(3) } })
      .thenEvents(queued(3)));
  it('is covered by stock that came', () =>
    given(queued(3))
      .when({ type: 'CoverBackorder', data: { orderId: 'o', lines: cups(2) } })
      .thenEvents(covered(2)));
  it('is never covered twice', () =>
    given(queued(3), covered(3))
      .when({ type: 'CoverBackorder', data: { orderId: 'o', lines: cups(1) } })
      .thenNothing());
  it('is withdrawn when the customer cancels, as far as it still waits', () =>
    given(queued(3), covered(2))
      .when({ type: 'WithdrawBackorder', data: { orderId: 'o', reason: 'customer', lines: cups(3) } })
      .thenEvents(withdrawn(1)));
  it('does nothing when it is withdrawn twice', () =>
    given(queued(3), withdrawn(3))
      .when({ type: 'WithdrawBackorder', data: { orderId: 'o', reason: 'customer', lines: cups(3) } })
      .thenNothing());
  it('may be queued again after stock turned out to be of no use', () =>
    given(queued(3), covered(3), queued(3))
      .when({ type: 'CoverBackorder', data: { orderId: 'o', lines: cups(3) } })
      .thenEvents(covered(3)));
});

describe('sharing out stock that came', () => {
  const queue = [
    { orderId: 'a', lineId: '1', sku: 'cup', waiting: 2 },
    { orderId: 'b', lineId: '1', sku: 'cup', waiting: 2 },
    { orderId: 'b', lineId: '2', sku: 'pot', waiting: 1 },
    { orderId: 'c', lineId: '1', sku: 'cup', waiting: 2 },
  ];
  it('serves the oldest first and the next in part', () => {
    const shares = cover(queue, new Map([['cup', 3]]));
    expect([...shares]).toStrictEqual([
      ['a', [{ lineId: '1', sku: 'cup', quantity: 2 }]],
      ['b', [{ lineId: '1', sku: 'cup', quantity: 1 }]],
    ]);
  });
  it('never shares out more than there is, and leaves nothing while somebody waits', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 20 }), fc.integer({ min: -3, max: 40 }), (wants, free) => {
        const shares = cover(
          wants.map((waiting, n) => ({ orderId: `o${n}`, lineId: '1', sku: 'cup', waiting })),
          new Map([['cup', free]]),
        );
        const given = [...shares.values()].flat().reduce((sum, { quantity }) => sum + quantity, 0);
        expect(given).toBe(Math.max(0, Math.min(free, wants.reduce((sum, each) => sum + each, 0))));
      }),
      { seed: 20_260_302 },
    );
  });
});
