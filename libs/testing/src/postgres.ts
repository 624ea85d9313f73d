import { createHash, randomBytes } from 'node:crypto';
import { migrate, readMigrations, type MigrationFolder } from '@orderlog/event-log';
import { Client, DatabaseError, escapeIdentifier } from 'pg';

/** A database of one test file, migrated, with the roles of a service. */
export type FreshDatabase = {
  readonly service: string;
  /** The service's schema in it. */
  readonly schema: string;
  /** Logs in as the service does: may not change its log. */
  readonly appUrl: string;
  /** Logs in as the server's superuser, search path on the schema. */
  readonly adminUrl: string;
  /** Has the planner count tables, as autovacuum does now and then: from then on statements are planned for what they hold at this moment. */
  counted(tables: readonly string[]): Promise<void>;
  /** Removes it, with the connections that are still open. */
  drop(): Promise<void>;
};

// One pair of roles for all tests of a server: roles are the server's, and a running system's own may not be touched.
const ownerRole = 'orderlog_test_owner';
const appRole = 'orderlog_test_app';

const serverUrl = (): URL => {
  const given = process.env['DATABASE_URL'];
  if (given === undefined || given === '') {
    throw new Error('DATABASE_URL is not set: integration tests need a PostgreSQL server (npm test starts one and sets it)');
  }
  return new URL(given);
};

const withDatabase = (server: URL, database: string): URL => {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url;
};

const asRole = (server: URL, database: string, password: string): string => {
  const url = withDatabase(server, database);
  url.username = appRole;
  url.password = password;
  return url.toString();
};

const hex = (text: string): string => createHash('sha256').update(text).digest('hex');

const connected = async <T>(url: string, work: (client: Client) => Promise<T>): Promise<T> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
};

/** Makes the migrated template unless it is there; its name holds the digest of all migrations, so that it is never out of date. */
const ensureTemplate = (server: URL, schema: string, password: string, folders: readonly MigrationFolder[]): Promise<string> =>
  connected(server.toString(), async (client) => {
    const migrations = await readMigrations(folders);
    const digest = hex(JSON.stringify([2, schema, password, migrations.map(({ id, checksum }) => [id, checksum])]));
    const template = `orderlog_template_${schema}_${digest.slice(0, 12)}`;
    const exists = async () => (await client.query('select 1 from pg_database where datname = $1', [template])).rowCount === 1;
    if (await exists()) return template;
    await client.query(`select pg_advisory_lock(hashtextextended('orderlog.test.template', 0))`);
    if (await exists()) return template;
    // Built under another name: a template that half exists must not be cloned.
    const building = `${template}_building`;
    await client.query(`drop database if exists ${building} with (force)`);
    await client.query(`create database ${building}`);
    await migrate({ adminUrl: withDatabase(server, building).toString(), schema, ownerRole, appRole, appPassword: password, folders });
    await client.query(`alter database ${building} rename to ${template}`);
    return template;
  });

/**
 * Sessions that were asked to end are on their way out when a test is done with them: the server waits for those. Ended by force they would
 * tell their clients of it, as an error that no test waits for.
 */
const dropDatabase = async (client: Client, database: string): Promise<void> => {
  await client.query(`set statement_timeout = '1s'`);
  try {
    await client.query(`drop database if exists ${database}`);
  } catch (error) {
    const stillInUse = error instanceof DatabaseError && (error.code === '57014' || error.code === '55006');
    if (!stillInUse) throw error;
    await client.query('reset statement_timeout');
    await client.query(`drop database ${database} with (force)`);
  }
};

/** Makes a database for one test file on the server of DATABASE_URL: a clone of a migrated template, so that it takes milliseconds. */
export const freshDatabase = async ({
  service,
  folders = [],
}: {
  readonly service: string;
  /** After the event log's own. */
  readonly folders?: readonly MigrationFolder[];
}): Promise<FreshDatabase> => {
  const server = serverUrl();
  // Known only to who knows the server's own password; the same for all test processes at once.
  const password = hex(`${server.password} ${appRole}`).slice(0, 32);
  const template = await ensureTemplate(server, service, password, folders);
  const database = `orderlog_test_${service}_${randomBytes(6).toString('hex')}`;
  await connected(server.toString(), (client) => client.query(`create database ${database} template ${template} strategy wal_log`));
  const admin = withDatabase(server, database);
  // A clone is a log of its own.
  await connected(admin.toString(), (client) =>
    client.query(`update ${escapeIdentifier(service)}.shard_head set log_id = fresh.id from (select gen_random_uuid() as id offset 0) as fresh`),
  );
  admin.searchParams.set('options', `-c search_path=${escapeIdentifier(service)}`);
  return {
    service,
    schema: service,
    appUrl: asRole(server, database, password),
    adminUrl: admin.toString(),
    counted: (tables) => connected(admin.toString(), async (client) => void (await client.query(`vacuum analyze ${tables.map(escapeIdentifier).join(', ')}`))),
    drop: () => connected(server.toString(), (client) => dropDatabase(client, database)),
  };
};
