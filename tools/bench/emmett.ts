import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import pg from 'pg';

/** What another library did: how many events it appended, and the seconds it took. */
export type Appended = { readonly events: number; readonly seconds: number };

/** The library `@event-driven-io/emmett-postgresql` on the same PostgreSQL server, in a database of its own. */
export type Emmett = {
  /** Appends each document as one event to a new stream, so many at a time. */
  append(documents: readonly Document[], run: string, atOnce: number): Promise<Appended>;
  /** Appends a life to a new stream for each document: the order and eight small events, one by one, so many lives at a time. */
  live(documents: readonly Document[], run: string, atOnce: number): Promise<Appended>;
};

/** An event's data. */
export type Document = Readonly<Record<string, unknown>>;

const database = 'bench_emmett';
/** As many as the reference has at most; other numbers were not tried. The server has a hundred for everybody. */
const connectionsMax = 32;

/** The events of a plain life after the first, as our own order's stream has them. */
const later = ['OrderAccepted', 'OrderRouted', 'OrderAllocated', 'OrderReleased', 'OrderFulfillmentPicked', 'OrderPackagePacked', 'OrderShipped', 'OrderDelivered'];
/** Appends of a life. */
export const appendsALife = 1 + later.length;

const inParallel = async (count: number, atOnce: number, work: (index: number) => Promise<void>): Promise<number> => {
  let next = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let index = next++; index < count; index = next++) await work(index);
    }),
  );
  return (performance.now() - startedAt) / 1000;
};

/** Creates the database and the library's schema. Connections are opened for each measurement and closed after it: the server has a hundred for everybody. */
export const openEmmett = async (databaseUrl: string): Promise<Emmett> => {
  const admin = new pg.Client({ connectionString: databaseUrl });
  await admin.connect();
  await admin.query(`create database ${database}`);
  await admin.end();
  const url = new URL(databaseUrl);
  url.pathname = `/${database}`;
  const connectionString = url.href;

  const measured = async (events: number, work: (store: ReturnType<typeof getPostgreSQLEventStore>) => Promise<number>): Promise<Appended> => {
    const pool = new pg.Pool({ connectionString, max: connectionsMax });
    const store = getPostgreSQLEventStore(connectionString, { schema: { autoMigration: 'None' }, connectionOptions: { pool } });
    const count = async (): Promise<number> => Number((await pool.query<{ n: string }>('select count(*) as n from emt_messages')).rows[0]?.n);
    try {
      // Connections are not what is measured.
      await Promise.all(Array.from({ length: connectionsMax }, () => pool.query('select pg_sleep(0.05)')));
      const before = await count();
      const seconds = await work(store);
      const found = (await count()) - before;
      if (found !== events) throw new Error(`emmett was given ${events} events, ${found} are stored`);
      return { events, seconds };
    } finally {
      await store.close();
      await pool.end();
    }
  };

  const store = getPostgreSQLEventStore(connectionString);
  await store.schema.migrate();
  await store.close();
  return {
    append: (documents, run, atOnce) =>
      measured(documents.length, (to) =>
        inParallel(documents.length, atOnce, async (index) => {
          await to.appendToStream(`order-${run}-${index}`, [{ type: 'OrderPlaced', data: documents[index] ?? {} }]);
        }),
      ),
    live: (documents, run, atOnce) =>
      measured(documents.length * appendsALife, (to) =>
        inParallel(documents.length, atOnce, async (index) => {
          const stream = `order-${run}-${index}`;
          await to.appendToStream(stream, [{ type: 'OrderPlaced', data: documents[index] ?? {} }]);
          for (const type of later) await to.appendToStream(stream, [{ type, data: { orderId: stream, lines: [{ lineId: '1', quantity: 1 }] } }]);
        }),
      ),
  };
};
