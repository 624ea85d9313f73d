create view center_load as
 SELECT center_id,
    day,
    units
   FROM center_load_v1;
grant delete, insert, select, truncate, update on center_load to routing_app;

create table center_load_v1 (
  center_id text not null,
  day date not null,
  units bigint not null,
  constraint center_load_v1_pkey PRIMARY KEY (center_id, day)
) with (fillfactor=50);
grant delete, insert, select, truncate, update on center_load_v1 to routing_app;

create table centers (
  center_id text not null,
  record json not null,
  version bigint not null,
  published_version bigint not null default 0,
  constraint centers_pkey PRIMARY KEY (center_id)
);
CREATE INDEX centers_unpublished_idx ON centers USING btree (center_id) WHERE (version > published_version);
grant delete, insert, select, truncate, update on centers to routing_app;

create table consumer_position (
  consumer_group text not null,
  topic text not null,
  partition integer not null,
  owner text not null,
  epoch bigint not null,
  log_id text,
  last_seq bigint not null default 0,
  next_offset bigint not null default 0,
  updated_at timestamp with time zone not null default now(),
  constraint consumer_position_last_seq_check CHECK ((last_seq >= 0)),
  constraint consumer_position_pkey PRIMARY KEY (consumer_group, topic, partition)
) with (fillfactor=50);
grant delete, insert, select, truncate, update on consumer_position to routing_app;

create table event_log (
  shard smallint not null statistics 10,
  seq bigint not null statistics 10,
  stream_id text collate "C" not null statistics 10,
  version integer not null statistics 10,
  event_id uuid not null statistics 0,
  type text not null statistics 0,
  schema_version smallint not null statistics 0,
  occurred_at timestamp with time zone not null statistics 0,
  recorded_at timestamp with time zone not null statistics 0,
  data text not null statistics 0,
  meta text not null statistics 0,
  batch_hash bytea not null statistics 0,
  constraint event_log_pkey PRIMARY KEY (shard, seq),
  constraint event_log_shard_stream_id_version_key UNIQUE (shard, stream_id, version)
) with (autovacuum_analyze_scale_factor=1, autovacuum_vacuum_insert_threshold=1000000, autovacuum_vacuum_insert_scale_factor=0, autovacuum_freeze_min_age=0, toast_tuple_target=8160);
grant insert, select on event_log to routing_app;

create view event_log_json as
 SELECT shard,
    seq,
    stream_id,
    version,
    event_id,
    type,
    schema_version,
    occurred_at,
    recorded_at,
    (data)::json AS data,
    (meta)::json AS meta,
    batch_hash
   FROM event_log;
grant select on event_log_json to routing_app;

create table migrations (
  id text not null,
  checksum text not null,
  breaking boolean not null,
  applied_at timestamp with time zone not null default now(),
  constraint migrations_pkey PRIMARY KEY (id)
);
grant select on migrations to routing_app;

create table parked_event (
  stream_id text collate "C" not null,
  arrival bigint not null generated as identity,
  topic text not null,
  partition integer not null,
  seq bigint not null,
  fact json not null,
  error text not null,
  constraint parked_event_stream_id_fkey FOREIGN KEY (stream_id) REFERENCES parked_stream(stream_id),
  constraint parked_event_pkey PRIMARY KEY (stream_id, arrival)
);
grant delete, insert, select, truncate, update on parked_event to routing_app;

create table parked_stream (
  stream_id text collate "C" not null,
  consumer_group text not null,
  since timestamp with time zone not null default now(),
  error text not null,
  constraint parked_stream_pkey PRIMARY KEY (stream_id)
);
grant delete, insert, select, truncate, update on parked_stream to routing_app;

create table pending_effects (
  stream_id text collate "C" not null,
  version integer not null,
  kind text not null,
  data json not null,
  due_at timestamp with time zone not null,
  attempts integer not null default 0,
  lease_until timestamp with time zone,
  last_error text,
  constraint pending_effects_pkey PRIMARY KEY (stream_id, version, kind)
) with (fillfactor=85, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=1000, autovacuum_analyze_scale_factor=0.5);
CREATE INDEX pending_effects_kind_due_at_idx ON pending_effects USING btree (kind, due_at);
grant delete, insert, select, truncate, update on pending_effects to routing_app;

create table postal_coordinates (
  country_code text not null,
  postal_code text not null,
  city text not null,
  region text not null,
  city_key text not null,
  region_key text not null,
  latitude double precision not null,
  longitude double precision not null,
  constraint postal_coordinates_pkey PRIMARY KEY (country_code, postal_code)
);
CREATE INDEX postal_coordinates_city_idx ON postal_coordinates USING btree (country_code, city_key);
CREATE INDEX postal_coordinates_region_idx ON postal_coordinates USING btree (country_code, region_key);
grant delete, insert, select, truncate, update on postal_coordinates to routing_app;

