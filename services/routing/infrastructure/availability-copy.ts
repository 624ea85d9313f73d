import type { AvailabilityCopy } from '@orderlog/contracts';
import { LRUCache } from 'lru-cache';
import type { Availability } from '../application/ports.js';

/** The copy of availability as the compacted topic brings it. */
export type AvailabilityCopies = Availability & {
  readonly apply: (record: { readonly key: string; readonly value: AvailabilityCopy | undefined }) => void;
  readonly size: () => number;
};

/** Units of a plan that inventory has not confirmed in the copy yet are counted as taken for so long. */
const pendingMsMax = 3_000;
const pendingRowsMax = 20_000;

type Pending = { units: number; atMs: number };

/**
 * The copy lags behind by two hops: of a hundred plans a second, dozens would be made on units that the plans before them have taken, and
 * come back as rejected reservations. So what was planned here a moment ago is taken off, until the copy of the row goes down by as much.
 */
export const availabilityCopies = (nowMs: () => number): AvailabilityCopies => {
  const copies = new Map<string, { readonly available: number; readonly version: number }>();
  const pending = new LRUCache<string, Pending[]>({ max: pendingRowsMax });

  const pendingUnits = (key: string, now: number): number => {
    const plans = pending.get(key);
    if (plans === undefined) return 0;
    while (plans[0] !== undefined && now - plans[0].atMs > pendingMsMax) plans.shift();
    if (plans.length === 0) pending.delete(key);
    return plans.reduce((sum, { units }) => sum + units, 0);
  };
  const confirm = (key: string, taken: number): void => {
    const plans = pending.get(key);
    if (plans === undefined) return;
    for (let left = taken; left > 0 && plans[0] !== undefined; ) {
      const units = Math.min(left, plans[0].units);
      plans[0].units -= units;
      left -= units;
      if (plans[0].units === 0) plans.shift();
    }
    if (plans.length === 0) pending.delete(key);
  };

  return {
    of: (sku, centerId, now) => {
      const key = `${sku}@${centerId}`;
      const copy = copies.get(key);
      if (copy === undefined) return undefined;
      const taken = pendingUnits(key, now);
      return taken === 0 ? copy : { available: Math.max(0, copy.available - taken), version: copy.version };
    },
    planned: (centerId, lines, atMs) => {
      for (const { sku, quantity } of lines) {
        const key = `${sku}@${centerId}`;
        const plans = pending.get(key);
        if (plans === undefined) pending.set(key, [{ units: quantity, atMs }]);
        else plans.push({ units: quantity, atMs });
      }
    },
    apply: ({ key, value }) => {
      const before = copies.get(key);
      if (value === undefined) return void copies.delete(key);
      if (before !== undefined && before.version >= value.version) return;
      copies.set(key, { available: value.available, version: value.version });
      if (before !== undefined && value.available < before.available) confirm(key, before.available - value.available);
      else pendingUnits(key, nowMs());
    },
    size: () => copies.size,
  };
};
