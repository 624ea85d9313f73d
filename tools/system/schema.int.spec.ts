import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { serviceMigrations } from '@orderlog/backbone';
import { services } from '@orderlog/contracts';
import { executorOf } from '@orderlog/event-log';
import { freshDatabase } from '@orderlog/testing';
import { Pool } from 'pg';
import { schemaDump } from './schema-dump.js';

const goldenOf = (service: string): string => fileURLToPath(new URL(`../../services/${service}/schema.sql`, import.meta.url));

describe('the schema that the migrations make', () => {
  // `UPDATE_SCHEMA=1 npm test -- tools/system/schema` writes the files after a new migration; the change shows in the review as a diff.
  it.each(services)('of %s is the one on file', async (service) => {
    const database = await freshDatabase({ service, folders: serviceMigrations(service) });
    const pool = new Pool({ connectionString: database.adminUrl, max: 1 });
    try {
      const dump = (await schemaDump(executorOf(pool), service)).replaceAll(new URL(database.appUrl).username, `${service}_app`);
      if (process.env['UPDATE_SCHEMA'] === '1') writeFileSync(goldenOf(service), dump);
      expect(dump).toBe(readFileSync(goldenOf(service), 'utf8'));
    } finally {
      await pool.end();
      await database.drop();
    }
  });
});