create table projection_checkpoints (
  projection text collate "C" not null,
  shard smallint not null,
  seq bigint not null,
  constraint projection_checkpoints_seq_check CHECK ((seq >= 0)),
  constraint projection_checkpoints_pkey PRIMARY KEY (projection, shard)
) with (fillfactor=50);
grant delete, insert, select, truncate, update on projection_checkpoints to routing_app;

create table projection_proof (
  projection text collate "C" not null,
  events bigint not null,
  positions bigint[] not null,
  digest text not null,
  proven_at timestamp with time zone not null,
  constraint projection_proof_pkey PRIMARY KEY (projection)
);
grant delete, insert, select, truncate, update on projection_proof to routing_app;

create table projection_version (
  projection text collate "C" not null,
  number integer not null,
  tables text[] not null,
  state text not null,
  fed_until timestamp with time zone,
  begun_at timestamp with time zone not null default now(),
  switched_at timestamp with time zone,
  constraint projection_version_number_check CHECK ((number > 0)),
  constraint projection_version_state_check CHECK ((state = ANY (ARRAY['live'::text, 'building'::text, 'previous'::text, 'dropped'::text]))),
  constraint projection_version_pkey PRIMARY KEY (projection, number)
);
CREATE UNIQUE INDEX projection_version_building_idx ON projection_version USING btree (projection) WHERE (state = 'building'::text);
CREATE UNIQUE INDEX projection_version_live_idx ON projection_version USING btree (projection) WHERE (state = 'live'::text);
grant select on projection_version to routing_app;

create table quarantined_message (
  consumer_group text not null,
  topic text not null,
  partition integer not null,
  message_offset bigint not null,
  reason text not null,
  message_key text,
  headers json not null,
  value text,
  seen_at timestamp with time zone not null default now(),
  cleared_at timestamp with time zone,
  constraint quarantined_message_pkey PRIMARY KEY (consumer_group, topic, partition, message_offset)
);
grant delete, insert, select, truncate, update on quarantined_message to routing_app;

create table relay_cursor (
  shard integer not null,
  owner text not null default ''::text,
  epoch bigint not null default 0,
  lease_until timestamp with time zone not null default '-infinity'::timestamp with time zone,
  seq bigint not null default 0,
  topic_end bigint not null default 0,
  constraint relay_cursor_seq_check CHECK ((seq >= 0)),
  constraint relay_cursor_pkey PRIMARY KEY (shard)
);
grant delete, insert, select, truncate, update on relay_cursor to routing_app;

create table shard_head (
  shard smallint not null,
  log_id uuid not null,
  seq bigint not null,
  hash bytea not null,
  constraint shard_head_pkey PRIMARY KEY (shard)
) with (fillfactor=10);
grant select, update on shard_head to routing_app;

create table snapshots (
  stream_id text collate "C" not null,
  version integer not null,
  state_schema integer not null,
  state bytea not null,
  constraint snapshots_pkey PRIMARY KEY (stream_id)
);
grant delete, insert, select, truncate, update on snapshots to routing_app;

create table streams (
  stream_id text collate "C" not null,
  shard smallint not null,
  version integer not null,
  constraint streams_version_check CHECK ((version >= 0)),
  constraint streams_pkey PRIMARY KEY (stream_id)
) with (fillfactor=85, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=1000, autovacuum_analyze_scale_factor=0.5);
grant insert, select, update on streams to routing_app;

create table timers (
  stream_id text collate "C" not null,
  kind text not null,
  shard smallint not null,
  due_at timestamp with time zone not null,
  epoch integer not null,
  constraint timers_pkey PRIMARY KEY (stream_id, kind)
) with (fillfactor=85, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=1000, autovacuum_analyze_scale_factor=0.5);
CREATE INDEX timers_due_at_idx ON timers USING btree (due_at);
grant delete, insert, select, truncate, update on timers to routing_app;

CREATE OR REPLACE FUNCTION append_events(p_strict boolean, p_stream_ids text, p_shards smallint[], p_expected integer[], p_versions integer[], p_event_streams integer[], p_event_versions integer[], p_event_ids uuid[], p_types text, p_schema_versions smallint[], p_occurred text, p_data text, p_meta text, p_timers json, p_effects json)
 RETURNS TABLE(n integer, first_seq bigint, recorded_at timestamp with time zone, batch_hash bytea)
 LANGUAGE plpgsql
 SET search_path TO 'routing'
 SET enable_nestloop TO 'off'
 SET enable_seqscan TO 'off'
 SET jit TO 'off'
