import { describe, expect, it } from '@jest/globals';
import { problemOf } from './problem-of.js';

describe('an error of the database', () => {
  it.each([
    ['a pool that has no connection in time', new Error('timeout exceeded when trying to connect')],
    ['a server that restarts', Object.assign(new Error('the database system is shutting down'), { code: '57P03' })],
    ['a connection that broke', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })],
  ])('is not available at the moment: %s', (_, error) => {
    expect(problemOf(error)).toMatchObject({ kind: { status: 503 } });
  });
  it('is a bug, and told to nobody, when it is none of these', () => {
    expect(problemOf(Object.assign(new Error('duplicate key'), { code: '23505' }))).toBeUndefined();
  });
});
