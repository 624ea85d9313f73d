import { randomUUID } from 'node:crypto';
import pg from 'pg';

const rowBytes = 490; // what an event row of ours weighs: about 300 of data and 190 of metadata
const secondsAtEach = 3;

/** What one connection count gave: rows a second, and the median milliseconds of one durable insert. */
export type InsertRate = { readonly connections: number; readonly rowsPerSecond: number; readonly medianMs: number };

/** The reference: the better rate of 16 and 32 connections, the median of a commit at 16, and what both counts gave. */
export type InsertRates = { readonly best: number; readonly medianMsAt16: number; readonly each: readonly InsertRate[] };

const measure = async (databaseUrl: string, connections: number): Promise<InsertRate> => {
  const clients = await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = new pg.Client({ connectionString: databaseUrl });
      await client.connect();
      return client;
    }),
  );
  const data = JSON.stringify({ filler: 'x'.repeat(rowBytes - 60) });
  const insert = (client: pg.Client) =>
    client.query({ name: 'bench-insert', text: 'insert into bench_insert (id, stream_id, version, data) values ($1, $2, 1, $3)', values: [randomUUID(), randomUUID(), data] });
  let rows = 0;
  const times: number[] = [];
  const until = performance.now() + secondsAtEach * 1000;
  const startedAt = performance.now();
  await Promise.all(
    clients.map(async (client) => {
      while (performance.now() < until) {
        const before = performance.now();
        await insert(client);
        times.push(performance.now() - before);
        rows += 1;
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  await Promise.all(clients.map((client) => client.end()));
  times.sort((a, b) => a - b);
  return { connections, rowsPerSecond: rows / seconds, medianMs: times[Math.floor(times.length / 2)] ?? Number.NaN };
};

/**
 * The reference of every rate: one-row inserts, each its own durable transaction, prepared, from this process, best of 16 and 32 connections.
 * Refuses to measure a server that does not write durably.
 */
export const durableInsertRate = async (databaseUrl: string): Promise<InsertRates> => {
  const admin = new pg.Client({ connectionString: databaseUrl });
  await admin.connect();
  try {
    const { rows } = await admin.query<{ fsync: string; commit: string }>(`select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit`);
    if (rows[0]?.fsync !== 'on' || rows[0].commit !== 'on') throw new Error(`the reference needs a durable server: fsync ${rows[0]?.fsync}, synchronous_commit ${rows[0]?.commit}`);
    await admin.query('drop table if exists bench_insert');
    await admin.query('create table bench_insert (id uuid primary key, stream_id text not null, version int not null, data json not null, at timestamptz not null default now())');
    const rates: InsertRate[] = [];
    for (const connections of [16, 32]) {
      await admin.query('truncate bench_insert');
      await admin.query('checkpoint');
      rates.push(await measure(databaseUrl, connections));
    }
    await admin.query('drop table bench_insert');
    return { best: Math.max(...rates.map(({ rowsPerSecond }) => rowsPerSecond)), medianMsAt16: rates[0]?.medianMs ?? Number.NaN, each: rates };
  } finally {
    await admin.end();
  }
};
