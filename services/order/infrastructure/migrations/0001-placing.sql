-- Placing orders: which key and which reference has which order, and what the log must not hold. Run as the owner role.

-- The answer to a key: the order and how it stood when it was answered. Kept for 7 days.
create table idempotency_keys (
  tenant_id text collate "C" not null,
  key text collate "C" not null,
  digest bytea not null,
  order_id uuid not null,
  status smallint not null,
  version integer not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, key)
);
-- brin: rows come in the order of time, and an order placed must not pay for a second tree.
create index idempotency_keys_created_at_idx on idempotency_keys using brin (created_at);

-- One external reference, one order, for ever.
create table external_references (
  tenant_id text collate "C" not null,
  channel text collate "C" not null,
  external_reference text collate "C" not null,
  order_id uuid not null,
  digest bytea not null,
  primary key (tenant_id, channel, external_reference)
);

-- Names, street, e-mail, phone, instructions, gift texts, feedback texts. Insert-only; erasure deletes rows, and the log stays whole.
create table personal_data (
  order_id uuid not null,
  version integer not null check (version > 0),
  kind text not null check (kind in ('order', 'feedback')),
  data json not null,
  created_at timestamptz not null default now(),
  primary key (order_id, version)
);

-- Claims keys and references of a batch and stores the personal data of the orders that are new. Lists of text come joined by chr(30).
-- Lock order (protocol 1.3): keys sorted, then references sorted; streams and heads follow in the same transaction.
-- Keys are distinct within a batch; the caller has coalesced equal ones. A request without a row in the answer met a key that vanished
-- between two statements: it is to be tried again.
create function claim_orders(
  p_tenants text,
  p_keys text,
  p_digests text,
  p_order_ids uuid[],
  p_channels text,
  p_references text,
  p_versions integer[],
  p_personal text
) returns table (n integer, outcome text, order_id uuid, status smallint, version integer)
language plpgsql
set search_path from current
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_column
declare
  v_tenants constant text[] := string_to_array(p_tenants, chr(30));
  v_keys constant text[] := string_to_array(p_keys, chr(30));
  v_digests constant text[] := string_to_array(p_digests, chr(30));
  v_channels constant text[] := string_to_array(p_channels, chr(30));
  v_references constant text[] := string_to_array(p_references, chr(30));
  v_personal constant text[] := string_to_array(p_personal, chr(30));
  v_count constant integer := cardinality(p_order_ids);
  v_won uuid[];
  v_placed uuid[];
begin
  with claimed as (
    insert into idempotency_keys (tenant_id, key, digest, order_id, status, version)
    select asked.tenant, asked.key, decode(asked.digest, 'hex'), asked.order_id, 201, asked.version
    from unnest(v_tenants, v_keys, v_digests, p_order_ids, p_versions) as asked (tenant, key, digest, order_id, version)
    order by asked.tenant collate "C", asked.key collate "C"
    on conflict do nothing
    returning order_id
  )
  select coalesce(array_agg(claimed.order_id), '{}') into v_won from claimed;

  -- A statement of its own: the one above cannot see the rows it lost to.
  if cardinality(v_won) < v_count then
    return query
    select asked.n::integer, case when k.digest = decode(asked.digest, 'hex') then 'replayed' else 'key_reused' end, k.order_id, k.status, k.version
    from unnest(v_tenants, v_keys, v_digests, p_order_ids) with ordinality as asked (tenant, key, digest, order_id, n)
    join idempotency_keys k on k.tenant_id = asked.tenant and k.key = asked.key
    where asked.order_id <> all (v_won);
  end if;

  -- Joined on the order id that the claim returned, never on the key: two orders from one key would block the shard for ever.
  with claimed as (
    insert into external_references (tenant_id, channel, external_reference, order_id, digest)
    select distinct on (asked.tenant collate "C", asked.channel collate "C", asked.reference collate "C")
      asked.tenant, asked.channel, asked.reference, asked.order_id, decode(asked.digest, 'hex')
    from unnest(v_tenants, v_channels, v_references, v_digests, p_order_ids) with ordinality
      as asked (tenant, channel, reference, digest, order_id, n)
    where asked.order_id = any (v_won)
    order by asked.tenant collate "C", asked.channel collate "C", asked.reference collate "C", asked.n
    on conflict do nothing
    returning order_id
  )
  select coalesce(array_agg(claimed.order_id), '{}') into v_placed from claimed;

  if cardinality(v_placed) < cardinality(v_won) then
    return query
    with lost as materialized (
      select asked.n::integer as n, asked.tenant, asked.key, r.order_id, r.digest = decode(asked.digest, 'hex') as is_same,
        -- An order of this very batch is not in its stream yet.
        coalesce((select s.version from streams s where s.stream_id = 'order-' || r.order_id::text), asked.version) as version
      from unnest(v_tenants, v_keys, v_channels, v_references, v_digests, p_order_ids, p_versions) with ordinality
        as asked (tenant, key, channel, reference, digest, order_id, version, n)
      join external_references r on r.tenant_id = asked.tenant and r.channel = asked.channel and r.external_reference = asked.reference
      where asked.order_id = any (v_won) and asked.order_id <> all (v_placed)
    ), pointed as (
      update idempotency_keys k set order_id = lost.order_id, status = 200, version = lost.version
      from lost
      where lost.is_same and k.tenant_id = lost.tenant and k.key = lost.key
    ), freed as (
      -- A refused order stores nothing, so its key stays free.
      delete from idempotency_keys k using lost
      where not lost.is_same and k.tenant_id = lost.tenant and k.key = lost.key
    )
    select lost.n, case when lost.is_same then 'same_reference' else 'other_reference' end, lost.order_id, 200::smallint, lost.version
    from lost;
  end if;

  insert into personal_data (order_id, version, kind, data)
  select asked.order_id, 1, 'order', asked.data::json
  from unnest(p_order_ids, v_personal) as asked (order_id, data)
  where asked.order_id = any (v_placed);

  return query
  select asked.n::integer, 'placed'::text, asked.order_id, 201::smallint, asked.version
  from unnest(p_order_ids, p_versions) with ordinality as asked (order_id, version, n)
  where asked.order_id = any (v_placed);
end
$$;

do $$
declare
  app constant text := current_setting('orderlog.app_role');
begin
  -- What a person was asked for is added and erased, never changed.
  execute format('revoke all on personal_data, external_references from %I', app);
  execute format('grant select, insert, delete on personal_data to %I', app);
  execute format('grant select, insert on external_references to %I', app);
  execute format('revoke truncate on idempotency_keys from %I', app);
end
$$;
