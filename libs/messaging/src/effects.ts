import type { EventLog, SqlExecutor } from '@orderlog/event-log';
import type { EffectHandler } from './facts.js';
import { stderrLogger, type MessagingLogger } from './logger.js';
import { describe } from './retries.js';
import { Signal } from './signal.js';

/** What the effects runner did, and what waits: as of its last look. */
export type EffectsStats = { readonly done: number; readonly failed: number; readonly exhausted: number; readonly running: number; readonly pending: number };

/** The runner of calls to the outside. */
export interface Effects {
  stop(): Promise<void>;
  stats(): EffectsStats;
}

type EffectRow = { readonly stream_id: string; readonly version: number; readonly kind: string; readonly data: object; readonly attempts: number; readonly last_error: string | null };

const leaseMs = 30_000;
const renewMs = 10_000;
/** Two looks are at least this far apart: commits come faster than that under load. */
const gatherMs = 20;
const firstDelayMs = 500;
const longestDelayMs = 60_000;
/** At the end running calls get this long; what they leave is taken up again when its lease has run out. */
const stopMs = 5000;

/**
 * Takes what is due, as much of each kind as there is room for. Effects of a parked stream wait with it.
 *
 * The rows are found once, in an array: joined to them, PostgreSQL looked for them anew for each effect that waits, as soon as it had counted
 * a table that was almost empty (539 entries of the index read for each order's life in the shipping service, instead of 13).
 */
const claimSql = `
  update pending_effects e
  set lease_until = clock_timestamp() + $3 * interval '1 millisecond', attempts = e.attempts + 1
  where e.ctid = any (array(
    select due.place
    from unnest($1::text[], $2::integer[]) as wanted (kind, room)
    cross join lateral (
      select p.ctid as place
      from pending_effects p
      where p.kind = wanted.kind and p.due_at <= statement_timestamp() and (p.lease_until is null or p.lease_until < clock_timestamp())
        and not exists (select 1 from parked_stream s where s.stream_id = p.stream_id)
      order by p.due_at
      limit wanted.room
      for update of p skip locked
    ) as due
  ))
  returning e.stream_id, e.version, e.kind, e.data, e.attempts, e.last_error`;

const keyOf = ({ stream_id, version }: EffectRow): string => `${stream_id}/${version}`;
const keys = (rows: readonly EffectRow[]) => [rows.map(({ stream_id }) => stream_id), rows.map(({ version }) => version), rows.map(({ kind }) => kind)] as const;

// One search of the primary key each, in an array for the reason above: `offset 0` keeps the planner from reading the table to join it, and a kind that
// is no plain column from searching by the other index, which finds all that wait of this kind (330 for each call that was cleared).
const theirPlaces = `array(
  select p.ctid
  from unnest($1::text[], $2::integer[], $3::text[]) as k (stream_id, version, kind)
  cross join lateral (select e.ctid from pending_effects e where e.stream_id = k.stream_id and e.version = k.version and e.kind || '' = k.kind offset 0) as p
)`;
const clearSql = `delete from pending_effects where ctid = any (${theirPlaces})`;
const renewSql = `update pending_effects set lease_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond' where ctid = any (${theirPlaces})`;

const delayMs = (attempt: number): number => {
  const most = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(attempt - 1, 16));
  return most / 2 + (Math.random() * most) / 2;
};

