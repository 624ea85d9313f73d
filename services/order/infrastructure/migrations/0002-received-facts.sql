-- What the other services said about an order, for its timeline: the order's own log does not hold a picked item or a carrier's scan.
-- Written by the consumer in the transaction that moves its position.
create table received_facts (
  order_id uuid not null,
  source text collate "C" not null,
  shard smallint not null,
  seq bigint not null,
  event_id uuid not null,
  type text not null,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null,
  actor_type text not null,
  actor_id text not null,
  data json not null,
  -- The order first: one index for finding an order's facts and for knowing one that came before.
  primary key (order_id, source, shard, seq)
);

do $$
begin
  execute format('revoke update, truncate on received_facts from %I', current_setting('orderlog.app_role'));
end
$$;
