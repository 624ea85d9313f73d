import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { serviceMigrations } from '@orderlog/backbone';
import { services } from '@orderlog/contracts';
import { sqlStateOf } from '@orderlog/event-log';
import { freshDatabase, type FreshDatabase } from '@orderlog/testing';
import { Client } from 'pg';

const notAllowed = '42501';

/** What nobody who has a service's credentials may do to what was written. */
const refused: readonly (readonly [string, string])[] = [
  ['change an event', `update event_log set data = '{}'`],
  ['change the hash of an event', `update event_log set batch_hash = ''`],
  ['delete an event', 'delete from event_log'],
  ['change an event through its view', `update event_log_json set type = 'x'`],
  ['delete an event through its view', 'delete from event_log_json'],
  ['empty the log', 'truncate event_log'],
  ['drop the log', 'drop table event_log'],
  ['rename the log', 'alter table event_log rename to other_log'],
  ['alter the log', 'alter table event_log alter column data type json using data::json'],
  ['take the log over', 'alter table event_log owner to current_user'],
  ['drop a constraint of the log', 'alter table event_log drop constraint event_log_pkey'],
  ['disable triggers of the log', 'alter table event_log disable trigger all'],
  ['put a trigger on the log', 'create trigger t before insert on event_log execute function suppress_redundant_updates_trigger()'],
  ['put a rule on the log', 'create rule r as on insert to event_log do instead nothing'],
  ['lock everybody out of the log', 'lock table event_log in access exclusive mode'],
  ['delete a stream', 'delete from streams'],
  ['empty the streams', 'truncate streams'],
  ['drop the streams', 'drop table streams'],
  ['delete a head', 'delete from shard_head'],
  ['add a head', `insert into shard_head values (99, gen_random_uuid(), 0, '')`],
  ['empty the heads', 'truncate shard_head'],
  ['drop the heads', 'drop table shard_head'],
  ['replace the append function', `create or replace function append_events() returns void language sql as 'select null::void'`],
  ['drop the digest', 'drop function event_digest'],
  ['forget a migration', 'delete from migrations'],
  ['make a table in the schema', 'create table mine (a int)'],
  ['drop the schema', 'drop schema "$schema" cascade'],
  ['switch triggers and constraints off', 'set session_replication_role = replica'],
  ['become the owner', 'set role $owner'],
  ['become the superuser', 'set role postgres'],
  ['log in as the superuser', 'set session authorization postgres'],
  ['make a role', 'create role helper'],
  ['give itself a role', 'grant $owner to $app'],
  ['read files of the server', `select pg_read_file('postgresql.conf')`],
];

/** What the order service keeps for ever beside its log. */
const ofOrder: readonly (readonly [string, string])[] = [
  ['change a reference', `update external_references set order_id = gen_random_uuid()`],
  ['forget a reference', 'delete from external_references'],
  ['empty the references', 'truncate external_references'],
  ['change personal data', `update personal_data set data = '{}'`],
  ['empty the personal data', 'truncate personal_data'],
];

describe.each(services)('the role of %s, on the schema that its migrations make,', (service) => {
  const [owner, app] = ['orderlog_test_owner', 'orderlog_test_app'];
  let database: FreshDatabase;
  let admin: Client;
  let role: Client;
  beforeAll(async () => {
    database = await freshDatabase({ service, folders: serviceMigrations(service) });
    [admin, role] = [new Client({ connectionString: database.adminUrl }), new Client({ connectionString: database.appUrl })];
    await Promise.all([admin.connect(), role.connect()]);
    await role.query(`set search_path to "${service}"`);
    // Something to lose: an update of nothing is refused as well, a delete by a trigger or a rule would not be.
    await role.query(`insert into streams (stream_id, shard, version) values ('s', 3, 1)`);
    await role.query(`insert into event_log values (3, 1, 's', 1, gen_random_uuid(), 'T', 1, now(), now(), '{}', '{}', '')`);
  });
  afterAll(async () => {
    await Promise.all([admin.end(), role.end()]);
    await database.drop();
  });

  it.each(service === 'order' ? [...refused, ...ofOrder] : refused)('may not %s', async (_what, text) => {
    const statement = text.replaceAll('$schema', service).replaceAll('$owner', owner).replaceAll('$app', app);
    await role.query('begin');
    const error: unknown = await role.query(statement).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    await role.query('rollback');
    expect([statement, sqlStateOf(error)]).toStrictEqual([statement, notAllowed]);
  });

  it('cannot give itself rights: the statement changes nothing', async () => {
    await role.query(`grant update, delete, truncate, trigger on event_log to ${app}`);
    const { rows } = await admin.query(
      `select has_any_column_privilege($1, 'event_log', 'update') as may_update, has_table_privilege($1, 'event_log', 'delete, truncate, trigger, references') as may_more,
         has_table_privilege($1, 'streams', 'delete, truncate, trigger') as may_streams, has_table_privilege($1, 'shard_head', 'insert, delete, truncate, trigger') as may_heads,
         has_schema_privilege($1, current_schema(), 'create') as may_create`,
      [app],
    );
    expect(rows).toStrictEqual([{ may_update: false, may_more: false, may_streams: false, may_heads: false, may_create: false }]);
  });

  it('owns nothing, is nobody else, and has no power', async () => {
    const { rows } = await admin.query(
      `select (select count(*)::int from pg_class where relowner = $1::text::regrole) as relations, (select count(*)::int from pg_proc where proowner = $1::text::regrole) as functions,
         (select count(*)::int from pg_auth_members where member = $1::text::regrole) as roles, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication
       from pg_roles where rolname = $1::text`,
      [app],
    );
    expect(rows).toStrictEqual([{ relations: 0, functions: 0, roles: 0, rolsuper: false, rolcreaterole: false, rolcreatedb: false, rolbypassrls: false, rolreplication: false }]);
  });

  it('has left everything as it was', async () => {
    const { rows } = await admin.query('select (select count(*)::int from event_log) as events, (select count(*)::int from streams) as streams, (select count(*)::int from shard_head) as heads');
    expect(rows).toStrictEqual([{ events: 1, streams: 1, heads: 16 }]);
  });
});
