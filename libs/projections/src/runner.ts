import type { RecordedEvent } from '@orderlog/contracts';
import { upcast, type EventLog, type Upcasters } from '@orderlog/event-log';
import type { DataSource } from 'typeorm';
import { CheckpointMoved, executorOfRunner, inTransaction, loadCursors, moveCheckpoints, type Cursors, type Move } from './checkpoints.js';
import { digestOf } from './digest.js';
import { eventsFor, keyOf, type Projection } from './projection.js';

/** What the runner needs. */
export type ProjectionsOptions = {
  readonly log: EventLog;
  readonly dataSource: DataSource;
  readonly projections: readonly Projection<never>[];
  /** The log's upcasters: projections see events of today's schema. */
  readonly upcasters?: Upcasters;
  /** Events a shard and turn (250). */
  readonly batchSizeMax?: number;
  /** How long an idle loop waits before it looks again, when nobody wakes it (250). */
  readonly idleMs?: number;
  /** Shortest time between two turns that were not full (100): under load a turn then applies many events with one commit. */
  readonly paceMs?: number;
  /** Hears of failed turns; they are tried again with jittered back-off. */
  readonly onError?: (projection: string, error: unknown) => void;
};

/** Running projections. */
export type Projections = {
  /** Starts to follow the log. */
  start(): void;
  /** Ends after the turn under way. */
  stop(): Promise<void>;
  /** Events in the log that the projection has not applied yet, over all shards, and the age of the oldest (ms; 0 when there is none). */
  lag(name: string): Promise<{ readonly events: number; readonly ageMs: number }>;
  /** Waits until the projection has applied everything that was in the log at the time of the call; applies it itself where nothing runs. */
  caughtUp(name: string, timeoutMs?: number): Promise<void>;
  /** Empties the tables and applies the whole log again. Readers see it grow. */
  rebuild(name: string): Promise<void>;
  /** Digest of the tables' content that does not depend on the order of rows. */
  digest(name: string): Promise<string>;
};

/** A projection with its place in the log, as this process knows it. */
type Follower = {
  readonly projection: Projection<never>;
  readonly key: string;
  readonly types: ReadonlySet<string> | undefined;
  /** Undefined: to be read. */
  cursors: Cursors | undefined;
  failures: number;
  retryAt: number;
  isRebuilding: boolean;
};

const retryMaxMs = 5_000;

const pause = (ms: number): { readonly over: Promise<void>; readonly end: () => void } => {
  let end: () => void = () => undefined;
  const over = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    end = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  return { over, end };
};

const movedCursors = (cursors: Cursors, rows: readonly RecordedEvent[]): number[] => {
  const moved = [...cursors];
  for (const { shard, seq } of rows) moved[shard] = seq;
  return moved;
};

/**
 * Makes the runner of a service's projections. Those at the same place in the log (all, as a rule) share one read and one transaction;
 * one that fails or rebuilds goes its own way until it has caught up.
 */
