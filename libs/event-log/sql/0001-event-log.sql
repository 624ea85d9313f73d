-- The event log of one service (protocol 1.2 and 1.3). It is run with the search path on the service's schema, as the owner role;
-- `orderlog.app_role` names the role that the service logs in as.

-- One row a stream: conflicts are found here, before any sequence number is given out. Byte order ("C"), so that every locker sorts alike.
create table streams (
  stream_id text collate "C" primary key,
  shard smallint not null,
  version integer not null check (version >= 0)
) with (fillfactor = 85);

-- The log and the outbox in one: every row is published, one to one. `json` and not `jsonb`: jsonb reorders keys, and hashes break.
create table event_log (
  shard smallint not null,
  seq bigint not null,
  stream_id text collate "C" not null,
  version integer not null,
  event_id uuid not null,
  type text not null,
  schema_version smallint not null,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null,
  data json not null,
  meta json not null,
  batch_hash bytea not null,
  constraint event_log_pkey primary key (shard, seq),
  -- A safety net for versions, and the index a stream is read by.
  constraint event_log_shard_stream_id_version_key unique (shard, stream_id, version)
);

-- The newest row of each shard. Locked last, in ascending order, and until the commit: hence no hole, and visibility in commit order.
create table shard_head (
  shard smallint primary key,
  log_id uuid not null,
  seq bigint not null,
  hash bytea not null
) with (fillfactor = 10);

-- 16 shards, fixed at install (`shardsPerLog`); the chain begins at 32 zero bytes.
insert into shard_head (shard, log_id, seq, hash)
select shard, log_id, 0, decode(repeat('00', 32), 'hex')
from generate_series(0, 15) as shard, (select gen_random_uuid() as log_id) as log;

-- Deadlines, leases, follow-ups. The epoch is the version of the event that set the timer: it only grows, also over a clear and a new set.
create table timers (
  stream_id text collate "C" not null,
  kind text not null,
  shard smallint not null,
  due_at timestamptz not null,
  epoch integer not null,
  primary key (stream_id, kind)
) with (fillfactor = 85);
create index timers_due_at_idx on timers (due_at);

-- Calls to the outside that an event asked for; the row goes when the call is done and its result recorded.
create table pending_effects (
  stream_id text collate "C" not null,
  version integer not null,
  kind text not null,
  data json not null,
  due_at timestamptz not null,
  attempts integer not null default 0,
  lease_until timestamptz,
  last_error text,
  primary key (stream_id, version, kind)
) with (fillfactor = 85);
create index pending_effects_due_at_idx on pending_effects (due_at);

-- Folded states of long streams: a cache only. Another `state_schema` than today's is void.
create table snapshots (
  stream_id text collate "C" primary key,
  version integer not null,
  state_schema integer not null,
  state bytea not null
);

-- What the chain covers of a row: everything but its batch hash. (`stable`, because `convert_to` is: otherwise it is not inlined, and a batch
-- takes twice as long.) Fields of a fixed alphabet first; chr(31) cannot stand raw in JSON.
create function event_digest(
  seq bigint, shard smallint, version integer, schema_version smallint, event_id uuid, occurred text, recorded text,
  stream_id text, type text, data text, meta text
) returns bytea
language sql stable parallel safe
return sha256(convert_to(
  seq::text || chr(31) || shard::text || chr(31) || version::text || chr(31) || schema_version::text || chr(31) || event_id::text || chr(31)
  || occurred || chr(31) || recorded || chr(31) || stream_id || chr(31) || type || chr(31) || data || chr(31) || meta, 'UTF8'));

