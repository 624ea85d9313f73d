import type { EventLog, SqlExecutor } from '@orderlog/event-log';
import type { TimerHandler } from './facts.js';
import type { MessagingLogger } from './logger.js';

/** What the sweeper did, and what waits. */
export type TimersStats = { readonly fired: number; readonly failed: number; readonly overdue: number; readonly overdueSeconds: number };

/** The sweeper of due timers. */
export interface Timers {
  stop(): Promise<void>;
  stats(): TimersStats;
}

/** Starts sweeping the service's timers. */
export const startTimers = (options: {
  readonly log: EventLog;
  readonly sql: SqlExecutor;
  readonly handlers: readonly TimerHandler[];
  readonly logger?: MessagingLogger;
  /** How often it looks; default 200 ms. */
  readonly pollMs?: number;
}): Timers => {
  throw new Error(`being written ${options.log.service}`);
};
