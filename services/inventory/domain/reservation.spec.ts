import { describe, expect, it } from '@jest/globals';
import { specification } from '@orderlog/testing';
import fc from 'fast-check';
import {
  foldEntries,
  onHand,
  reservation,
  rowOf,
  stockKey,
  type PlannedUnits,
  type Reservation,
  type ReservationCommand,
  type ReservationEvent,
  type ReturnedUnits,
  type StockEntry,
  type StockRow,
} from './index.js';

const given = specification(reservation);
const row = (sku: string, available: number, more: Partial<StockRow> = {}): StockRow => ({
  sku,
  centerId: 'berg',
  available,
  reserved: 0,
  committed: 0,
  quarantine: 0,
  damaged: 0,
  safety: 0,
  version: 7,
  ...more,
});
const rows = (...all: StockRow[]) => new Map(all.map((one) => [stockKey(one.sku, one.centerId), one]));
const unit = (lineId: string, sku: string, quantity: number): PlannedUnits => ({
  lineId,
  sku,
  quantity,
  centerId: 'berg',
  fulfillmentOrderId: 'o.1.1',
});
const entry = (lineId: string, sku: string, stockVersion: number, quantity: number, change: Partial<StockEntry>): StockEntry => ({
  sku,
  centerId: 'berg',
  stockVersion,
  lineId,
  fulfillmentOrderId: 'o.1.1',
  quantity,
  available: 0,
  reserved: 0,
  committed: 0,
  quarantine: 0,
  damaged: 0,
  safety: 0,
  ...change,
});
const identity = { reservationId: 'o.1', orderId: 'o' };
const until = '2026-03-01T10:15:00.000Z';
const reserve = (stock: StockRow[], ...units: PlannedUnits[]): ReservationCommand => ({
  type: 'ReserveStock',
  data: { ...identity, attempt: 1, expiresAt: until, units, rows: rows(...stock) },
});
const commit = (stock: StockRow[], epoch = 1): ReservationCommand => ({
  type: 'CommitReservation',
  data: { ...identity, attempt: 1, epoch, rows: rows(...stock) },
});
const expire = (stock: StockRow[], now: string): ReservationCommand => ({ type: 'ExpireReservation', data: { now, rows: rows(...stock) } });
const giveBack = (stock: StockRow[], ...units: ReturnedUnits[]): ReservationCommand => ({
  type: 'ReturnUnits',
  data: { reason: 'customer', units, rows: rows(...stock) },
});
const ship = (stock: StockRow[], ...lines: { lineId: string; quantity: number }[]): ReservationCommand => ({
  type: 'ShipUnits',
  data: { packageId: 'o.1.1.p1', fulfillmentOrderId: 'o.1.1', lines, rows: rows(...stock) },
});
const reserved = (...entries: StockEntry[]): ReservationEvent => ({
  type: 'StockReserved',
  data: { ...identity, attempt: 1, epoch: 1, expiresAt: until, entries },
});
const reservedCups = reserved(entry('1', 'cup', 8, 3, { available: -3, reserved: 3 }));
const committedCups: ReservationEvent = {
  type: 'ReservationCommitted',
  data: { ...identity, attempt: 1, epoch: 1, entries: [entry('1', 'cup', 9, 3, { reserved: -3, committed: 3 })] },
};
const expiredCups: ReservationEvent = {
  type: 'ReservationExpired',
  data: { ...identity, attempt: 1, epoch: 1, entries: [entry('1', 'cup', 9, 3, { reserved: -3, available: 3 })] },
};
const held = row('cup', 2, { reserved: 3, version: 8 });
const worked = row('cup', 2, { committed: 3, version: 9 });

