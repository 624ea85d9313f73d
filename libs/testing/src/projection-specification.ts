import { expect } from '@jest/globals';
import type { EventBody, Envelope, RecordedEvent } from '@orderlog/contracts';
import type { SqlExecutor } from '@orderlog/event-log';
import type { Projection } from '@orderlog/projections';

type Rows = readonly Record<string, unknown>[];

const envelope = (n: number): Envelope => ({
  eventId: `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`,
  schemaVersion: 1,
  tenantId: 'tenant-1',
  streamId: 'stream-1',
  streamVersion: n,
  shard: 0,
  seq: n,
  occurredAt: `2026-01-01T00:00:${String(n % 60).padStart(2, '0')}.000Z`,
  recordedAt: `2026-01-01T00:00:${String(n % 60).padStart(2, '0')}.500Z`,
  actor: { type: 'service', id: 'order' },
  commandId: `command-${n}`,
  correlationId: 'correlation-1',
  logId: '00000000-0000-4000-8000-000000000000',
  batchHash: '',
});

/** Events as they would stand in a log: numbered from 1 in one shard, a second apart; what an event brings of the envelope is kept. */
export const recorded = <E extends EventBody>(...events: readonly (E & Partial<Envelope>)[]): readonly RecordedEvent<E>[] =>
  events.map((event, n) => ({ ...envelope(n + 1), ...event }));

/**
 * Reads as a sentence: `await given(...events).thenRows('table', rows)`. The events are applied in one batch, one by one, and (unless
 * `isIdempotent` is false, for projections that count) each twice; all must leave the same rows, which are compared exactly, ordered by
 * their first column.
 */
export const projectionSpecification =
  <E extends EventBody>(projection: Projection<E>, sql: SqlExecutor, { isIdempotent = true }: { readonly isIdempotent?: boolean } = {}) =>
  (...events: readonly (E & Partial<Envelope>)[]) => {
    const types = projection.types === undefined ? undefined : new Set(projection.types);
    const all = recorded(...events).filter(({ type }) => types?.has(type) ?? true);

    const contents = async (): Promise<Readonly<Record<string, Rows>>> => {
      const tables: [string, Rows][] = [];
      for (const table of projection.tables) tables.push([table, (await sql.query(`select * from ${table} as t order by 1, t::text`)).rows]);
      return Object.fromEntries(tables);
    };

    const rebuilt = async (batches: readonly (readonly RecordedEvent<E>[])[]): Promise<Readonly<Record<string, Rows>>> => {
      await sql.query(`truncate ${projection.tables.join(', ')}`);
      for (const batch of batches) if (batch.length > 0) await projection.apply(batch, sql);
      return contents();
    };

    const settled = async (): Promise<Readonly<Record<string, Rows>>> => {
      const once = await rebuilt([all]);
      if (isIdempotent) expect(await rebuilt([all, all])).toStrictEqual(once);
      expect(await rebuilt(all.map((event) => [event]))).toStrictEqual(once);
      return once;
    };

    return {
      thenRows: async (table: string, rows: Rows): Promise<void> => expect((await settled())[table]).toStrictEqual(rows),
      /** Only the columns that are named are compared. */
      thenRowsLike: async (table: string, rows: Rows): Promise<void> => expect((await settled())[table]).toMatchObject([...rows]),
      thenNoRows: async (): Promise<void> => {
        for (const [table, rows] of Object.entries(await settled())) expect([table, rows]).toStrictEqual([table, []]);
      },
    };
  };
