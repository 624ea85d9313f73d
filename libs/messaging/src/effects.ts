import type { EventLog, SqlExecutor } from '@orderlog/event-log';
import type { EffectHandler } from './facts.js';
import type { MessagingLogger } from './logger.js';

/** What the effects runner did, and what waits. */
export type EffectsStats = { readonly done: number; readonly failed: number; readonly exhausted: number; readonly running: number; readonly pending: number };

/** The runner of calls to the outside. */
export interface Effects {
  stop(): Promise<void>;
  stats(): EffectsStats;
}

/** Starts making the calls that events asked for. */
export const startEffects = (options: {
  readonly log: EventLog;
  readonly sql: SqlExecutor;
  readonly handlers: readonly EffectHandler[];
  readonly logger?: MessagingLogger;
  /** How often it looks when nothing wakes it; default 500 ms. */
  readonly pollMs?: number;
}): Effects => {
  throw new Error(`being written ${options.log.service}`);
};
