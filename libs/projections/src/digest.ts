import type { SqlExecutor } from '@orderlog/event-log';

/** Count and two sums of 64-bit hashes of the rows' text: the same rows give the same digest in any order. */
const tableDigestSql = (table: string): string => `
select count(*)::text || ':' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text
  || ':' || coalesce(sum(hashtextextended(t::text, 1)::numeric), 0)::text as digest
from ${table} as t`;

/** Digest of the content of some tables, without their names; the session's time zone and schema decide what it sees. */
export const digestOf = async (sql: SqlExecutor, tables: readonly string[]): Promise<string> => {
  const digests: string[] = [];
  for (const table of tables) {
    const { rows } = await sql.query<{ digest: string }>(tableDigestSql(table));
    digests.push(rows[0]?.digest ?? '');
  }
  return digests.join(' ');
};
