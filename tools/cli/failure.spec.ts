import { describe, expect, it } from '@jest/globals';
import { ProblemAnswer, Unreachable } from './client.js';
import { UsageError } from './connection.js';
import { failureOf } from './failure.js';

const problem = (status: number) => ({ type: 'urn:orderlog:problem:x', title: 'No', status });

describe('a command that failed', () => {
  it.each([
    ['wrong use', new UsageError('so not'), 2, 'so not'],
    ['a file that is not there', Object.assign(new Error('ENOENT'), { code: 'ENOENT', path: '/a.csv' }), 2, '/a.csv: there is no such file'],
    ['a folder', Object.assign(new Error('EISDIR'), { code: 'EISDIR' }), 2, 'the file: is a folder'],
    ['a refusal', new ProblemAnswer(422, problem(422)), 3, 'No'],
    ['a service that is down', new ProblemAnswer(503, problem(503)), 4, 'No'],
    ['nobody', new Unreachable('http://x', new Error('refused')), 4, 'http://x does not answer (refused): is Orderlog running?'],
    ['no database', Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED' }), 4, 'the database does not answer (connect refused): is Orderlog running?'],
  ])('%s', (_what, error, exitCode, text) => {
    expect(failureOf(error)).toMatchObject({ exitCode, text });
  });

  it('keeps the stack of a bug', () => {
    const bug = new TypeError('x is undefined');
    expect(() => failureOf(bug)).toThrow(bug);
  });

  it('says once what a detail and its field say both', () => {
    expect(new ProblemAnswer(422, { ...problem(422), detail: 'so not', errors: [{ pointer: '/a', message: 'so not' }, { pointer: '/b', message: 'nor this' }] }).message).toBe('so not; /a; /b: nor this');
  });
});
