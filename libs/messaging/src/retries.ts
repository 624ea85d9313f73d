import { isTransient, OutcomeUnknown, Overloaded, VersionConflict } from '@orderlog/event-log';

const firstMs = 50;
const longestMs = 5000;

/** Tries of a transient failure before operators hear of it and the back-off starts over; nothing is ever skipped. */
export const transientTriesMax = 8;

/** The nth wait (from 1): doubling from 50 ms to 5 s, half of it random, so that many waiters do not come back together. */
export const backOffMs = (attempt: number): number => {
  const most = Math.min(longestMs, firstMs * 2 ** Math.min(attempt - 1, 16));
  return most / 2 + (Math.random() * most) / 2;
};

/** Whether the same work may pass later: an outage or a lost race, and not the work's own fault. */
export const isRetryable = (error: unknown): boolean => {
  if (isTransient(error) || error instanceof VersionConflict || error instanceof OutcomeUnknown || error instanceof Overloaded) return true;
  return error instanceof Error && error.cause !== undefined && isRetryable(error.cause);
};

/** An error in one line for a row or a log, without its stack; PostgreSQL's text holds no NUL. */
export const describe = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 2000).replaceAll('\0', '\uFFFD');
