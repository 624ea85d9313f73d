import type { RecordedEvent } from '@orderlog/contracts';
import { isContention, sqlStateOf, upcast, type EventLog, type SqlExecutor, type Upcasters } from '@orderlog/event-log';
import type { DataSource } from 'typeorm';
import { CheckpointMoved, executorOfRunner, inTransaction, loadCursors, moveCheckpoints, type Cursors, type Move } from './checkpoints.js';
import { digestOf } from './digest.js';
import { eventsFor, keyOf, type Projection } from './projection.js';
import { readProofs, type Proof } from './proofs.js';
import { replayPages } from './replay-pages.js';
import { checkpointsOf, inVersion, readVersions, tablesOf, type ProjectionVersion } from './versions.js';

/** What the runner needs. */
export type ProjectionsOptions = {
  readonly log: EventLog;
  readonly dataSource: DataSource;
  readonly projections: readonly Projection<never>[];
  /** Makes another of a projection, for a version that is fed beside the live one: what it remembers is its own. Default: the same one. */
  readonly another?: (name: string) => Projection<never> | undefined;
  /** The log's upcasters: projections see events of today's schema. */
  readonly upcasters?: Upcasters;
  /** Events a shard and turn (250). */
  readonly batchSizeMax?: number;
  /** How long an idle loop waits before it looks again, when nobody wakes it (250). */
  readonly idleMs?: number;
  /** Shortest time between two turns that were not full (100): under load a turn then applies many events with one commit. */
  readonly paceMs?: number;
  /** How often the versions of the read models are looked at (1 s). */
  readonly versionsMs?: number;
  /** Events of one shard that a version which is being built is given at once (4,000). */
  readonly buildPageRows?: number;
  /** Hears of failed turns; they are tried again with jittered back-off. */
  readonly onError?: (projection: string, error: unknown) => void;
};

/** Events that are missing, and the age of the oldest of them (ms; 0 when there is none). */
export type ProjectionLag = { readonly events: number; readonly ageMs: number };

/** Where a read model stands. */
export type ProjectionStatus = ProjectionLag & {
  readonly name: string;
  /** The code's. */
  readonly version: number;
  readonly tables: readonly string[];
  /** Versions that are fed, the live one first. */
  readonly versions: readonly (ProjectionVersion & ProjectionLag)[];
  /** When it was last found equal to a rebuild. */
  readonly proven?: Proof;
};

/** Running projections. */
export type Projections = {
  /** Starts to follow the log. */
  start(): void;
  /** Ends after the turn under way. */
  stop(): Promise<void>;
  /** Events in the log that the projection has not applied yet, over all shards, and the age of the oldest (ms; 0 when there is none). */
  lag(name: string): Promise<ProjectionLag>;
  /** Every projection with its versions. */
  list(): Promise<readonly ProjectionStatus[]>;
  /** Waits until the projection has applied everything that was in the log at the time of the call; applies it itself where nothing runs. */
  caughtUp(name: string, timeoutMs?: number): Promise<void>;
  /** Empties the tables and applies the whole log again. Readers see it grow. */
  rebuild(name: string): Promise<void>;
  /** Digest of the tables' content that does not depend on the order of rows. */
  digest(name: string): Promise<string>;
};

/** A version of a projection with its place in the log, as this process knows it. */
type Follower = {
  readonly projection: Projection<never>;
  readonly number: number;
  /** Of its checkpoints. */
  readonly key: string;
  readonly tables: readonly string[];
  readonly versioned: (sql: SqlExecutor) => SqlExecutor;
  readonly types: ReadonlySet<string> | undefined;
  /** Undefined: to be read. */
  cursors: Cursors | undefined;
  failures: number;
  retryAt: number;
  /** Rebuilt in place, or read from the log's beginning beside the live one: it takes no part in the others' turns. */
  isRebuilding: boolean;
  /** No longer fed. */
  isGone: boolean;
};

const retryMaxMs = 5_000;
const tableMissing = '42P01';

const pagesToMeet = 4;

