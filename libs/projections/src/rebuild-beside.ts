import { isContention, type SqlExecutor } from '@orderlog/event-log';
import { Client, escapeIdentifier } from 'pg';
import { differencesOf, type TableDifference } from './compare-with-rebuild.js';
import { digestOf } from './digest.js';
import { keyOf, type Projection } from './projection.js';
import { checkpointsOf, liveNumber, readVersions, tableOf, tablesOf, type Numbered } from './versions.js';

/** A read model as its owner knows it. */
export type OwnedProjection = Pick<Projection, 'name' | 'version' | 'tables'>;

/** How far two versions are: events applied over all shards. */
export type RebuildProgress = { readonly built: number; readonly live: number };

/** What became of an attempt to switch. */
export type SwitchOutcome =
  /** The new version is read now. `digest` is that of both, or of the new one where a difference was accepted. */
  | { readonly outcome: 'switched'; readonly number: number; readonly digest: string; readonly differences: readonly TableDifference[] }
  /** Not at one place in the log, or somebody held a table for too long: to be tried again. */
  | { readonly outcome: 'not_level' }
  /** Nothing was changed. */
  | { readonly outcome: 'different'; readonly differences: readonly TableDifference[] };

/** A version that was asked for and is not there. The message says what to do. */
export class NoSuchVersion extends Error {}

/** The owner's side of rebuilding beside the live version: what a service's own role may not do. */
export type ProjectionOwner = {
  /** Makes the tables of the next version, which running services then fill by themselves. One that was begun before is thrown away. Answers its number. */
  begin(projection: OwnedProjection): Promise<number>;
  /** Also says that somebody still waits: a version that nobody asks about for ten minutes is dropped. */
  progress(projection: OwnedProjection): Promise<RebuildProgress>;
  /** Where both have applied the same events and hold the same rows, lets the views read the new version. One transaction. */
  switch(projection: OwnedProjection, options?: { readonly acceptDifference?: boolean; readonly keepHours?: number }): Promise<SwitchOutcome>;
  /** Lets the views read the version before again. It may differ: that is what one goes back for. */
  back(projection: OwnedProjection, options?: { readonly keepHours?: number }): Promise<SwitchOutcome>;
  /** Throws the version that is being built away. */
  abandon(projection: OwnedProjection): Promise<void>;
  close(): Promise<void>;
};

const waitedForMinutes = 10;
const keepHoursDefault = 24;
const attemptsMax = 5;

const viewsSql = `
select distinct v.relname as view, pg_get_viewdef(v.oid) as definition
from pg_depend d join pg_rewrite r on r.oid = d.objid join pg_class v on v.oid = r.ev_class
where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = to_regclass($1) and v.oid <> d.refobjid and v.relkind = 'v'
order by 1`;

const levelSql = `
select coalesce(bool_and(a.seq = b.seq), false) and count(*) = (select count(*) from shard_head) as is_level
from projection_checkpoints a join projection_checkpoints b using (shard) where a.projection = $1 and b.projection = $2`;

