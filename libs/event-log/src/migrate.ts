import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import type { SqlExecutor } from './event-log.js';
import { sqlStateOf } from './sql-errors.js';

/** A folder of numbered SQL files; a migration's id is `<name>/<number>`. */
export type MigrationFolder = { readonly name: string; readonly path: string | URL };

/** What `migrate` needs to know. */
export type MigrateOptions = {
  /** A URL that may create the schema and, where they do not exist yet, the roles. No running service has it. */
  readonly adminUrl: string;
  readonly schema: string;
  /** Owns schema and tables; nobody logs in as it. Default `<schema>_owner`. */
  readonly ownerRole?: string;
  /** What the service logs in as; owns nothing. Default `<schema>_app`. */
  readonly appRole?: string;
  /** Set for the app role when given; a role created without one cannot log in with a password. */
  readonly appPassword?: string;
  /** After the event log's own, which always come first: messaging's, projections', then the service's. */
  readonly folders?: readonly MigrationFolder[];
};

/** The event log's own migrations. */
export const eventLogMigrations: MigrationFolder = { name: 'event-log', path: new URL('../sql/', import.meta.url) };

/** The database may not be migrated as asked: a missing right, a changed or unknown migration. The message names the remedy. */
export class MigrationRefused extends Error {}

/** A migration as it stands in its file. */
export type Migration = { readonly id: string; readonly sql: string; readonly checksum: string; readonly breaking: boolean };

/** Reads the migrations of some folders in the order they are applied in; the event log's come first. */
export const readMigrations = async (folders: readonly MigrationFolder[]): Promise<readonly Migration[]> => {
  const others = folders.filter(({ name }) => name !== eventLogMigrations.name);
  const read = [eventLogMigrations, ...others].map(async ({ name, path }) => {
    const folder = path instanceof URL ? fileURLToPath(path) : path;
    const files = (await readdir(folder)).filter((file) => /^\d{4}-.*\.sql$/.test(file)).sort();
    return Promise.all(
      files.map(async (file): Promise<Migration> => {
        const sql = await readFile(`${folder.replace(/\/$/, '')}/${file}`, 'utf8');
        // `-- breaking` in the first line: code that does not know this migration must not run on it.
        return { id: `${name}/${file.slice(0, 4)}`, sql, checksum: createHash('sha256').update(sql).digest('hex'), breaking: sql.startsWith('-- breaking') };
      }),
    );
  });
  return (await Promise.all(read)).flat();
};

const missingRight = (what: string, error: unknown): MigrationRefused =>
  new MigrationRefused(`the admin URL may not ${what}: give one that may (a superuser, or CREATEROLE and CREATE on the database), or have it done beforehand`, {
    cause: error,
  });

/** Creates a role unless it exists. Roles belong to the whole server: other databases' migrations may be creating it at this moment. */
const ensureRole = async (client: Client, role: string, attributes: string): Promise<void> => {
  const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [role]);
  if (rowCount !== 0) return;
  try {
    await client.query(`create role ${escapeIdentifier(role)} ${attributes}`);
  } catch (error) {
    const state = sqlStateOf(error);
    if (state === '42501') throw missingRight(`create the role "${role}"`, error);
    // 42710, 23505: another installer was faster.
    if (state !== '42710' && state !== '23505') throw error;
  }
};

const setPassword = async (client: Client, role: string, password: string): Promise<void> => {
  try {
    await client.query(`alter role ${escapeIdentifier(role)} login password ${escapeLiteral(password)}`);
  } catch (error) {
    throw sqlStateOf(error) === '42501' ? missingRight(`set the password of the role "${role}"`, error) : error;
  }
};

const prepareSchema = async (client: Client, options: Required<Pick<MigrateOptions, 'schema' | 'ownerRole' | 'appRole'>>, password: string | undefined) => {
  const [schema, owner, app] = [options.schema, options.ownerRole, options.appRole].map(escapeIdentifier);
  await ensureRole(client, options.ownerRole, 'nologin');
  await ensureRole(client, options.appRole, password === undefined ? 'login' : `login password ${escapeLiteral(password)}`);
  try {
    // From PostgreSQL 16 on, who creates a role may administer it but not act as it without this grant.
    const { rows } = await client.query<{ may: boolean }>(`select pg_has_role(current_user, $1, 'member') as may`, [options.ownerRole]);
    if (rows[0]?.may !== true) await client.query(`grant ${owner} to current_user`);
    await client.query(`create schema if not exists ${schema} authorization ${owner}`);
  } catch (error) {
    throw sqlStateOf(error) === '42501' ? missingRight(`create the schema "${options.schema}" for "${options.ownerRole}"`, error) : error;
  }
  await client.query(`set role ${owner}`);
  await client.query(`set search_path to ${schema}`);
  await client.query(`select set_config('orderlog.app_role', $1, false)`, [options.appRole]);
  await client.query(`
    grant usage on schema ${schema} to ${app};
    alter default privileges in schema ${schema} grant select, insert, update, delete, truncate on tables to ${app};
    alter default privileges in schema ${schema} grant usage, select on sequences to ${app};
    create table if not exists migrations (
      id text primary key,
      checksum text not null,
      breaking boolean not null,
      applied_at timestamptz not null default now()
    );
    revoke insert, update, delete, truncate on migrations from ${app};
  `);
};

