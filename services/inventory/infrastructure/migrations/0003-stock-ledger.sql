-- Read model: every movement of every stock row, in the order of its ledger. Fed by the projection stock-ledger.
create table stock_ledger_v1 (
  sku text not null,
  center_id text not null,
  stock_version bigint not null,
  type text not null,
  event_id text not null,
  stream_id text not null,
  order_id text not null,
  line_id text not null,
  fulfillment_order_id text not null,
  reason text not null,
  quantity integer not null,
  available integer not null,
  reserved integer not null,
  committed integer not null,
  quarantine integer not null,
  damaged integer not null,
  safety integer not null,
  actor_type text not null,
  actor_id text not null,
  recorded_at timestamptz not null,
  primary key (sku, center_id, stock_version)
);
create view stock_ledger as select * from stock_ledger_v1;