/** Opens the owner's side of a service's read models. `adminUrl` may act as the schema's owner. */
export const openProjectionOwner = async (adminUrl: string, schema: string): Promise<ProjectionOwner> => {
  const client = new Client({ connectionString: adminUrl, application_name: 'orderlog projections' });
  // A session that the server ends between two queries: the next query says so.
  client.on('error', () => undefined);
  await client.connect();
  const { rows: owners } = await client.query<{ owner: string }>('select pg_get_userbyid(nspowner) as owner from pg_namespace where nspname = $1', [schema]);
  const owner = owners[0]?.owner;
  if (owner === undefined) {
    await client.end();
    throw new NoSuchVersion(`the database has no schema "${schema}"`);
  }
  await client.query(`set role ${escapeIdentifier(owner)}; set search_path = ${escapeIdentifier(schema)}; set timezone = 'UTC'`);
  // A million rows are digested in seconds; whoever waits behind us for a view must not wait for long.
  await client.query(`set statement_timeout = '10min'; set lock_timeout = '2s'`);
  const sql: SqlExecutor = {
    query: async <Row>(text: string, values?: readonly unknown[]) => {
      const { rows, rowCount } = await client.query(text, values === undefined ? undefined : [...values]);
      return { rows: rows as Row[], rowCount };
    },
  };

  /**
   * Nobody moves a checkpoint meanwhile, and so nobody changes a read model: this lock comes first, here and there. The rows' own locks would do
   * too, but services take them in any order.
   */
  const alone = async <T>(work: () => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      await client.query('begin');
      try {
        await client.query('lock table projection_version, projection_checkpoints in share row exclusive mode');
        const answer = await work();
        await client.query('commit');
        return answer;
      } catch (error) {
        await client.query('rollback');
        if (!isContention(error) || attempt === attemptsMax) throw error;
      }
    }
  };

  const versions = async (projection: OwnedProjection) => (await readVersions(sql)).versionsOf(projection);
  const numberOf = async (projection: OwnedProjection, state: 'building' | 'previous'): Promise<number | undefined> =>
    (await versions(projection)).find((version) => version.state === state)?.number;

  const drop = async (version: Numbered): Promise<void> => {
    await sql.query(`drop table if exists ${tablesOf(version).join(', ')}`);
    await sql.query('delete from projection_checkpoints where projection = $1', [checkpointsOf(version)]);
    await sql.query(`update projection_version set state = 'dropped' where projection = $1 and number = $2`, [keyOf(version.projection), version.number]);
  };

  const replaceViews = async (from: Numbered, to: Numbered): Promise<void> => {
    for (const table of from.projection.tables) {
      const [before, after] = [tableOf(table, from.number), tableOf(table, to.number)];
      const { rows: views } = await sql.query<{ view: string; definition: string }>(viewsSql, [escapeIdentifier(before)]);
      if (views.length === 0) throw new NoSuchVersion(`no view reads ${before}: there is nothing to switch`);
      for (const { view, definition } of views) {
        await sql.query(`create or replace view ${escapeIdentifier(view)} as ${definition.replace(new RegExp(`\\b${before}\\b`, 'g'), after)}`);
      }
    }
  };

  const change = (projection: OwnedProjection, wanted: 'building' | 'previous', acceptDifference: boolean, keepHours: number): Promise<SwitchOutcome> =>
    alone(async (): Promise<SwitchOutcome> => {
      const known = await versions(projection);
      const number = await numberOf(projection, wanted);
      if (number === undefined) {
        throw new NoSuchVersion(wanted === 'building' ? `nothing is being built beside ${projection.name}` : `no version of ${projection.name} is kept for going back`);
      }
      const [live, next]: [Numbered, Numbered] = [{ projection, number: liveNumber(known) }, { projection, number }];
      const { rows } = await sql.query<{ is_level: boolean }>(levelSql, [checkpointsOf(live), checkpointsOf(next)]);
      if (rows[0]?.is_level !== true) return { outcome: 'not_level' };
      const [liveDigest, digest] = [await digestOf(sql, tablesOf(live)), await digestOf(sql, tablesOf(next))];
      const tables = projection.tables.map((table) => ({ table, live: tableOf(table, live.number), rebuilt: tableOf(table, next.number) }));
      const differences = liveDigest === digest ? [] : await differencesOf(sql, tables);
      if (liveDigest !== digest && !acceptDifference) return { outcome: 'different', differences };
      await replaceViews(live, next);
      await sql.query(
        `update projection_version set state = 'previous', fed_until = now() + make_interval(hours => $3) where projection = $1 and number = $2`,
        [keyOf(projection), live.number, keepHours],
      );
      await sql.query(
        `update projection_version set state = 'live', fed_until = null, switched_at = now() where projection = $1 and number = $2`,
        [keyOf(projection), next.number],
      );
      return { outcome: 'switched', number, digest, differences };
    }).catch((error: unknown) => {
      if (isContention(error)) return { outcome: 'not_level' } as const;
      throw error;
    });

  return {
    begin: (projection) =>
      alone(async () => {
        const known = await versions(projection);
        const live: Numbered = { projection, number: liveNumber(known) };
        await sql.query(
          `insert into projection_version (projection, number, tables, state) values ($1, 1, $2, 'live') on conflict do nothing`,
          [keyOf(projection), projection.tables],
        );
        for (const { number, state } of known) if (state === 'building') await drop({ projection, number });
        const { rows } = await sql.query<{ number: number }>('select max(number) + 1 as number from projection_version where projection = $1', [keyOf(projection)]);
        const next: Numbered = { projection, number: rows[0]?.number ?? 2 };
        for (const table of projection.tables) {
          // `including all` leaves the storage parameters out: a rebuilt table without its fillfactor has no room for updates in place.
          const { rows: stored } = await sql.query<{ parameters: string | null }>(
            `select array_to_string(reloptions, ', ') as parameters from pg_class where oid = $1::regclass`,
            [tableOf(table, live.number)],
          );
          const parameters = stored[0]?.parameters ?? '';
          await sql.query(`create table ${tableOf(table, next.number)} (like ${tableOf(table, live.number)} including all)${parameters === '' ? '' : ` with (${parameters})`}`);
        }
        await sql.query('insert into projection_checkpoints (projection, shard, seq) select $1, shard, 0 from shard_head', [checkpointsOf(next)]);
        await sql.query(
          `insert into projection_version (projection, number, tables, state, fed_until) values ($1, $2, $3, 'building', now() + make_interval(mins => $4))`,
          [keyOf(projection), next.number, tablesOf(next), waitedForMinutes],
        );
        return next.number;
      }),
    progress: async (projection) => {
      const number = await numberOf(projection, 'building');
      if (number === undefined) throw new NoSuchVersion(`nothing is being built beside ${projection.name}`);
      const live = liveNumber(await versions(projection));
      await sql.query(
        'update projection_version set fed_until = now() + make_interval(mins => $3) where projection = $1 and number = $2',
        [keyOf(projection), number, waitedForMinutes],
      );
      const { rows } = await sql.query<{ built: string; live: string }>(
        `select coalesce(sum(seq) filter (where projection = $1), 0)::text as built, coalesce(sum(seq) filter (where projection = $2), 0)::text as live
         from projection_checkpoints where projection in ($1, $2)`,
        [checkpointsOf({ projection, number }), checkpointsOf({ projection, number: live })],
      );
      return { built: Number(rows[0]?.built ?? 0), live: Number(rows[0]?.live ?? 0) };
    },
    switch: (projection, { acceptDifference = false, keepHours = keepHoursDefault } = {}) => change(projection, 'building', acceptDifference, keepHours),
    back: (projection, { keepHours = keepHoursDefault } = {}) => change(projection, 'previous', true, keepHours),
    abandon: (projection) =>
      alone(async () => {
        const number = await numberOf(projection, 'building');
        if (number !== undefined) await drop({ projection, number });
      }),
    close: () => client.end(),
  };
};
