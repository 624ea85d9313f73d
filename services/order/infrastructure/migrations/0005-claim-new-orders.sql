-- What claim_orders does, for the batch that most are: every key and every reference is new. It is asked for in the statement that appends the
-- orders, so that a batch is one statement and one way to the database and back. If anything is not new it raises OL412, nothing of the batch is
-- written, and claim_orders finds out in a transaction whose order it is.
-- Lock order as there (protocol 1.3): keys sorted, then references sorted; streams and heads follow in the append.
create function claim_new_orders(
  p_tenants text,
  p_keys text,
  p_digests text,
  p_order_ids uuid[],
  p_channels text,
  p_references text,
  p_versions integer[],
  p_personal text
) returns boolean
language plpgsql
set search_path from current
set enable_seqscan = off
set jit = off
as $$
declare
  v_tenants constant text[] := string_to_array(p_tenants, chr(30));
  v_digests constant text[] := string_to_array(p_digests, chr(30));
  v_claimed integer;
begin
  insert into idempotency_keys (tenant_id, key, digest, order_id, status, version)
  select asked.tenant, asked.key, decode(asked.digest, 'hex'), asked.order_id, 201, asked.version
  from unnest(v_tenants, string_to_array(p_keys, chr(30)), v_digests, p_order_ids, p_versions) as asked (tenant, key, digest, order_id, version)
  order by asked.tenant collate "C", asked.key collate "C"
  on conflict do nothing;
  get diagnostics v_claimed = row_count;
  if v_claimed < cardinality(p_order_ids) then
    raise exception using errcode = 'OL412', message = 'a key is not new';
  end if;

  insert into external_references (tenant_id, channel, external_reference, order_id, digest)
  select asked.tenant, asked.channel, asked.reference, asked.order_id, decode(asked.digest, 'hex')
  from unnest(v_tenants, string_to_array(p_channels, chr(30)), string_to_array(p_references, chr(30)), v_digests, p_order_ids)
    as asked (tenant, channel, reference, digest, order_id)
  order by asked.tenant collate "C", asked.channel collate "C", asked.reference collate "C"
  on conflict do nothing;
  get diagnostics v_claimed = row_count;
  if v_claimed < cardinality(p_order_ids) then
    raise exception using errcode = 'OL412', message = 'a reference is not new';
  end if;

  insert into personal_data (order_id, version, kind, data)
  select asked.order_id, 1, 'order', asked.data::json
  from unnest(p_order_ids, string_to_array(p_personal, chr(30))) as asked (order_id, data);
  return true;
end
$$;

-- As the log itself (event-log/0004): tables that only grow are counted when they have doubled.
alter table received_facts set (autovacuum_analyze_scale_factor = 1);
