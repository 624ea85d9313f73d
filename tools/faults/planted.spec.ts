import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { edited, changedFiles } from './planted/mutate.js';
import { plantedBugs } from './planted.js';

const dist = join(import.meta.dirname, '..', '..', 'dist');

describe('planted bugs', () => {
  it('are at least fifteen, each with a name of its own and something that should catch it', () => {
    expect(plantedBugs.length).toBeGreaterThanOrEqual(15);
    expect(new Set(plantedBugs.map(({ id }) => id)).size).toBe(plantedBugs.length);
    expect(plantedBugs.filter(({ expected, edits }) => expected.length === 0 || edits.length === 0)).toStrictEqual([]);
  });

  // A change that fits nowhere is a bug that nobody plants: the code has moved on, and the change has to move with it.
  it.each(plantedBugs)('$id fits into the built tree in exactly one place', (bug) => {
    expect(existsSync(dist)).toBe(true);
    expect(changedFiles(bug, dist).size).toBeGreaterThan(0);
  });

  it('do not fit twice, or nowhere', () => {
    const edit = { file: 'a.js', find: 'x', replace: 'y' };
    expect(() => edited('x x', edit)).toThrow('2 places');
    expect(() => edited('z', edit)).toThrow('0 places');
    expect(edited('a x b', { ...edit, replace: '$&' })).toBe('a $& b');
  });
});
