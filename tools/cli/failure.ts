import { NoSuchVersion } from '@orderlog/projections';
import { ProblemAnswer, Unreachable, type ProblemBody } from './client.js';
import { UsageError } from './connection.js';
import { NotFilled } from './projections.js';

/** What an exit code means; printed by `orderlog --help`. */
export const exitCodes = { done: 0, found: 1, usage: 2, refused: 3, unreachable: 4 } as const;

/** How a command that failed ends: one line, or the problem for programs. */
export type Failure = { readonly exitCode: number; readonly text: string; readonly problem?: ProblemBody };

const fileFaults: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'is a folder',
  ENOTDIR: 'a part of its path is a file',
  EACCES: 'may not be opened',
  EROFS: 'cannot be written: the disk is read-only',
  ENOSPC: 'cannot be written: the disk is full',
};

/** Nobody at the address of a database: node's codes, and PostgreSQL's for a login that is refused. */
const databaseFaults = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', '28000', '28P01', '3D000', '57P03']);

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '');

/** What is said of an error; anything that is nobody's mistake is thrown on, with its stack. */
export const failureOf = (error: unknown): Failure => {
  if (error instanceof UsageError) return { exitCode: exitCodes.usage, text: error.message };
  if (error instanceof NoSuchVersion) return { exitCode: exitCodes.refused, text: error.message };
  if (error instanceof NotFilled) return { exitCode: exitCodes.unreachable, text: error.message };
  if (error instanceof Unreachable) return { exitCode: exitCodes.unreachable, text: error.message };
  if (error instanceof ProblemAnswer) {
    const exitCode = error.isOutage ? exitCodes.unreachable : exitCodes.refused;
    return { exitCode, text: error.message, ...(error.problem === undefined ? {} : { problem: error.problem }) };
  }
  const code = codeOf(error);
  const path = error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : undefined;
  const fault = fileFaults[code];
  // A read of a folder names no path.
  if (fault !== undefined) return { exitCode: exitCodes.usage, text: `${path ?? 'the file'}: ${fault}` };
  if (databaseFaults.has(code) && error instanceof Error) return { exitCode: exitCodes.unreachable, text: `the database does not answer (${error.message || code}): is Orderlog running?` };
  throw error;
};
