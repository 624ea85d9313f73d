-- Versions of read models. Number 1 stands in the tables of the migrations and needs no row; a rebuild makes number n in tables of the same
-- names with `_r<n>` behind them, beside the live ones. The owner role writes here (`orderlog projections`), the service only reads: what it
-- feeds and drops is not its own decision.
create table projection_version (
  projection text collate "C" not null,
  number integer not null check (number > 0),
  tables text[] not null,
  state text not null check (state in ('live', 'building', 'previous', 'dropped')),
  -- Fed until then: a previous version for going back, one that is built for as long as somebody waits for it. Null: for ever.
  fed_until timestamptz,
  begun_at timestamptz not null default now(),
  switched_at timestamptz,
  primary key (projection, number)
);
create unique index projection_version_live_idx on projection_version (projection) where state = 'live';
create unique index projection_version_building_idx on projection_version (projection) where state = 'building';

-- The last time that a read model was compared with a rebuild and found equal: at which place in the log, and when.
create table projection_proof (
  projection text collate "C" primary key,
  events bigint not null,
  positions bigint[] not null,
  digest text not null,
  proven_at timestamptz not null
);

-- Drops the versions whose time is over. As the owner, because the service may not drop anything; it chooses nothing here. Answers their number.
create function drop_expired_projection_versions() returns integer
language plpgsql
security definer
as $$
declare
  v_expired record;
  v_count integer := 0;
begin
  for v_expired in
    select projection, number, tables from projection_version
    where state in ('building', 'previous') and fed_until < now() order by projection, number for update skip locked
  loop
    update projection_version set state = 'dropped' where projection = v_expired.projection and number = v_expired.number;
    delete from projection_checkpoints
    where projection = v_expired.projection || case when v_expired.number = 1 then '' else '.r' || v_expired.number end;
    execute (select string_agg(format('drop table if exists %I', name), ';' order by name) from unnest(v_expired.tables) as name);
    v_count := v_count + 1;
  end loop;
  return v_count;
end
$$;

do $$
declare
  app constant text := current_setting('orderlog.app_role');
begin
  execute format('revoke insert, update, delete, truncate on projection_version from %I', app);
  -- Temporary tables are looked for last, or the service could show this function versions of its own making.
  execute format('alter function drop_expired_projection_versions() set search_path = %I, pg_temp', current_schema());
  revoke execute on function drop_expired_projection_versions() from public;
  execute format('grant execute on function drop_expired_projection_versions() to %I', app);
end
$$;
