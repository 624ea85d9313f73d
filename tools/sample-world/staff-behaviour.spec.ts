import { describe, expect, it } from '@jest/globals';
import { scenarioBehaviour } from './staff-behaviour.js';

const lines = (...skus: string[]) => skus.map((sku) => ({ sku, quantity: 2 }));

describe('simulated staff', () => {
  it('does plain work on plain items', () => {
    expect(scenarioBehaviour.answersRequest(lines('SKU-1'))).toBe('accept');
    expect(scenarioBehaviour.answersCancellation(lines('SKU-1'))).toBe('accept');
    expect(scenarioBehaviour.missing({ sku: 'SKU-1', quantity: 2, attempt: 1 })).toBe(0);
    expect(scenarioBehaviour.takesTwoBoxes(lines('SKU-1'))).toBe(false);
  });
  it('reads its scenarios from the SKUs', () => {
    expect(scenarioBehaviour.answersRequest(lines('SKU-1', 'REJECT-1'))).toBe('reject');
    expect(scenarioBehaviour.answersRequest(lines('SILENT-1'))).toBe('nothing');
    expect(scenarioBehaviour.answersCancellation(lines('KEEP-1'))).toBe('refuse');
    expect(scenarioBehaviour.takesTwoBoxes(lines('TWOBOX-1'))).toBe(true);
    expect(scenarioBehaviour.takesTwoBoxes([{ sku: 'TWOBOX-1', quantity: 1 }])).toBe(false);
  });
  it('misses one unit at the first center asked only', () => {
    expect(scenarioBehaviour.missing({ sku: 'SHORT-1', quantity: 2, attempt: 1 })).toBe(1);
    expect(scenarioBehaviour.missing({ sku: 'SHORT-1', quantity: 1, attempt: 2 })).toBe(0);
  });
});