describe('reserving the units of a plan', () => {
  it('leases all of them', () => given().when(reserve([row('cup', 5)], unit('1', 'cup', 3))).thenEvents(reservedCups));

  it('gives two lines of one SKU versions that follow each other', () =>
    given()
      .when(reserve([row('cup', 5)], unit('1', 'cup', 3), unit('2', 'cup', 2)))
      .thenEvents(
        reserved(entry('1', 'cup', 8, 3, { available: -3, reserved: 3 }), entry('2', 'cup', 9, 2, { available: -2, reserved: 2 })),
      ));

  it('leases none when one SKU is short', () =>
    given()
      .when(reserve([row('cup', 5), row('pot', 1)], unit('1', 'cup', 3), unit('2', 'pot', 2)))
      .thenEvents({
        type: 'ReservationRejected',
        data: { ...identity, attempt: 1, shortages: [{ sku: 'pot', centerId: 'berg', wanted: 2, available: 1 }] },
      }));

  it('adds up the lines of one SKU before it says yes', () =>
    given()
      .when(reserve([row('cup', 5)], unit('1', 'cup', 3), unit('2', 'cup', 3)))
      .thenEvents({
        type: 'ReservationRejected',
        data: { ...identity, attempt: 1, shortages: [{ sku: 'cup', centerId: 'berg', wanted: 6, available: 5 }] },
      }));

  it('knows nothing of a row that never had stock', () =>
    given()
      .when(reserve([], unit('1', 'cup', 1)))
      .thenEvents({
        type: 'ReservationRejected',
        data: { ...identity, attempt: 1, shortages: [{ sku: 'cup', centerId: 'berg', wanted: 1, available: 0 }] },
      }));

  it('does nothing when the request is delivered twice', () =>
    given(reservedCups)
      .when(reserve([row('cup', 5)], unit('1', 'cup', 3)))
      .thenNothing());
});

describe('committing a reservation', () => {
  it('takes the units out of the lease', () => given(reservedCups).when(commit([held])).thenEvents(committedCups));
  it('does nothing the second time', () => given(reservedCups, committedCups).when(commit([worked])).thenNothing());
  it('says what was lost when it comes after the expiry', () =>
    given(reservedCups, expiredCups)
      .when(commit([row('cup', 1, { version: 12 })]))
      .thenEvents({
        type: 'ReservationLost',
        data: { ...identity, attempt: 1, epoch: 1, shortages: [{ sku: 'cup', centerId: 'berg', wanted: 3, available: 1 }] },
      }));
  it('is lost when it names another epoch', () =>
    given(reservedCups)
      .when(commit([held], 2))
      .thenEvents({ type: 'ReservationLost', data: { ...identity, attempt: 1, epoch: 2, shortages: [] } }));
});

describe('the expiry of a lease', () => {
  it('gives everything back', () => given(reservedCups).when(expire([held], until)).thenEvents(expiredCups));
  it('does nothing before its time', () => given(reservedCups).when(expire([held], '2026-03-01T10:14:59.999Z')).thenNothing());
  it('does nothing to a committed reservation', () => given(reservedCups, committedCups).when(expire([worked], until)).thenNothing());
});

describe('giving units back', () => {
  const one = (stockEffect: ReturnedUnits['stockEffect'], quantity = 1): ReturnedUnits => ({
    lineId: '1',
    fulfillmentOrderId: 'o.1.1',
    quantity,
    stockEffect,
  });
  it('makes leased units available', () =>
    given(reservedCups)
      .when(giveBack([held], one('release')))
      .thenEvents({
        type: 'ReservationReleased',
        data: { ...identity, epoch: 1, reason: 'customer', entries: [entry('1', 'cup', 9, 1, { reserved: -1, available: 1 })] },
      }));
  it('makes committed units available, never more than are held', () =>
    given(reservedCups, committedCups)
      .when(giveBack([worked], one('release', 5)))
      .thenEvents({
        type: 'ReservationReleased',
        data: { ...identity, epoch: 1, reason: 'customer', entries: [entry('1', 'cup', 10, 3, { committed: -3, available: 3 })] },
      }));
  it('writes off units that were not there', () =>
    given(reservedCups, committedCups)
      .when(giveBack([worked], one('write_off')))
      .thenEvents({
        type: 'StockAdjusted',
        data: { adjustmentId: 'o.1.cup.10', reason: 'NOT_IN_STOCK', orderId: 'o', entries: [entry('1', 'cup', 10, 1, { committed: -1 })] },
      }));
  it('sets doubtful units aside', () =>
    given(reservedCups, committedCups)
      .when(giveBack([worked], one('quarantine')))
      .thenEvents({
        type: 'ReservationReleased',
        data: { ...identity, epoch: 1, reason: 'customer', entries: [entry('1', 'cup', 10, 1, { committed: -1, quarantine: 1 })] },
      }));
  it('does nothing for units that left the building', () =>
    given(reservedCups, committedCups).when(giveBack([worked], one('none'))).thenNothing());
  it('does nothing when the lease is gone', () => given(reservedCups, expiredCups).when(giveBack([held], one('release'))).thenNothing());
});

