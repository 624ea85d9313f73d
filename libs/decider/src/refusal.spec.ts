import { describe, expect, it } from '@jest/globals';
import { isRefusal, refuse } from './index.js';

describe('refusal', () => {
  it('is told from a list of events', () => {
    expect(isRefusal(refuse('NoSuchLine'))).toBe(true);
    expect(isRefusal([])).toBe(false);
  });
  it('carries a field only when there is one', () => {
    expect(refuse('NoSuchLine')).toStrictEqual({ refused: 'NoSuchLine' });
    expect(refuse('NoSuchLine', 'no line 4', '/lines/0')).toStrictEqual({ refused: 'NoSuchLine', detail: 'no line 4', field: '/lines/0' });
  });
});
