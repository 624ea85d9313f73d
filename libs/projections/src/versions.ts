import type { SqlExecutor } from '@orderlog/event-log';
import { keyOf, type Projection } from './projection.js';

/** What is fed: the version that is read, one that is being built beside it, those that were read before. */
export type VersionState = 'live' | 'building' | 'previous';

/** One version of a read model; see `projection_version`. */
export type ProjectionVersion = { readonly number: number; readonly state: VersionState; readonly fedUntil?: string };

/** A projection and the number of one of its versions. */
export type Numbered = { readonly projection: Pick<Projection, 'name' | 'version' | 'tables'>; readonly number: number };

/** A table's name in a version. */
export const tableOf = (table: string, number: number): string => (number === 1 ? table : `${table}_r${number}`);

/** The tables of a version. */
export const tablesOf = ({ projection, number }: Numbered): readonly string[] => projection.tables.map((table) => tableOf(table, number));

/** The key of a version's checkpoints. */
export const checkpointsOf = ({ projection, number }: Numbered): string => (number === 1 ? keyOf(projection) : `${keyOf(projection)}.r${number}`);

const textsMax = 500;

/**
 * An executor for whom the projection's tables are those of a version. Statements name tables as the migrations do; in their text the names are
 * exchanged, so that `apply` knows nothing of versions, and each text is still prepared once a session. (With the tables in a schema of their
 * own and a search path for each version, a session would plan its statements anew at every change of the path.)
 */
export const inVersion = ({ projection, number }: Numbered): ((sql: SqlExecutor) => SqlExecutor) => {
  if (number === 1) return (sql) => sql;
  const names = new RegExp(`\\b(${projection.tables.join('|')})\\b`, 'g');
  const renamed = new Map<string, string>();
  const textOf = (text: string): string => {
    const known = renamed.get(text);
    if (known !== undefined) return known;
    const made = text.replace(names, (table) => tableOf(table, number));
    if (renamed.size < textsMax) renamed.set(text, made);
    return made;
  };
  return (sql) => ({ query: (text, values) => sql.query(textOf(text), values) });
};

type Row = { readonly projection: string; readonly number: number; readonly state: VersionState; readonly fed_until: string | null; readonly is_over: boolean };

const only: readonly ProjectionVersion[] = [{ number: 1, state: 'live' }];

/** The versions to feed, by the projection's key (`keyOf`), the live one first. `isOver`: one of them has had its time, it is to be dropped. */
export const readVersions = async (
  sql: SqlExecutor,
): Promise<{ readonly versionsOf: (projection: Pick<Projection, 'name' | 'version'>) => readonly ProjectionVersion[]; readonly isOver: boolean }> => {
  const { rows } = await sql.query<Row>(
    `select projection, number, state, fed_until::text as fed_until, coalesce(fed_until < now(), false) as is_over from projection_version
     where state <> 'dropped' order by projection, state <> 'live', number desc`,
    [],
  );
  const known = new Map<string, ProjectionVersion[]>();
  for (const { projection, number, state, fed_until: fedUntil } of rows) {
    const version = { number, state, ...(fedUntil === null ? {} : { fedUntil: new Date(fedUntil).toISOString() }) };
    known.set(projection, [...(known.get(projection) ?? []), version]);
  }
  return { versionsOf: (projection) => known.get(keyOf(projection)) ?? only, isOver: rows.some((row) => row.is_over) };
};

/** The number of the version that is read. */
export const liveNumber = (versions: readonly ProjectionVersion[]): number => versions.find(({ state }) => state === 'live')?.number ?? 1;
