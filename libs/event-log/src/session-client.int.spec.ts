import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshDatabase, leftToOldHeap, type FreshDatabase } from '@orderlog/testing';
import fc from 'fast-check';
import type { Pool } from 'pg';
import { executorOf, openPool, sqlStateOf } from './index.js';

let database: FreshDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await freshDatabase({ service: 'order' });
  pool = openPool(database.appUrl, database.schema, 'session client', 1, (error) => {
    throw error;
  });
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

describe('a session', () => {
  it('leaves nothing of a query to the old generation of the heap', async () => {
    const bytes = 20_000;
    const client = await pool.connect();
    try {
      const left = await leftToOldHeap(200, (n) => client.query('select length($1)::integer', [`${n}`.padEnd(bytes, '.')]));
      // With a promise of pg's own: all of the 20,000 bytes, and 2,000 more.
      expect(left).toBeLessThan(bytes / 4);
    } finally {
      client.release();
    }
  });

  it('says whose statement failed', async () => {
    const client = await pool.connect();
    try {
      const error = await client.query('select 1 / $1::integer', [0]).catch((reason: unknown) => reason);
      expect(sqlStateOf(error)).toBe('22012');
      expect((error as Error).stack).toContain('session-client.int.spec');
    } finally {
      client.release();
    }
  });

  it('sends lists as they are, whatever is in their texts', async () => {
    const sql = executorOf(pool);
    // PostgreSQL has no text with a NUL in it.
    const text = fc.oneof(fc.constantFrom('', 'NULL', 'a,b', '{}', '"', '\\', '\\"', ' "x" ', "it's"), fc.string({ unit: 'grapheme' }).filter((some) => !some.includes('\0')));
    const property = fc.asyncProperty(fc.array(text), fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })), fc.array(fc.option(fc.boolean())), async (texts, numbers, truths) => {
      const { rows } = await sql.query('select $1::text[] as texts, $2::integer[] as numbers, $3::boolean[] as truths, $4::text = any($1) as found', [texts, numbers, truths, texts[0] ?? '']);
      expect(rows).toEqual([{ texts, numbers, truths, found: texts.length > 0 }]);
    });
    await fc.assert(property, { numRuns: 200 });
  });

  it('still takes a callback', async () => {
    const client = await pool.connect();
    try {
      const answered = new Promise((resolve) => {
        client.query('select 1 as one', (_error, { rows }) => resolve(rows));
      });
      expect(await answered).toEqual([{ one: 1 }]);
    } finally {
      client.release();
    }
  });
});