const isBefore = (cursors: Cursors, lead: Cursors): boolean => cursors.some((seq, shard) => seq < (lead[shard] ?? 0));

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
  const { log, dataSource, projections, another = () => undefined, upcasters = {}, batchSizeMax = 250, idleMs = 250, paceMs = 100, versionsMs = 1_000, buildPageRows = 4_000 } = options;
  const onError = options.onError ?? (() => undefined);
  const follower = (projection: Projection<never>, number: number): Follower => ({
    projection,
    number,
    key: checkpointsOf({ projection, number }),
    tables: tablesOf({ projection, number }),
    versioned: inVersion({ projection, number }),
    types: projection.types === undefined ? undefined : new Set(projection.types),
    cursors: undefined,
    failures: 0,
    retryAt: 0,
    isRebuilding: false,
    isGone: false,
  });
  /** By projection, the live version first; empty until the versions were read. */
  let fed: ReadonlyMap<string, readonly Follower[]> = new Map();
  let versions: Awaited<ReturnType<typeof readVersions>>['versionsOf'] = () => [];
  let versionsReadAt = -Infinity;
  let building: readonly Promise<void>[] = [];
  const tail = log.follow();
  let isRunning = false;
  let isWoken = false;
  let waiting: ReturnType<typeof pause> | undefined;
  let loop: Promise<void> = Promise.resolve();
  let turning: Promise<unknown> = Promise.resolve();
  let stopListening: () => void = () => undefined;

  const onConnection = async <T>(work: (sql: SqlExecutor) => Promise<T>): Promise<T> => {
    const runner = dataSource.createQueryRunner();
    try {
      return await work(await executorOfRunner(runner));
    } finally {
      await runner.release();
    }
  };

  /** Learns which versions there are; those whose time is over are dropped. */
  const readFed = async (): Promise<void> => {
    const read = await onConnection(async (sql) => {
      const first = await readVersions(sql);
      if (!first.isOver) return first;
      // Somebody may be looking at one of them: there is time.
      await sql.query('select drop_expired_projection_versions()').catch((error: unknown) => {
        if (!isContention(error)) throw error;
      });
      return readVersions(sql);
    });
    const next = new Map<string, readonly Follower[]>();
    for (const projection of projections) {
      const known = fed.get(projection.name);
      const made = ({ number, state }: ProjectionVersion): Follower =>
        known?.find((one) => one.number === number) ?? follower(state === 'live' ? projection : (another(projection.name) ?? projection), number);
      next.set(projection.name, read.versionsOf(projection).map(made));
    }
    const kept = new Set([...next.values()].flat());
    for (const one of [...fed.values()].flat()) one.isGone = !kept.has(one);
    [fed, versions, versionsReadAt] = [next, read.versionsOf, performance.now()];
  };

  const allFed = async (): Promise<readonly Follower[]> => {
    if (performance.now() - versionsReadAt >= versionsMs) await readFed();
    return [...fed.values()].flat();
  };

  /** The version that is read. */
  const followerOf = async (name: string): Promise<Follower> => {
    if (!projections.some((projection) => projection.name === name)) throw new Error(`no projection is called ${name}`);
    await allFed();
    const [live] = fed.get(name) ?? [];
    if (live === undefined) throw new Error(`no version of ${name} is live`);
    return live;
  };

  const lifted = (rows: readonly RecordedEvent[]): readonly RecordedEvent[] =>
    rows.map((row) => (upcasters[row.type] === undefined ? row : { ...row, data: upcast(upcasters, row.type, row.schemaVersion, row.data) }));

  const readAhead = async (cursors: Cursors): Promise<readonly RecordedEvent[]> =>
    lifted(await tail.read(cursors.map((after, shard) => ({ shard, after })), batchSizeMax));

  /** One transaction: checkpoints first (they lock out other processes), then the rows. */
  const apply = async (group: readonly Follower[], before: Cursors, rows: readonly RecordedEvent[]): Promise<void> => {
    const after = movedCursors(before, rows);
    const moves = group.flatMap(({ key }) =>
      after.flatMap((to, shard): Move[] => (to === before[shard] ? [] : [{ key, shard, from: before[shard] ?? 0, to }])),
    );
    const shares = group
      .map(({ projection, types, versioned }) => ({ projection, versioned, events: eventsFor(types, rows) as readonly RecordedEvent<never>[] }))
      .filter(({ events }) => events.length > 0);
    for (const { projection, events } of shares) await projection.prepare?.(events);
    await inTransaction(dataSource, async (sql) => {
      await moveCheckpoints(sql, moves);
      for (const { projection, versioned, events } of shares) await projection.apply(events, versioned(sql));
    });
    for (const follower of group) {
      follower.cursors = after;
      follower.failures = 0;
    }
  };

  const failed = (follower: Follower, error: unknown): void => {
    follower.cursors = undefined;
    // Perhaps its version was dropped a moment ago.
    versionsReadAt = -Infinity;
    if (error instanceof CheckpointMoved) return;
    follower.failures += 1;
    follower.retryAt = performance.now() + Math.random() * Math.min(retryMaxMs, 50 * 2 ** follower.failures);
    if (sqlStateOf(error) !== tableMissing || follower.failures > 1) onError(follower.projection.name, error);
  };

  /**
   * Applies the next page to projections at one place, as far as `lead` at most. If that fails, one by one, so that a broken one holds up no other.
   */
  const advance = async (group: readonly Follower[], before: Cursors, lead: Cursors | undefined): Promise<number> => {
    let rows: readonly RecordedEvent[] = [];
    let found = 0;
    try {
      const ahead = await readAhead(before);
      found = ahead.length;
      rows = lead === undefined ? ahead : ahead.filter(({ shard, seq }) => seq <= (lead[shard] ?? 0));
      if (rows.length > 0) await apply(group, before, rows);
    } catch (error) {
      const [only, ...others] = group;
      if (only === undefined) return 0;
      if (others.length === 0) failed(only, error);
      else if (error instanceof CheckpointMoved || rows.length === 0) for (const follower of group) failed(follower, error);
      else for (const follower of group) await apply([follower], before, rows).catch((reason: unknown) => failed(follower, reason));
    }
    return found;
  };

  const placed = async (follower: Follower): Promise<void> => {
    if (follower.cursors !== undefined) return;
    try {
      follower.cursors = await onConnection((sql) => loadCursors(sql, follower, log.shards));
    } catch (error) {
      failed(follower, error);
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
      const group = groups.get(place) ?? [];
      follower.cursors = group[0]?.cursors ?? follower.cursors;
      groups.set(place, [...group, follower]);
    }
    // The one that is furthest goes first, and the others no further than it: otherwise two that both read what is new would never meet under load.
    const sumOf = ([first]: readonly Follower[]): number => first?.cursors?.reduce((sum, seq) => sum + seq, 0) ?? 0;
    let most = 0;
    let lead: Cursors | undefined;
    for (const group of [...groups.values()].sort((one, other) => sumOf(other) - sumOf(one))) {
      // Where every page is full, the one behind would stay behind by as much as it is: it gets some pages for each of the first one's.
      for (let page = 0; page < (lead === undefined ? 1 : pagesToMeet); page += 1) {
        const before = group[0]?.cursors;
        if (before === undefined || (lead !== undefined && !isBefore(before, lead))) break;
        most = Math.max(most, await advance(group.filter(({ cursors }) => cursors === before), before, lead));
      }
      lead ??= group[0]?.cursors;
    }
    return most;
  };

  const headCursors = async (): Promise<Cursors> => {
    const heads = new Array<number>(log.shards).fill(0);
    for (const { shard, seq } of await log.heads()) heads[shard] = seq;
    return heads;
  };

  /** More than a turn of the others brings. */
  const isFarBehind = async (cursors: Cursors): Promise<boolean> => (await headCursors()).some((seq, shard) => seq - (cursors[shard] ?? 0) > batchSizeMax);

  /**
   * Reads a version that is far behind from where it stands to what the log holds now: shard by shard, beside the turns of the others. From
   * there on it goes with them.
   */
  const build = async (follower: Follower): Promise<void> => {
    do {
      const target = await headCursors();
      const pages = replayPages(log, target, buildPageRows);
      while (isRunning && !follower.isGone) {
        if (follower.retryAt > performance.now()) await pause(follower.retryAt - performance.now()).over;
        await placed(follower);
        const before = follower.cursors;
        if (before === undefined) continue;
        try {
          const page = await pages.after(before);
          if (page === undefined) break;
          await apply([follower], before, lifted(page));
        } catch (error) {
          failed(follower, error);
        }
      }
    } while (isRunning && !follower.isGone && (follower.cursors === undefined || (await isFarBehind(follower.cursors))));
    follower.isRebuilding = false;
  };

  const turnAll = async (): Promise<number> => {
    const all = await allFed();
    for (const follower of isRunning ? all : []) {
      if (follower.cursors !== undefined || follower.isRebuilding || follower.number === 1) continue;
      await placed(follower);
      const { cursors } = follower;
      if (cursors === undefined || !(await isFarBehind(cursors))) continue;
      follower.isRebuilding = true;
      const built = build(follower).catch((error: unknown) => {
        follower.isRebuilding = false;
        failed(follower, error);
      });
      building = [...building, built];
      void built.then(() => {
        building = building.filter((one) => one !== built);
        wake();
      });
    }
    const next = turn(all.filter(({ isRebuilding }) => !isRebuilding));
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
        for (const follower of [...fed.values()].flat()) failed(follower, error);
        if (fed.size === 0) onError('all projections', error);
        return 0;
      });
      if (rows >= batchSizeMax) continue;
      if (rows === 0 && !isWoken) await wait(idleMs);
      // Woken by an append: what follows within the pace is applied with it.
      const rest = paceMs - (performance.now() - startedAt);
      if (rest > 0 && isRunning) await pause(rest).over;
    }
  };

  const behind = async (follower: Follower, target: Cursors): Promise<readonly { readonly shard: number; readonly after: number }[]> => {
    const cursors = await onConnection((sql) => loadCursors(sql, follower, log.shards));
    return target.flatMap((seq, shard) => (seq > (cursors[shard] ?? 0) ? [{ shard, after: cursors[shard] ?? 0 }] : []));
  };

  const lagOf = async (follower: Follower, target: Cursors): Promise<ProjectionLag> => {
    const missing = await behind(follower, target);
    if (missing.length === 0) return { events: 0, ageMs: 0 };
    const events = missing.reduce((sum, { shard, after }) => sum + (target[shard] ?? 0) - after, 0);
    const oldest = (await log.readShards(missing, 1)).reduce((least, { recordedAt }) => Math.min(least, Date.parse(recordedAt)), Infinity);
    return { events, ageMs: Number.isFinite(oldest) ? Math.max(0, Date.now() - oldest) : 0 };
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
      await Promise.all(building);
    },
    lag: async (name) => lagOf(await followerOf(name), await headCursors()),
    list: async () => {
      await allFed();
      const target = await headCursors();
      const proofs = await onConnection(readProofs);
      const listed: ProjectionStatus[] = [];
      for (const projection of projections) {
        const stated = versions(projection);
        const lags: (ProjectionVersion & ProjectionLag)[] = [];
        for (const one of fed.get(projection.name) ?? []) {
          const version = stated.find(({ number }) => number === one.number);
          if (version !== undefined) lags.push({ ...version, ...(await lagOf(one, target)) });
        }
        const [live] = lags;
        const proven = proofs.get(keyOf(projection));
        const { name, version, tables } = projection;
        listed.push({ name, version, tables, events: live?.events ?? 0, ageMs: live?.ageMs ?? 0, versions: lags, ...(proven === undefined ? {} : { proven }) });
      }
      return listed;
    },
    caughtUp: async (name, timeoutMs = 20_000) => {
      // A switch of a moment ago: the version that is read now is meant, not the one this process remembers.
      versionsReadAt = -Infinity;
      const follower = await followerOf(name);
      const target = await headCursors();
      const giveUpAt = performance.now() + timeoutMs;
      while ((await behind(follower, target)).length > 0) {
        if (performance.now() > giveUpAt) throw new Error(`${name} has not caught up within ${timeoutMs} ms`);
        if (isRunning || follower.isRebuilding) await pause(10).over;
        else await turnAll();
      }
    },
    rebuild: async (name) => {
      const follower = await followerOf(name);
      follower.isRebuilding = true;
      try {
        await turning;
        await inTransaction(dataSource, async (sql) => {
          await sql.query('update projection_checkpoints set seq = 0 where projection = $1', [follower.key]);
          await sql.query(`truncate ${follower.tables.join(', ')}`);
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
      const { tables } = await followerOf(name);
      return onConnection((sql) => digestOf(sql, tables));
    },
  };
};
