import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventBody } from '@orderlog/contracts';
import { createEventLog, newOrderId, type Aggregate, type PostgresEventLog } from '@orderlog/event-log';
import { eventually, freshDatabase, type FreshDatabase } from '@orderlog/testing';
import { context, quiet } from '../test/hearing.js';
import { startEffects, type Effects } from './effects.js';
import type { EffectHandler, TimerHandler } from './facts.js';
import { messagingMigrations } from './migrations.js';
import { startTimers, type Timers } from './timers.js';

type Alarm = { readonly type: 'Set' | 'Rang' | 'Called'; readonly data: { readonly dueAt: string; readonly effect: boolean } };
type AlarmCommand = { readonly do: Alarm['type']; readonly dueAt?: string; readonly effect?: boolean };

/** A stream with a timer and an effect: `Set` brings them, `Rang` and `Called` are what came of them. */
const alarm: Aggregate<AlarmCommand, Alarm & EventBody, readonly string[], never> = {
  category: 'alarm',
  stateSchema: 1,
  decider: {
    initialState: [],
    decide: (command) => [{ type: command.do, data: { dueAt: command.dueAt ?? '', effect: command.effect ?? false } }],
    evolve: (past, { type }) => [...past, type],
  },
  reactions: ({ type, data }) => ({
    ...(type === 'Set' && data.dueAt !== '' ? { timers: [{ set: 'ring', dueAt: data.dueAt }] } : {}),
    ...(type === 'Set' && data.effect ? { effects: [{ kind: 'call', data: { number: 7 } }] } : {}),
  }),
};

const past = '2020-01-01T00:00:00.000Z';
const future = '2120-01-01T00:00:00.000Z';

