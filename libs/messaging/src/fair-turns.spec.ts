import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FairTurns } from './fair-turns.js';

const options = { rowsMax: 500, rowsLeast: 64 };

describe('turns of partitions', () => {
  it('give everybody everything while it fits', () => {
    expect(new FairTurns(options).share([3, 0, 500, 120], 1000)).toEqual([{ partition: 0, rows: 3 }, { partition: 2, rows: 500 }, { partition: 3, rows: 120 }]);
    expect(new FairTurns(options).share([0, 0], 1000)).toEqual([]);
    expect(new FairTurns(options).share([], 1000)).toEqual([]);
  });
  it('give one that is alone no more than a partition may have', () => {
    expect(new FairTurns(options).share([0, 900], 1000)).toEqual([{ partition: 1, rows: 500 }]);
  });
  it('share alike where it does not fit, and go on behind the last one served', () => {
    const turns = new FairTurns({ rowsMax: 500, rowsLeast: 10 });
    expect(turns.share([400, 5, 400, 400], 100)).toEqual([{ partition: 0, rows: 25 }, { partition: 1, rows: 5 }, { partition: 2, rows: 35 }, { partition: 3, rows: 35 }]);
    const few = new FairTurns(options);
    expect(few.share([400, 400, 400], 100)).toEqual([{ partition: 0, rows: 64 }, { partition: 1, rows: 36 }]);
    expect(few.share([400, 400, 400], 100)).toEqual([{ partition: 2, rows: 64 }, { partition: 0, rows: 36 }]);
  });
  it('let nobody wait for longer than once around, however much the others have', () => {
    const waits = fc.array(fc.oneof(fc.constant(0), fc.nat(3), fc.integer({ min: 100, max: 2_000 })), { minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(waits, fc.integer({ min: 1, max: 1_200 }), fc.nat(200), (waiting, room, before) => {
        const turns = new FairTurns(options);
        for (let n = 0; n < before; n += 1) turns.share(waiting, room);
        const served = new Set<number>();
        // Each transaction serves at least as many as the least share fits into its room.
        const rounds = Math.ceil(waiting.length / Math.max(1, Math.floor(room / options.rowsLeast)));
        for (let n = 0; n < rounds; n += 1) {
          const shares = turns.share(waiting, room);
          expect(shares.reduce((sum, { rows }) => sum + rows, 0)).toBeLessThanOrEqual(room);
          for (const { partition, rows } of shares) {
            expect(rows).toBeLessThanOrEqual(Math.min(waiting[partition] ?? 0, options.rowsMax));
            served.add(partition);
          }
        }
        expect([...served].sort((a, b) => a - b)).toEqual(waiting.flatMap((rows, partition) => (rows > 0 ? [partition] : [])));
      }),
    );
  });
});