-- Appends events to many streams in one round trip: streams are locked and compared, what conflicts is left out (`strict`: raises OL409),
-- then the heads are locked, numbers given out, rows hashed and written. Answers a row for each stream that was appended to; no row = conflict.
--
-- Lists of text come joined by chr(30), which cannot stand raw in JSON: array literals would have to be escaped and parsed a second time.
-- No statement runs once per row. The planner settings keep it off sequential scans of tables that
-- were small when the plan was made, and off nested loops over the unnested lists.
create function append_events(
  p_strict boolean,
  p_stream_ids text,
  p_shards smallint[],
  p_expected integer[],
  p_versions integer[],
  p_event_streams integer[],
  p_event_versions integer[],
  p_event_ids uuid[],
  p_types text,
  p_schema_versions smallint[],
  p_occurred text,
  p_data text,
  p_meta text,
  p_timers json,
  p_effects json
) returns table (n integer, first_seq bigint, recorded_at timestamptz, batch_hash bytea)
language plpgsql
set search_path from current
set enable_nestloop = off
set enable_seqscan = off
set jit = off
as $$
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

  select array_agg(
    case when asked.expected = 0 then created.stream_id is not null else coalesce(found.version = asked.expected, false) end order by asked.n
  ) into v_ok
  from unnest(v_streams, p_expected) with ordinality as asked (stream_id, expected, n)
  left join unnest(v_created) as created (stream_id) on created.stream_id = asked.stream_id
  left join unnest(v_found, v_found_versions) as found (stream_id, version) on found.stream_id = asked.stream_id;

  if p_strict and false = any (v_ok) then
    raise exception using errcode = 'OL409', message = v_streams[array_position(v_ok, false)];
  end if;
  if not (true = any (v_ok)) then
    return;
  end if;

  -- Arrays by shard + 1 from here on: rows with payloads pass through no join and no sort.
  select array_agg(head.seq order by s.shard) into v_heads
  from generate_series(0, (select max(shard) from unnest(p_shards) as asked (shard))) as s (shard)
  left join (
    select h.shard, h.seq
    from shard_head h
    where h.shard = any (array(select distinct asked.shard from unnest(p_shards, v_ok) as asked (shard, ok) where asked.ok))
    order by h.shard
    for update
  ) as head on head.shard = s.shard;

  -- Under the head locks, so that times do not go back within a shard.
  v_recorded := date_trunc('milliseconds', clock_timestamp());
  v_recorded_text := to_char(v_recorded at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

  -- Null for the events of a stream that conflicts.
  select
    array_agg(case when v_ok[e.stream] then v_heads[e.shard + 1] + e.place end order by e.n),
    array_agg(coalesce(nullif(v_occurred[e.n], ''), v_recorded_text) order by e.n)
  into v_seqs, v_occurred
  from (
    select e.n, e.stream, p_shards[e.stream] as shard,
      count(*) filter (where v_ok[e.stream]) over (partition by p_shards[e.stream] order by e.n) as place
    from unnest(p_event_streams) with ordinality as e (stream, n)
  ) as e;

  with digests as materialized (
    select e.seq, p_shards[e.stream] as shard, event_digest(
      e.seq, p_shards[e.stream], e.version, e.schema_version, e.event_id, e.occurred, v_recorded_text, v_streams[e.stream], e.type, e.data, e.meta) as digest
    from unnest(p_event_streams, v_seqs, p_event_versions, p_event_ids, v_types, p_schema_versions, v_occurred, v_data, v_meta)
      as e (stream, seq, version, event_id, type, schema_version, occurred, data, meta)
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

  insert into event_log (shard, seq, stream_id, version, event_id, type, schema_version, occurred_at, recorded_at, data, meta, batch_hash)
  select
    p_shards[e.stream], e.seq, v_streams[e.stream], e.version, e.event_id, e.type, e.schema_version, e.occurred::timestamptz, v_recorded,
    e.data::json, e.meta::json, v_hashes[p_shards[e.stream] + 1]
  from unnest(p_event_streams, v_seqs, p_event_versions, p_event_ids, v_types, p_schema_versions, v_occurred, v_data, v_meta)
    as e (stream, seq, version, event_id, type, schema_version, occurred, data, meta)
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
    delete from timers t
    using json_to_recordset(p_timers) as c (stream integer, kind text, due_at timestamptz)
    where c.due_at is null and v_ok[c.stream] and t.stream_id = any (v_streams) and t.stream_id = v_streams[c.stream] and t.kind = c.kind;

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
$$;

-- What is written stays: the service may add to its log, never change it; and it moves heads and versions, never removes them.
do $$
declare
  app constant text := current_setting('orderlog.app_role');
begin
  execute format('revoke all on event_log, streams, shard_head from %I', app);
  execute format('grant select, insert on event_log to %I', app);
  execute format('grant select, insert, update on streams to %I', app);
  execute format('grant select, update on shard_head to %I', app);
end
$$;