describe('shipping a package', () => {
  const shipped: ReservationEvent = {
    type: 'StockShipped',
    data: { ...identity, packageId: 'o.1.1.p1', entries: [entry('1', 'cup', 10, 3, { committed: -3 })] },
  };
  it('takes its units out of the building', () =>
    given(reservedCups, committedCups)
      .when(ship([worked], { lineId: '1', quantity: 3 }))
      .thenEvents(shipped));
  it('does nothing the second time', () =>
    given(reservedCups, committedCups, shipped)
      .when(ship([row('cup', 2, { version: 10 })], { lineId: '1', quantity: 3 }))
      .thenNothing());
});

describe('conservation over random lives', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('reserve' as const), cups: fc.integer({ min: 1, max: 6 }), pots: fc.integer({ min: 1, max: 6 }) }),
    fc.record({ kind: fc.constant('commit' as const), epoch: fc.integer({ min: 1, max: 2 }) }),
    fc.record({ kind: fc.constant('expire' as const) }),
    fc.record({
      kind: fc.constant('return' as const),
      line: fc.constantFrom('1', '2', '3'),
      quantity: fc.integer({ min: 1, max: 7 }),
      effect: fc.constantFrom('none' as const, 'release' as const, 'write_off' as const, 'quarantine' as const),
    }),
    fc.record({ kind: fc.constant('ship' as const), line: fc.constantFrom('1', '2', '3'), quantity: fc.integer({ min: 1, max: 7 }) }),
  );
  const lives = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), step), { maxLength: 60 });

  it('keeps every unit accounted for at every prefix of the ledger, and what is held equals the buckets', () => {
    fc.assert(
      fc.property(lives, fc.integer({ min: 0, max: 12 }), (steps, cups) => {
        const book = rows(row('cup', cups, { version: 0 }), row('pot', 6, { version: 0 }));
        const orders: Reservation[] = [0, 1, 2, 3].map(() => reservation.initialState);
        let total = cups + 6;
        for (const [order, one] of steps) {
          const state = orders[order] ?? reservation.initialState;
          const stock = [...book.values()];
          const id = `o${order}`;
          const command: ReservationCommand =
            one.kind === 'reserve'
              ? reserve(stock, unit('1', 'cup', one.cups), unit('2', 'pot', one.pots), unit('3', 'cup', 1))
              : one.kind === 'commit'
                ? commit(stock, one.epoch)
                : one.kind === 'expire'
                  ? expire(stock, until)
                  : one.kind === 'return'
                    ? giveBack(stock, { lineId: one.line, fulfillmentOrderId: '', quantity: one.quantity, stockEffect: one.effect })
                    : ship(stock, { lineId: one.line, quantity: one.quantity });
          const events = reservation.decide({ ...command, data: { ...command.data, orderId: id } } as ReservationCommand, state);
          if ('refused' in events) throw new Error('a reservation refuses nothing');
          for (const event of events) {
            const entries = 'entries' in event.data ? event.data.entries : [];
            for (const [key, changed] of foldEntries(book, entries)) {
              expect(Object.values(changed).every((value) => typeof value === 'string' || value >= 0)).toBe(true);
              book.set(key, changed);
            }
            total += entries.reduce((sum, each) => sum + onHand(each), 0);
          }
          orders[order] = events.reduce(reservation.evolve, state);
          expect([...book.values()].reduce((sum, each) => sum + onHand(each), 0)).toBe(total);
          for (const sku of ['cup', 'pot']) {
            const heldUnits = orders.flatMap(({ units }) => units.filter((each) => each.sku === sku));
            const now = rowOf(book, sku, 'berg');
            expect(heldUnits.reduce((sum, each) => sum + each.reserved, 0)).toBe(now.reserved);
            expect(heldUnits.reduce((sum, each) => sum + each.committed, 0)).toBe(now.committed);
          }
        }
      }),
      { seed: 20_260_301, numRuns: 300 },
    );
  });
});
