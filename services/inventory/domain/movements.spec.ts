import { describe, expect, it } from '@jest/globals';
import { specification } from '@orderlog/testing';
import { emptyRow, foldEntries, movement, stockKey, type MovementCommand, type StockEntry, type StockRow } from './index.js';

const given = specification(movement);
const rows = (...all: StockRow[]) => new Map(all.map((one) => [stockKey(one.sku, one.centerId), one]));
const cup = (change: Partial<StockRow> = {}): StockRow => ({ ...emptyRow('cup', 'berg'), ...change });
const entry = (sku: string, stockVersion: number, quantity: number, change: Partial<StockEntry>): StockEntry => {
  const { version: _, ...row } = emptyRow(sku, 'berg');
  return { ...row, stockVersion, lineId: '', fulfillmentOrderId: '', quantity, ...change };
};
const receive = (quantity: number, stock = rows()): MovementCommand => ({
  type: 'ReceiveStock',
  data: { rows: stock, receipt: { receiptId: 'r1', centerId: 'berg', reference: 'po 7', lines: [{ sku: 'cup', quantity }] } },
});
const received = (quantity: number, stockVersion = 1) =>
  ({
    type: 'StockReceived',
    data: { receiptId: 'r1', reference: 'po 7', entries: [entry('cup', stockVersion, quantity, { available: quantity })] },
  }) as const;
const adjust = (quantity: number, stock: StockRow, bucket: 'available' | 'quarantine' = 'available'): MovementCommand => ({
  type: 'AdjustStock',
  data: { rows: rows(stock), adjustment: { adjustmentId: 'a1', centerId: 'berg', reason: 'DAMAGED', lines: [{ sku: 'cup', quantity, bucket }] } },
});
const count = (counted: number, stock: StockRow): MovementCommand => ({
  type: 'CountStock',
  data: { rows: rows(stock), count: { countId: 'c1', centerId: 'berg', lines: [{ sku: 'cup', counted }] } },
});

describe('receiving stock', () => {
  it('makes it available', () => given().when(receive(5)).thenEvents(received(5)));
  it('refuses more than a row can hold', () => {
    given().when(receive(500_000_000, rows(cup({ available: 400_000_000, reserved: 100_000_001, version: 4 })))).thenRefused('TooMuchStock');
    given().when(adjust(2, cup({ available: 999_999_999, version: 4 }))).thenRefused('TooMuchStock');
  });
  it('goes on from the version of the row', () => given().when(receive(5, rows(cup({ available: 1, version: 4 })))).thenEvents(received(5, 5)));
  it('does nothing when the receipt is repeated', () => given(received(5)).when(receive(5)).thenNothing());
  it('refuses the same id with another content', () => given(received(5)).when(receive(6)).thenRefused('AlreadyRecordedDifferently'));
});

describe('correcting stock', () => {
  it('takes units out of a bucket', () =>
    given()
      .when(adjust(-2, cup({ available: 3, version: 1 })))
      .thenEvents({
        type: 'StockAdjusted',
        data: { adjustmentId: 'a1', reason: 'DAMAGED', orderId: '', entries: [entry('cup', 2, 2, { available: -2 })] },
      }));
  it('refuses to take what is not there', () => given().when(adjust(-4, cup({ available: 3, version: 1 }))).thenRefused('StockWouldGoNegative'));
  it('does nothing when the correction is repeated, and knows its bucket', () => {
    const done = {
      type: 'StockAdjusted',
      data: { adjustmentId: 'a1', reason: 'DAMAGED', orderId: '', entries: [entry('cup', 1, 2, { quarantine: 2 })] },
    } as const;
    given(done).when(adjust(2, cup({ quarantine: 2, version: 1 }), 'quarantine')).thenNothing();
    given(done).when(adjust(2, cup({ quarantine: 2, version: 1 }))).thenRefused('AlreadyRecordedDifferently');
  });
});

describe('counting stock', () => {
  const book = cup({ available: 3, committed: 2, version: 9 });
  it('moves the difference to the book', () =>
    given()
      .when(count(4, book))
      .thenEvents({
        type: 'StockCounted',
        data: { countId: 'c1', sku: 'cup', centerId: 'berg', counted: 4, entries: [entry('cup', 10, 1, { available: -1 })] },
      }));
  it('records a count that found the book right', () =>
    given().when(count(5, book)).thenEvents({ type: 'StockCounted', data: { countId: 'c1', sku: 'cup', centerId: 'berg', counted: 5, entries: [] } }));
  it('refuses a count below what is promised', () => given().when(count(1, book)).thenRefused('StockWouldGoNegative'));
  it('does nothing when the count is repeated', () =>
    given({ type: 'StockCounted', data: { countId: 'c1', sku: 'cup', centerId: 'berg', counted: 5, entries: [] } })
      .when(count(5, book))
      .thenNothing());
});

describe('the ledger of a row', () => {
  it('shows a hole as an error', () => {
    expect(() => foldEntries(rows(), [entry('cup', 2, 1, { available: 1 })])).toThrow('has a hole');
  });
});
