import { describe, expect, it } from '@jest/globals';
import { order, type Order } from '@orderlog/order-domain';
import { whyNotSettled } from './program-checks.js';

const now = new Date('2026-11-02T12:00:00.000Z');
const at = (minutes: number): string => new Date(now.getTime() + minutes * 60_000).toISOString();
const line = (units: Partial<Order['lines'][number]>): Order['lines'][number] => ({
  lineId: '1',
  sku: 'S',
  ordered: 3,
  open: 0,
  backordered: 0,
  cancelled: 0,
  failures: 0,
  ...units,
});
const waiting: Order = { ...order.initialState, accepted: true, lines: [line({ open: 3 })], dueBy: at(30) };
const backordered: Order = { ...waiting, lines: [line({ backordered: 3 })], dueBy: at(-60), reviewAt: at(60) };
const stage = { 'stage-deadline': at(30) };
const review = { 'backorder-review': at(60) };

describe('an order', () => {
  it('that waits for a stage has a date that has not passed, and a timer', () => {
    expect(whyNotSettled(waiting, stage, now)).toBeUndefined();
    expect(whyNotSettled(waiting, {}, now)).toContain('nothing happens when allocation is due');
    expect(whyNotSettled({ ...waiting, dueBy: at(-5) }, stage, now)).toContain(`allocation is due since ${at(-5)}`);
    expect(whyNotSettled({ ...waiting, dueBy: '' }, stage, now)).toContain('allocation has no date');
    // A timer that is due is on its way.
    expect(whyNotSettled({ ...waiting, dueBy: at(-0.5) }, stage, now)).toBeUndefined();
  });

  it('that waits for stock has a date of review, and a timer', () => {
    expect(whyNotSettled(backordered, review, now)).toBeUndefined();
    expect(whyNotSettled(backordered, stage, now)).toContain('nothing happens when stock is due');
    expect(whyNotSettled({ ...backordered, reviewAt: at(-5) }, review, now)).toContain(`stock is due since ${at(-5)}`);
  });

  it('of which a part waits for stock is late all the same where the rest is', () => {
    const both: Order = { ...backordered, lines: [line({ open: 2, backordered: 1 })], dueBy: at(-5) };
    expect(whyNotSettled(both, { ...stage, ...review }, now)).toContain('allocation is due');
    expect(whyNotSettled({ ...both, dueBy: at(5) }, { ...stage, ...review }, now)).toBeUndefined();
  });

  it('that is on hold, or has ended, is settled; one that waits for nothing is not', () => {
    const late: Order = { ...waiting, dueBy: at(-5) };
    expect(whyNotSettled({ ...late, holds: [{ id: 'h', reason: 'MANUAL', detail: '', lineIds: [] }] }, {}, now)).toBeUndefined();
    expect(whyNotSettled({ ...late, lines: [line({ cancelled: 3 })] }, {}, now)).toBeUndefined();
    expect(whyNotSettled({ ...waiting, accepted: false }, stage, now)).toContain('waits for nothing');
  });
});
