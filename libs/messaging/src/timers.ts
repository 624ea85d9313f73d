import type { EventLog, SqlExecutor } from '@orderlog/event-log';
import type { TimerHandler } from './facts.js';
import { stderrLogger, type MessagingLogger } from './logger.js';
import { describe, isRetryable } from './retries.js';
import { Signal } from './signal.js';

/** What the sweeper did, and what is due and waits: as of its last look. */
export type TimersStats = { readonly fired: number; readonly failed: number; readonly overdue: number; readonly overdueSeconds: number };

/** The sweeper of due timers. */
export interface Timers {
  stop(): Promise<void>;
  stats(): TimersStats;
}

type DueTimer = { readonly stream_id: string; readonly kind: string; readonly due_at: string; readonly epoch: number; readonly late: number };

const batchMax = 100;
const firstDelayMs = 5000;
const longestDelayMs = 5 * 60_000;

/**
 * Due by the database's clock; those of parked streams wait with them, but for the kinds that may pass. `statement_timestamp`, because it is stable:
 * an index is not searched by a volatile `clock_timestamp`: each look read every timer there is.
 */
const dueSql = `
  select t.stream_id, t.kind, t.due_at, t.epoch, extract(epoch from clock_timestamp() - t.due_at)::float8 as late
  from timers t
  where t.due_at <= statement_timestamp() and t.kind = any($1::text[])
    and (t.kind = any($2::text[]) or not exists (select 1 from parked_stream p where p.stream_id = t.stream_id))
  order by t.due_at
  limit ${batchMax}`;

/** The candidates that still stand when their streams are locked: another process may have been faster, or an event moved them. */
const standingSql = `
  select t.stream_id, t.kind, t.due_at, t.epoch
  from timers t
  join unnest($1::text[], $2::text[], $3::integer[]) as due (stream_id, kind, epoch)
    on t.stream_id = due.stream_id and t.kind = due.kind and t.epoch = due.epoch
  order by t.stream_id, t.kind
  for update of t`;

const columns = (timers: readonly DueTimer[]) => [timers.map(({ stream_id }) => stream_id), timers.map(({ kind }) => kind), timers.map(({ epoch }) => epoch)] as const;

/**
 * Starts sweeping the service's timers. Any number of processes may sweep: streams are locked first (sorted), then the timers' rows, and a
 * timer acts only while its row has the epoch that was read.
 */
export const startTimers = (options: {
  readonly log: EventLog;
  readonly sql: SqlExecutor;
  readonly handlers: readonly TimerHandler[];
  readonly logger?: MessagingLogger;
  /** How often it looks; default 200 ms. */
  readonly pollMs?: number;
}): Timers => {
  const { log, sql, logger = stderrLogger, pollMs = 200 } = options;
  const handlers = new Map(options.handlers.map((handler) => [handler.kind, handler]));
  const passing = options.handlers.filter(({ passesParking }) => passesParking === true).map(({ kind }) => kind);
  const counters = { fired: 0, failed: 0, overdue: 0, overdueSeconds: 0 };
  const failures = new Map<string, number>();
  const wake = new Signal();
  let isGoing = true;

  const fire = (due: readonly DueTimer[]): Promise<number> =>
    log.transact(async (tx) => {
      await tx.query('select 1 from streams where stream_id = any($1::text[]) order by stream_id for update', [[...new Set(due.map(({ stream_id }) => stream_id))]]);
      const { rows } = await tx.query<DueTimer>(standingSql, columns(due));
      for (const [kind, { handle }] of handlers) {
        const fired = rows.filter((row) => row.kind === kind).map(({ stream_id, due_at }) => ({ streamId: stream_id, kind, dueAt: due_at }));
        if (fired.length > 0) await handle(fired, tx);
      }
      await tx.query(
        `delete from timers t using unnest($1::text[], $2::text[], $3::integer[]) as done (stream_id, kind, epoch)
         where t.stream_id = done.stream_id and t.kind = done.kind and t.epoch = done.epoch`,
        columns(rows),
      );
      return rows.length;
    });

  /** A timer that cannot act must not stand before the others: it is moved on, further each time. */
  const moveOn = async (timer: DueTimer, error: unknown): Promise<void> => {
    const name = `${timer.stream_id}/${timer.kind}/${timer.epoch}`;
    const failed = (failures.get(name) ?? 0) + 1;
    if (failures.size > 10_000) failures.clear();
    failures.set(name, failed);
    counters.failed += 1;
    const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** (failed - 1));
    logger.error({ streamId: timer.stream_id, kind: timer.kind, failed, delayMs, error: describe(error) }, 'a timer failed and was moved on');
    await sql.query(
      `update timers set due_at = clock_timestamp() + $4 * interval '1 millisecond' where stream_id = $1 and kind = $2 and epoch = $3`,
      [timer.stream_id, timer.kind, timer.epoch, delayMs],
    );
  };

  const fireEach = async (due: readonly DueTimer[]): Promise<void> => {
    for (const timer of due) {
      try {
        counters.fired += await fire([timer]);
      } catch (error) {
        if (isRetryable(error)) throw error;
        await moveOn(timer, error);
      }
    }
  };

  const sweep = async (): Promise<number> => {
    const { rows } = await sql.query<DueTimer>(dueSql, [[...handlers.keys()], passing]);
    counters.overdue = rows.length;
    counters.overdueSeconds = Math.max(0, ...rows.map(({ late }) => late));
    if (rows.length === 0) return 0;
    try {
      counters.fired += await fire(rows);
    } catch (error) {
      if (isRetryable(error)) throw error;
      await fireEach(rows);
    }
    return rows.length;
  };

  const run = async (): Promise<void> => {
    while (isGoing) {
      let found = 0;
      try {
        found = await sweep();
      } catch (error) {
        logger.warn({ error: describe(error) }, 'the sweep of timers failed; it is tried again');
      }
      if (found < batchMax) await wake.wait(pollMs);
    }
  };
  const running = handlers.size === 0 ? Promise.resolve() : run();

  return {
    async stop() {
      isGoing = false;
      wake.notify();
      await running;
    },
    stats: () => ({ ...counters }),
  };
};
