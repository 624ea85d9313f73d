import { describe, expect, it } from '@jest/globals';
import { countedAs, planOf } from './plan.js';

const threeMinutes = { ms: 180_000, shards: 16 };
const groups = (seed: number): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { fault } of planOf({ seed, ...threeMinutes })) {
    const [group = ''] = countedAs(fault).split('.');
    counts[group] = (counts[group] ?? 0) + 1;
  }
  return counts;
};

describe('the plan of a campaign', () => {
  it('is the same for the same seed, and another one for another', () => {
    const plan = planOf({ seed: 1, ...threeMinutes });
    expect(planOf({ seed: 1, ...threeMinutes })).toStrictEqual(plan);
    expect(planOf({ seed: 2, ...threeMinutes })).not.toStrictEqual(plan);
  });

  it('has so much of everything that ten seeds show what has to be shown', () => {
    const sums: Record<string, number> = {};
    for (let seed = 1; seed <= 10; seed += 1) for (const [group, n] of Object.entries(groups(seed))) sums[group] = (sums[group] ?? 0) + n;
    expect(sums['kill']).toBeGreaterThanOrEqual(300);
    for (const group of ['pause', 'postgres', 'broker', 'network']) expect(sums[group]).toBeGreaterThanOrEqual(40);
    expect(sums['all']).toBe(10);
  });

  it('has at least the kills that are asked for, within its time', () => {
    const plan = planOf({ seed: 3, ms: 40_000, shards: 16, killsMin: 20 });
    expect(plan.filter(({ fault: { kind } }) => kind === 'kill' || kind === 'kill-at').length).toBeGreaterThanOrEqual(20);
    for (const { atMs } of plan) expect(atMs).toBeLessThan(40_000);
    expect(plan.map(({ atMs }) => atMs)).toStrictEqual(plan.map(({ atMs }) => atMs).toSorted((a, b) => a - b));
  });
});