describe('timers and effects', () => {
  let database: FreshDatabase;
  let log: PostgresEventLog;
  const running: (Timers | Effects)[] = [];
  beforeEach(async () => {
    database = await freshDatabase({ service: 'order', folders: [messagingMigrations] });
    log = await createEventLog({ service: 'order', connectionString: database.appUrl, schema: database.schema, checkPayload: () => undefined });
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((part) => part.stop()));
    await log.close();
    await database.drop();
  });

  const set = async (command: Omit<AlarmCommand, 'do'>): Promise<string> => {
    const streamId = `alarm-${newOrderId(1)}`;
    await log.execute(alarm, streamId, { do: 'Set', ...command }, context(streamId, streamId));
    return streamId;
  };
  const pastOf = async (streamId: string): Promise<string> => (await log.state(alarm, streamId)).state.join();
  const comesTo = (streamId: string, events: string) => eventually(async () => (await pastOf(streamId)) === events);
  const count = async (table: string): Promise<number> => (await log.sql.query<{ n: number }>(`select count(*)::integer as n from ${table}`)).rows[0]?.n ?? -1;
  const ring: TimerHandler = {
    kind: 'ring',
    handle: async (timers, tx) => {
      await tx.decide(alarm, timers.map(({ streamId }) => ({ streamId, command: { do: 'Rang' }, context: context(streamId, streamId) })));
    },
  };
  const sweep = (handler: TimerHandler): Timers => {
    const timers = startTimers({ log, sql: log.sql, handlers: [handler], logger: quiet, pollMs: 20 });
    running.push(timers);
    return timers;
  };
  const call = (handler: Partial<EffectHandler>): Effects => {
    const record = async (streamId: string, type: Alarm['type']) => {
      await log.execute(alarm, streamId, { do: type }, context(streamId, streamId));
    };
    const effects = startEffects({
      log,
      sql: log.sql,
      logger: quiet,
      pollMs: 20,
      handlers: [
        {
          kind: 'call',
          concurrencyMax: 4,
          attemptsMax: 3,
          run: ({ streamId }) => record(streamId, 'Called'),
          exhausted: ({ streamId }) => record(streamId, 'Rang'),
          ...handler,
        },
      ],
    });
    running.push(effects);
    return effects;
  };

  it('fires a timer that is due once, with two sweepers, and leaves the others', async () => {
    const [due, later] = [await Promise.all(Array.from({ length: 150 }, () => set({ dueAt: past }))), await set({ dueAt: future })];
    const sweepers = [sweep(ring), sweep(ring)];
    for (const streamId of due) await comesTo(streamId, 'Set,Rang');
    expect(sweepers.reduce((sum, { stats }) => sum + stats().fired, 0)).toBe(150);
    expect(await pastOf(later)).toBe('Set');
    expect(await count('timers')).toBe(1);
  });

  it('hands all timers of a kind that are due over at once', async () => {
    const due = await Promise.all(Array.from({ length: 20 }, () => set({ dueAt: past })));
    const calls: string[][] = [];
    sweep({
      kind: 'ring',
      handle: async (timers, tx) => {
        calls.push(timers.map(({ streamId }) => streamId));
        await ring.handle(timers, tx);
      },
    });
    for (const streamId of due) await comesTo(streamId, 'Set,Rang');
    expect(calls).toStrictEqual([[...due].sort()]);
  });

  it('keeps a timer that its own handler set again', async () => {
    const streamId = await set({ dueAt: past });
    sweep({
      kind: 'ring',
      handle: async (timers, tx) => {
        await tx.decide(alarm, timers.map((timer) => ({ streamId: timer.streamId, command: { do: 'Set', dueAt: future }, context: context(streamId, streamId) })));
      },
    });
    await comesTo(streamId, 'Set,Set');
    expect(await count('timers')).toBe(1);
  });

  it('moves a timer on whose handler fails, and fires the others', async () => {
    const [bad, good] = [await set({ dueAt: past }), await set({ dueAt: past })];
    const timers = sweep({
      kind: 'ring',
      handle: async (timers, tx) => {
        if (timers.some(({ streamId }) => streamId === bad)) throw new Error('it cannot ring');
        await ring.handle(timers, tx);
      },
    });
    await comesTo(good, 'Set,Rang');
    await eventually(() => timers.stats().failed === 1);
    expect(await pastOf(bad)).toBe('Set');
    expect(await count('timers')).toBe(1);
  });

  it('leaves timers and effects of a parked stream alone until it is released', async () => {
    const streamId = await set({ dueAt: past, effect: true });
    await log.sql.query(`insert into parked_stream (stream_id, consumer_group, error) values ($1, 'g', 'for the test')`, [streamId]);
    sweep(ring);
    call({});
    const free = await set({ dueAt: past });
    await comesTo(free, 'Set,Rang');
    expect(await pastOf(streamId)).toBe('Set');
    await log.sql.query('delete from parked_stream where stream_id = $1', [streamId]);
    await eventually(async () => (await pastOf(streamId)).split(',').length === 3);
  });

  it('fires a timer that may pass while its stream is parked', async () => {
    const streamId = await set({ dueAt: past });
    await log.sql.query(`insert into parked_stream (stream_id, consumer_group, error) values ($1, 'g', 'for the test')`, [streamId]);
    sweep({ ...ring, passesParking: true });
    await comesTo(streamId, 'Set,Rang');
    await log.sql.query('delete from parked_stream where stream_id = $1', [streamId]);
  });

  it('makes the call that an event asked for, records it and forgets it', async () => {
    const effects = call({});
    const streams = await Promise.all(Array.from({ length: 50 }, () => set({ effect: true })));
    for (const streamId of streams) await comesTo(streamId, 'Set,Called');
    await eventually(async () => (await count('pending_effects')) === 0);
    expect(effects.stats()).toMatchObject({ done: 50, failed: 0 });
  });

  it('does not read the timers that are not due yet', async () => {
    await log.sql.query(
      `insert into timers (stream_id, kind, shard, due_at, epoch)
       select 'alarm-' || n, 'ring', 0, $1::timestamptz + n * interval '1 second', 1 from generate_series(1, 5000) as n`,
      [future],
    );
    sweep(ring);
    const looked = async (): Promise<{ scans: number; read: number }> => {
      const { rows } = await log.sql.query<{ scans: number; read: number }>(
        `select idx_scan::integer as scans, idx_tup_read::integer as read from pg_stat_user_indexes where schemaname = $1 and indexrelname = 'timers_due_at_idx'`,
        [database.schema],
      );
      return rows[0] ?? { scans: 0, read: 0 };
    };
    await eventually(async () => (await looked()).scans >= 5);
    const { scans, read } = await looked();
    // Those that are due lie at the front of the index; one look read all 5,000 before.
    expect(read / scans).toBeLessThan(10);
  });

  it('finds the calls it may make in the order of the index, also where the table was almost empty when it was counted', async () => {
    const some = await Promise.all(Array.from({ length: 2 }, () => set({ effect: true })));
    await database.counted(['pending_effects', 'parked_stream']);
    const streams = [...some, ...(await Promise.all(Array.from({ length: 998 }, () => set({ effect: true }))))];
    const effects = call({});
    await eventually(() => effects.stats().done === streams.length);
    await effects.stop();
    const read = async (): Promise<number> => {
      const { rows } = await log.sql.query<{ read: number }>(
        `select idx_tup_read::integer as read from pg_stat_user_indexes where schemaname = $1 and indexrelname = 'pending_effects_kind_due_at_idx'`,
        [database.schema],
      );
      return rows[0]?.read ?? 0;
    };
    // What a session read is told up to a second later.
    await eventually(async () => (await read()) > 0);
    // Entries of calls that are done lie before those that are due. Read anew for each effect that waited, and once more where some were cleared, it was 116.
    expect((await read()) / streams.length).toBeLessThan(50);
  });

  it('runs no more calls of a kind at once than it may', async () => {
    let now = 0;
    let most = 0;
    call({
      concurrencyMax: 3,
      run: async () => {
        now += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setImmediate(resolve));
        now -= 1;
      },
    });
    await Promise.all(Array.from({ length: 20 }, () => set({ effect: true })));
    await eventually(async () => (await count('pending_effects')) === 0);
    expect(most).toBe(3);
  });

  it('tries a call again with the same key, and gives it up after its attempts', async () => {
    const keys: string[] = [];
    const effects = call({
      attemptsMax: 2,
      run: async ({ key, attempt }) => {
        keys.push(`${key} ${attempt}`);
        throw new Error('nobody answers');
      },
    });
    const streamId = await set({ effect: true });
    await comesTo(streamId, 'Set,Rang');
    expect(keys).toEqual([`${streamId}/1 1`, `${streamId}/1 2`]);
    await eventually(async () => (await count('pending_effects')) === 0);
    expect(effects.stats()).toMatchObject({ exhausted: 1, failed: 1 });
  });
});