/** Starts making the calls that events asked for: at least once each, outside of any transaction. */
export const startEffects = (options: {
  readonly log: EventLog;
  readonly sql: SqlExecutor;
  readonly handlers: readonly EffectHandler[];
  readonly logger?: MessagingLogger;
  /** How often it looks when nothing wakes it; default 500 ms. */
  readonly pollMs?: number;
}): Effects => {
  const { log, sql, logger = stderrLogger, pollMs = 500 } = options;
  const handlers = new Map(options.handlers.map((handler) => [handler.kind, handler]));
  const counters = { done: 0, failed: 0, exhausted: 0 };
  const running = new Map<EffectHandler, Map<EffectRow, Promise<void>>>(options.handlers.map((handler) => [handler, new Map()]));
  const wake = new Signal();
  let done: EffectRow[] = [];
  let isGoing = true;
  let pending = 0;
  let renewAtMs = Date.now() + renewMs;
  let countAtMs = 0;

  const inHand = (): readonly EffectRow[] => [...running.values()].flatMap((calls) => [...calls.keys()]);

  const postpone = async (row: EffectRow, error: unknown): Promise<void> => {
    counters.failed += 1;
    await sql.query(
      `update pending_effects set lease_until = null, last_error = $4, due_at = clock_timestamp() + $5 * interval '1 millisecond'
       where stream_id = $1 and version = $2 and kind = $3`,
      [row.stream_id, row.version, row.kind, describe(error), delayMs(row.attempts)],
    );
  };

  const call = async (handler: EffectHandler, row: EffectRow): Promise<void> => {
    const effect = { key: keyOf(row), streamId: row.stream_id, data: row.data };
    try {
      if (row.attempts > handler.attemptsMax) await handler.exhausted(effect, new Error(row.last_error ?? 'its process ended every time'));
      else {
        try {
          await handler.run({ ...effect, attempt: row.attempts });
        } catch (error) {
          if (row.attempts < handler.attemptsMax) throw error;
          counters.exhausted += 1;
          logger.error({ key: effect.key, kind: row.kind, attempts: row.attempts, error: describe(error) }, 'an effect is given up');
          await handler.exhausted(effect, error);
        }
      }
      done.push(row);
      counters.done += 1;
    } catch (error) {
      logger.warn({ key: effect.key, kind: row.kind, attempt: row.attempts, error: describe(error) }, 'an effect failed; it is tried again');
      await postpone(row, error);
    }
  };

  const begin = (row: EffectRow): void => {
    const handler = handlers.get(row.kind);
    const calls = handler && running.get(handler);
    if (handler === undefined || calls === undefined) return;
    const ended = call(handler, row)
      // Not even postponed: the lease runs out, then it is due again.
      .catch((error: unknown) => logger.error({ key: keyOf(row), error: describe(error) }, 'an effect could not be postponed'))
      .finally(() => {
        calls.delete(row);
        wake.notify();
      });
    calls.set(row, ended);
  };

  const clear = async (): Promise<void> => {
    if (done.length === 0) return;
    const rows = done;
    done = [];
    try {
      await sql.query(clearSql, keys(rows));
    } catch (error) {
      done.push(...rows);
      throw error;
    }
  };

  const renew = async (): Promise<void> => {
    if (Date.now() < renewAtMs) return;
    renewAtMs = Date.now() + renewMs;
    const rows = inHand();
    if (rows.length > 0) await sql.query(renewSql, keys(rows));
  };

  const count = async (): Promise<void> => {
    if (Date.now() < countAtMs) return;
    countAtMs = Date.now() + 5000;
    const { rows } = await sql.query<{ count: number }>('select count(*)::integer as count from pending_effects');
    pending = rows[0]?.count ?? 0;
  };

  const look = async (): Promise<void> => {
    await clear();
    await renew();
    await count();
    const wanted = [...running].map(([{ kind, concurrencyMax }, calls]) => ({ kind, room: concurrencyMax - calls.size })).filter(({ room }) => room > 0);
    if (wanted.length === 0) return;
    const { rows } = await sql.query<EffectRow>(claimSql, [wanted.map(({ kind }) => kind), wanted.map(({ room }) => room), leaseMs]);
    for (const row of rows) begin(row);
  };

  const run = async (): Promise<void> => {
    const unlisten = log.onAppended(() => wake.notify());
    while (isGoing) {
      try {
        await look();
      } catch (error) {
        logger.warn({ error: describe(error) }, 'effects could not be looked for; it is tried again');
      }
      await new Promise((resolve) => setTimeout(resolve, gatherMs));
      await wake.wait(pollMs);
    }
    unlisten();
    const calls = [...running.values()].flatMap((some) => [...some.values()]);
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([Promise.all(calls), new Promise((resolve) => (timer = setTimeout(resolve, stopMs)))]);
    clearTimeout(timer);
    await clear().catch((error: unknown) => logger.warn({ error: describe(error) }, 'effects that are done were not cleared; they come once more'));
  };
  const ended = handlers.size === 0 ? Promise.resolve() : run();

  return {
    async stop() {
      isGoing = false;
      wake.notify();
      await ended;
    },
    stats: () => ({ ...counters, running: inHand().length, pending }),
  };
};
