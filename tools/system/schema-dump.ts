import type { SqlExecutor } from '@orderlog/event-log';

// What PostgreSQL itself says of a schema, as text that a person can read and a diff can show. `pg_dump` is not part of the embedded server.
const tablesSql = `
select c.relname as name, c.relkind::text as kind, c.reloptions as options, pg_get_viewdef(c.oid) as view,
  (select array_agg(format('  %I %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
      case when a.attcollation <> 0 and k.collname <> 'default' then ' collate "' || k.collname || '"' else '' end
      || case when a.attnotnull then ' not null' else '' end,
      case when a.attgenerated = 's' then ' generated always as (' || pg_get_expr(d.adbin, d.adrelid) || ') stored'
        when a.attidentity <> '' then ' generated as identity'
        when d.adbin is not null then ' default ' || pg_get_expr(d.adbin, d.adrelid) else '' end
      || coalesce(' statistics ' || a.attstattarget, '')) order by a.attnum)
    from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum left join pg_collation k on k.oid = a.attcollation
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
  (select array_agg(format('  constraint %I %s', o.conname, pg_get_constraintdef(o.oid)) order by o.contype, o.conname)
    from pg_constraint o where o.conrelid = c.oid and o.contype <> 'n') as constraints,
  (select array_agg(pg_get_indexdef(i.indexrelid) || ';' order by i.indexrelid::regclass::text)
    from pg_index i where i.indrelid = c.oid and not exists (select from pg_constraint o where o.conindid = i.indexrelid)) as indexes,
  (select array_agg(format('grant %s on %I to %I;', g.privileges, c.relname, g.role) order by g.role)
    from (select string_agg(lower(acl.privilege_type), ', ' order by acl.privilege_type) as privileges, pg_get_userbyid(acl.grantee) as role
      from aclexplode(c.relacl) as acl where acl.grantee <> c.relowner group by acl.grantee) as g) as grants
from pg_class c
where c.relnamespace = $1::text::regnamespace and c.relkind in ('r', 'v', 'm', 'p') order by c.relname`;

const functionsSql = `
select pg_get_functiondef(p.oid) as definition from pg_proc p where p.pronamespace = $1::text::regnamespace order by p.proname, p.oid`;

type Table = {
  readonly name: string;
  readonly kind: string;
  readonly options: readonly string[] | null;
  readonly view: string | null;
  readonly columns: readonly string[];
  readonly constraints: readonly string[] | null;
  readonly indexes: readonly string[] | null;
  readonly grants: readonly string[] | null;
};

const textOf = ({ name, kind, options, view, columns, constraints, indexes, grants }: Table): string => {
  const head =
    kind === 'v' || kind === 'm'
      ? `create ${kind === 'm' ? 'materialized ' : ''}view ${name} as\n${view ?? ''}`
      : `create table ${name} (\n${[...columns, ...(constraints ?? [])].join(',\n')}\n)${options === null ? '' : ` with (${options.join(', ')})`};`;
  return [head, ...(indexes ?? []), ...(grants ?? [])].join('\n');
};

/** A schema as its migrations have made it: tables with columns, constraints, indexes and grants, then functions; sorted by name. */
export const schemaDump = async (sql: SqlExecutor, schema: string): Promise<string> => {
  const { rows: tables } = await sql.query<Table>(tablesSql, [`"${schema}"`]);
  const { rows: functions } = await sql.query<{ definition: string }>(functionsSql, [`"${schema}"`]);
  return `${[...tables.map(textOf), ...functions.map(({ definition }) => `${definition.trimEnd()};`)].join('\n\n').replaceAll(`"${schema}".`, '').replaceAll(`${schema}.`, '')}\n`;
};