export const createProjections = (options: ProjectionsOptions): Projections => {
  const { log, dataSource, projections, upcasters = {}, batchSizeMax = 250, idleMs = 250, paceMs = 100, onError = () => undefined } = options;
  const followers: readonly Follower[] = projections.map((projection) => ({
    projection,
    key: keyOf(projection),
    types: projection.types === undefined ? undefined : new Set(projection.types),
    cursors: undefined,
    failures: 0,
    retryAt: 0,
    isRebuilding: false,
  }));
  const tail = log.follow();
  let isRunning = false;
  let isWoken = false;
  let waiting: ReturnType<typeof pause> | undefined;
  let loop: Promise<void> = Promise.resolve();
  let turning: Promise<unknown> = Promise.resolve();
  let stopListening: () => void = () => undefined;

  const followerOf = (name: string): Follower => {
    const found = followers.find(({ projection }) => projection.name === name);
    if (found === undefined) throw new Error(`no projection is called ${name}`);
    return found;
  };

  const readAhead = async (cursors: Cursors): Promise<readonly RecordedEvent[]> => {
    const rows = await tail.read(cursors.map((after, shard) => ({ shard, after })), batchSizeMax);
    return rows.map((row) => (upcasters[row.type] === undefined ? row : { ...row, data: upcast(upcasters, row.type, row.schemaVersion, row.data) }));
  };

  /** One transaction: checkpoints first (they lock out other processes), then the rows. */
  const apply = async (group: readonly Follower[], before: Cursors, rows: readonly RecordedEvent[]): Promise<void> => {
    const after = movedCursors(before, rows);
    const moves = group.flatMap(({ key }) =>
      after.flatMap((to, shard): Move[] => (to === before[shard] ? [] : [{ key, shard, from: before[shard] ?? 0, to }])),
    );
    const shares = group
      .map(({ projection, types }) => ({ projection, events: eventsFor(types, rows) as readonly RecordedEvent<never>[] }))
      .filter(({ events }) => events.length > 0);
    for (const { projection, events } of shares) await projection.prepare?.(events);
    await inTransaction(dataSource, async (sql) => {
      await moveCheckpoints(sql, moves);
      for (const { projection, events } of shares) await projection.apply(events, sql);
    });
    for (const follower of group) {
      follower.cursors = after;
      follower.failures = 0;
    }
  };

  const failed = (follower: Follower, error: unknown): void => {
    follower.cursors = undefined;
    if (error instanceof CheckpointMoved) return;
    follower.failures += 1;
    follower.retryAt = performance.now() + Math.random() * Math.min(retryMaxMs, 50 * 2 ** follower.failures);
    onError(follower.projection.name, error);
  };

  /** Applies the next page to projections at one place. If that fails, one by one, so that a broken one holds up no other. */
  const advance = async (group: readonly Follower[], before: Cursors): Promise<number> => {
    let rows: readonly RecordedEvent[] = [];
    try {
      rows = await readAhead(before);
      if (rows.length > 0) await apply(group, before, rows);
    } catch (error) {
      const [only, ...others] = group;
      if (only === undefined) return 0;
      if (others.length === 0) failed(only, error);
      else if (error instanceof CheckpointMoved || rows.length === 0) for (const follower of group) failed(follower, error);
      else for (const follower of group) await apply([follower], before, rows).catch((reason: unknown) => failed(follower, reason));
    }
    return rows.length;
  };

  const placed = async (follower: Follower): Promise<void> => {
    if (follower.cursors !== undefined) return;
    const runner = dataSource.createQueryRunner();
    try {
      follower.cursors = await loadCursors(await executorOfRunner(runner), follower.key, log.shards);
    } catch (error) {
      failed(follower, error);
    } finally {
      await runner.release();
    }
  };

  /** One page for every follower that is neither rebuilding nor waiting after a failure; answers the most rows that one got. */
  const turn = async (chosen: readonly Follower[]): Promise<number> => {
    const ready = chosen.filter(({ retryAt }) => retryAt <= performance.now());
    for (const follower of ready) await placed(follower);
    const groups = new Map<string, Follower[]>();
    for (const follower of ready) {
      if (follower.cursors === undefined) continue;
      const place = follower.cursors.join();
      groups.set(place, [...(groups.get(place) ?? []), follower]);
    }
    let most = 0;
    for (const group of groups.values()) most = Math.max(most, await advance(group, group[0]?.cursors ?? []));
    return most;
  };

  const turnAll = (): Promise<number> => {
    const next = turn(followers.filter(({ isRebuilding }) => !isRebuilding));
    turning = next;
    return next;
  };

  const wake = (): void => {
    isWoken = true;
    waiting?.end();
  };

  const wait = async (ms: number): Promise<void> => {
    waiting = pause(ms);
    if (!isRunning) waiting.end();
    await waiting.over;
    waiting = undefined;
  };

  const follow = async (): Promise<void> => {
    while (isRunning) {
      const startedAt = performance.now();
      isWoken = false;
      const rows = await turnAll().catch((error: unknown) => {
        for (const follower of followers) failed(follower, error);
        return 0;
      });
      if (rows >= batchSizeMax) continue;
      if (rows === 0 && !isWoken) await wait(idleMs);
      // Woken by an append: what follows within the pace is applied with it.
      const rest = paceMs - (performance.now() - startedAt);
      if (rest > 0 && isRunning) await pause(rest).over;
    }
  };

  const behind = async ({ key }: Follower, target: Cursors): Promise<readonly { readonly shard: number; readonly after: number }[]> => {
    const runner = dataSource.createQueryRunner();
    try {
      const cursors = await loadCursors(await executorOfRunner(runner), key, log.shards);
      return target.flatMap((seq, shard) => (seq > (cursors[shard] ?? 0) ? [{ shard, after: cursors[shard] ?? 0 }] : []));
    } finally {
      await runner.release();
    }
  };

  const headCursors = async (): Promise<Cursors> => {
    const heads = new Array<number>(log.shards).fill(0);
    for (const { shard, seq } of await log.heads()) heads[shard] = seq;
    return heads;
  };

  return {
    start: () => {
      if (isRunning) return;
      isRunning = true;
      stopListening = log.onAppended(wake);
      loop = follow();
    },
    stop: async () => {
      isRunning = false;
      stopListening();
      wake();
      await loop;
      await turning;
    },
    lag: async (name) => {
      const target = await headCursors();
      const missing = await behind(followerOf(name), target);
      if (missing.length === 0) return { events: 0, ageMs: 0 };
      const events = missing.reduce((sum, { shard, after }) => sum + (target[shard] ?? 0) - after, 0);
      const oldest = (await log.readShards(missing, 1)).reduce((least, { recordedAt }) => Math.min(least, Date.parse(recordedAt)), Infinity);
      return { events, ageMs: Number.isFinite(oldest) ? Math.max(0, Date.now() - oldest) : 0 };
    },
    caughtUp: async (name, timeoutMs = 20_000) => {
      const follower = followerOf(name);
      const target = await headCursors();
      const giveUpAt = performance.now() + timeoutMs;
      while ((await behind(follower, target)).length > 0) {
        if (performance.now() > giveUpAt) throw new Error(`${name} has not caught up within ${timeoutMs} ms`);
        if (isRunning || follower.isRebuilding) await pause(10).over;
        else await turnAll();
      }
    },
    rebuild: async (name) => {
      const follower = followerOf(name);
      follower.isRebuilding = true;
      try {
        await turning;
        await inTransaction(dataSource, async (sql) => {
          await sql.query('update projection_checkpoints set seq = 0 where projection = $1', [follower.key]);
          await sql.query(`truncate ${follower.projection.tables.join(', ')}`);
        });
        follower.cursors = undefined;
        follower.retryAt = 0;
        const target = await headCursors();
        while ((await behind(follower, target)).length > 0) {
          await turn([follower]);
          if (follower.failures > 0) throw new Error(`${name} cannot be rebuilt: one of its turns failed (see onError); it is tried again`);
        }
      } finally {
        follower.isRebuilding = false;
        wake();
      }
    },
    digest: async (name) => {
      const runner = dataSource.createQueryRunner();
      try {
        return await digestOf(await executorOfRunner(runner), followerOf(name).projection.tables);
      } finally {
        await runner.release();
      }
    },
  };
};