type Applied = Omit<Migration, 'sql'>;
const appliedSql = 'select id, checksum, breaking from migrations order by id';

const refuseUnknown = (migrations: readonly Migration[], all: readonly Applied[]): void => {
  const known = new Map(migrations.map((migration) => [migration.id, migration]));
  for (const applied of all) {
    const migration = known.get(applied.id);
    if (migration === undefined && applied.breaking) {
      throw new MigrationRefused(`the schema has the breaking migration ${applied.id}, which this version does not know: start a newer version`);
    }
    if (migration !== undefined && migration.checksum !== applied.checksum) {
      throw new MigrationRefused(`migration ${applied.id} was changed after it was applied: undo the change and add a new migration instead`);
    }
  }
};

/** Throws `MigrationRefused` where the schema has a breaking migration that is not in these folders, or one that was changed since: this code does not know what it would meet. */
export const refuseNewerSchema = async (sql: SqlExecutor, folders: readonly MigrationFolder[]): Promise<void> =>
  refuseUnknown(await readMigrations(folders), (await sql.query<Applied>(appliedSql)).rows);

/** The server takes a moment to notice that a process has gone. */
const goneMsMax = 2_000;

/** Code of before that is still running would go on writing, and park what it cannot. */
const refuseWhileInUse = async (client: Client, { id }: Migration, appRole: string): Promise<void> => {
  const giveUpAt = performance.now() + goneMsMax;
  const open = async (): Promise<number> => {
    const { rows } = await client.query<{ n: number }>('select count(*)::int as n from pg_stat_activity where datname = current_database() and usename = $1', [appRole]);
    return rows[0]?.n ?? 0;
  };
  let sessions = await open();
  for (; sessions > 0 && performance.now() < giveUpAt; sessions = await open()) await delay(50);
  if (sessions > 0) throw new MigrationRefused(`the migration ${id} is breaking and ${sessions} sessions of "${appRole}" are open: stop the service first`);
};

const apply = async (client: Client, { id, sql, checksum, breaking }: Migration): Promise<boolean> => {
  await client.query('begin');
  try {
    // The row comes first: of two installers the second waits here, finds the row and carries on.
    const { rowCount } = await client.query('insert into migrations (id, checksum, breaking) values ($1, $2, $3) on conflict do nothing', [id, checksum, breaking]);
    if (rowCount === 1) await client.query(sql);
    await client.query('commit');
    return rowCount === 1;
  } catch (error) {
    await client.query('rollback');
    throw new Error(`migration ${id} failed: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
};

/** Brings a service's schema up to date; safe to run from many processes at once. Answers the ids it applied. */
export const migrate = async (options: MigrateOptions): Promise<readonly string[]> => {
  const { schema, appRole = `${schema}_app`, ownerRole = `${schema}_owner`, appPassword } = options;
  const migrations = await readMigrations(options.folders ?? []);
  const client = new Client({ connectionString: options.adminUrl, application_name: `orderlog migrate ${schema}` });
  // A session that the server ends between two queries: the next query says so.
  client.on('error', () => undefined);
  await client.connect();
  try {
    // `if not exists` and `grant` collide when they run at once; rows and tables would not need this lock.
    await client.query(`select pg_advisory_lock(hashtextextended('orderlog.migrate.' || $1, 0))`, [schema]);
    if (appPassword !== undefined) {
      const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [appRole]);
      if (rowCount !== 0) await setPassword(client, appRole, appPassword);
    }
    await prepareSchema(client, { schema, ownerRole, appRole }, appPassword);
    const { rows: before } = await client.query<Applied>(appliedSql);
    refuseUnknown(migrations, before);
    const has = new Set(before.map(({ id }) => id));
    const firstBreaking = migrations.find(({ id, breaking }) => breaking && !has.has(id));
    if (firstBreaking !== undefined) await refuseWhileInUse(client, firstBreaking, appRole);
    const applied: string[] = [];
    for (const migration of migrations) if (await apply(client, migration)) applied.push(migration.id);
    return applied;
  } finally {
    await client.end();
  }
};