AS $function$
#variable_conflict use_column
declare
  v_streams constant text[] := string_to_array(p_stream_ids, chr(30));
  v_types constant text[] := string_to_array(p_types, chr(30));
  v_data constant text[] := string_to_array(p_data, chr(30));
  v_meta constant text[] := string_to_array(p_meta, chr(30));
  v_occurred text[] := string_to_array(p_occurred, chr(30));
  v_found text[];
  v_found_versions integer[];
  v_created text[];
  v_ok boolean[];
  v_shard smallint;
  v_head bigint;
  v_hash bytea;
  v_heads bigint[];
  v_seqs bigint[];
  v_hashes bytea[];
  v_recorded timestamptz;
  v_recorded_text text;
begin
  if 0 = any (p_expected) then
    with created as (
      insert into streams (stream_id, shard, version)
      select asked.stream_id, asked.shard, asked.version
      from unnest(v_streams, p_shards, p_expected, p_versions) as asked (stream_id, shard, expected, version)
      where asked.expected = 0
      order by asked.stream_id collate "C"
      on conflict do nothing
      returning stream_id
    )
    select array_agg(created.stream_id) into v_created from created;
  end if;

  if 0 < any (p_expected) then
    -- Locked by a sorted select, never by the update itself: 256 rows in opposite orders deadlocked in 68 of 100 tries.
    select array_agg(locked.stream_id), array_agg(locked.version) into v_found, v_found_versions
    from (
      select s.stream_id, s.version from streams s where s.stream_id = any (v_streams) order by s.stream_id for update
    ) as locked;
  end if;

  -- The caller sorts the streams as the lock does. If it did not, or an old one and a new one came together, they are compared one by one.
  if v_found = v_streams and v_found_versions = p_expected or v_found is null and cardinality(v_created) = cardinality(v_streams) then
    v_ok := array_fill(true, array[cardinality(v_streams)]);
  else
    select array_agg(
      case when asked.expected = 0 then created.stream_id is not null else coalesce(found.version = asked.expected, false) end order by asked.n
    ) into v_ok
    from unnest(v_streams, p_expected) with ordinality as asked (stream_id, expected, n)
    left join unnest(v_created) as created (stream_id) on created.stream_id = asked.stream_id
    left join unnest(v_found, v_found_versions) as found (stream_id, version) on found.stream_id = asked.stream_id;
  end if;

  if p_strict and false = any (v_ok) then
    raise exception using errcode = 'OL409', message = v_streams[array_position(v_ok, false)];
  end if;
  if not (true = any (v_ok)) then
    return;
  end if;

  -- Nothing is left out and all of it goes to this one shard. Otherwise null.
  v_shard := case when true = all (v_ok) and p_shards[1] = all (p_shards) then p_shards[1] end;

  -- Arrays by shard + 1 from here on: rows with payloads pass through no join and no sort.
  if v_shard is not null then
    select h.seq, h.hash into v_head, v_hash from shard_head h where h.shard = v_shard for update;
  else
    select array_agg(head.seq order by s.shard) into v_heads
    from generate_series(0, (select max(shard) from unnest(p_shards) as asked (shard))) as s (shard)
    left join (
      select h.shard, h.seq
      from shard_head h
      where h.shard = any (array(select distinct asked.shard from unnest(p_shards, v_ok) as asked (shard, ok) where asked.ok))
      order by h.shard
      for update
    ) as head on head.shard = s.shard;
  end if;

  -- Under the head locks, so that times do not go back within a shard.
  v_recorded := date_trunc('milliseconds', clock_timestamp());
  v_recorded_text := to_char(v_recorded at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
  -- One empty text is no list of one for string_to_array.
  v_occurred := case when p_occurred = '' then array[v_recorded_text] else array_replace(v_occurred, '', v_recorded_text) end;

  if v_shard is not null then
    v_seqs := array(select v_head + n from generate_series(1, cardinality(p_event_streams)) as n);

    v_hash := sha256(v_hash || (
      select string_agg(event_digest(
        e.seq, v_shard, e.version, e.schema_version, e.event_id, e.occurred, v_recorded_text, v_streams[e.stream], e.type, e.data, e.meta), ''::bytea order by e.seq)
      from (
        select unnest(p_event_streams) as stream, unnest(v_seqs) as seq, unnest(p_event_versions) as version, unnest(p_event_ids) as event_id, unnest(v_types) as type,
          unnest(p_schema_versions) as schema_version, unnest(v_occurred) as occurred, unnest(v_data) as data, unnest(v_meta) as meta
      ) as e
    ));
    update shard_head h set seq = v_head + cardinality(v_seqs), hash = v_hash where h.shard = v_shard;
    v_hashes[v_shard + 1] := v_hash;
  else
    -- Null for the events of a stream that conflicts.
    select array_agg(case when v_ok[e.stream] then v_heads[e.shard + 1] + e.place end order by e.n) into v_seqs
    from (
      select e.n, e.stream, p_shards[e.stream] as shard,
        count(*) filter (where v_ok[e.stream]) over (partition by p_shards[e.stream] order by e.n) as place
      from unnest(p_event_streams) with ordinality as e (stream, n)
    ) as e;

    with digests as materialized (
      select e.seq, p_shards[e.stream] as shard, event_digest(
        e.seq, p_shards[e.stream], e.version, e.schema_version, e.event_id, e.occurred, v_recorded_text, v_streams[e.stream], e.type, e.data, e.meta) as digest
      from (
        select unnest(p_event_streams) as stream, unnest(v_seqs) as seq, unnest(p_event_versions) as version, unnest(p_event_ids) as event_id, unnest(v_types) as type,
          unnest(p_schema_versions) as schema_version, unnest(v_occurred) as occurred, unnest(v_data) as data, unnest(v_meta) as meta
      ) as e
      where e.seq is not null
    ), batches as materialized (
      select shard, max(seq) as seq, string_agg(digest, ''::bytea order by seq) as digests from digests group by shard
    ), moved as (
      update shard_head h
      set seq = b.seq, hash = sha256(h.hash || b.digests)
      from batches b
      where h.shard = b.shard
      returning h.shard, h.hash
    )
    select array_agg(moved.hash order by s.shard) into v_hashes
    from generate_series(0, array_length(v_heads, 1) - 1) as s (shard)
    left join moved on moved.shard = s.shard;
  end if;

  insert into event_log (shard, seq, stream_id, version, event_id, type, schema_version, occurred_at, recorded_at, data, meta, batch_hash)
  select
    p_shards[e.stream], e.seq, v_streams[e.stream], e.version, e.event_id, e.type, e.schema_version, case when e.occurred = v_recorded_text then v_recorded else e.occurred::timestamptz end, v_recorded,
    e.data, e.meta, v_hashes[p_shards[e.stream] + 1]
  from (
    select unnest(p_event_streams) as stream, unnest(v_seqs) as seq, unnest(p_event_versions) as version, unnest(p_event_ids) as event_id, unnest(v_types) as type,
      unnest(p_schema_versions) as schema_version, unnest(v_occurred) as occurred, unnest(v_data) as data, unnest(v_meta) as meta
  ) as e
  where e.seq is not null;

  if v_found is not null then
    update streams s
    set version = asked.version
    from unnest(v_streams, p_expected, p_versions, v_ok) as asked (stream_id, expected, version, ok)
    where s.stream_id = any (v_found) and s.stream_id = asked.stream_id and asked.ok and asked.expected > 0;
  end if;

  return query
  select e.stream, min(e.seq), v_recorded, v_hashes[p_shards[e.stream] + 1]
  from unnest(p_event_streams, v_seqs) as e (stream, seq)
  where e.seq is not null
  group by e.stream;

  if p_timers is not null then
    if p_timers::jsonb @? '$[*] ? (@.due_at == null)' then
      delete from timers t
      using json_to_recordset(p_timers) as c (stream integer, kind text, due_at timestamptz)
      where c.due_at is null and v_ok[c.stream] and t.stream_id = any (v_streams) and t.stream_id = v_streams[c.stream] and t.kind = c.kind;
    end if;

    insert into timers (stream_id, kind, shard, due_at, epoch)
    select v_streams[c.stream], c.kind, p_shards[c.stream], c.due_at, c.version
    from json_to_recordset(p_timers) as c (stream integer, kind text, due_at timestamptz, version integer)
    where c.due_at is not null and v_ok[c.stream]
    order by 1, 2
    on conflict (stream_id, kind) do update set due_at = excluded.due_at, epoch = excluded.epoch;
  end if;

  if p_effects is not null then
    insert into pending_effects (stream_id, version, kind, data, due_at)
    select v_streams[c.stream], c.version, c.kind, c.data, v_recorded
    from json_to_recordset(p_effects) as c (stream integer, version integer, kind text, data json)
    where v_ok[c.stream]
    order by 1, 2, 3;
  end if;
end
$function$;

CREATE OR REPLACE FUNCTION drop_expired_projection_versions()
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'routing', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION event_digest(seq bigint, shard smallint, version integer, schema_version smallint, event_id uuid, occurred text, recorded text, stream_id text, type text, data text, meta text)
 RETURNS bytea
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN sha256(convert_to(((((((((((((((((((((seq)::text || chr(31)) || (shard)::text) || chr(31)) || (version)::text) || chr(31)) || (schema_version)::text) || chr(31)) || (event_id)::text) || chr(31)) || occurred) || chr(31)) || recorded) || chr(31)) || stream_id) || chr(31)) || type) || chr(31)) || data) || (chr(31) || meta)), 'UTF8'::name));
