-- Read model: one row an order, for lists. Folded from the order's events only; a rebuild gives the same rows.
create table order_summary_1 (
  order_id uuid primary key,
  tenant_id text collate "C" not null,
  channel text collate "C" not null,
  external_reference text collate "C" not null,
  number text not null,
  status text collate "C" not null,
  version integer not null,
  currency text not null,
  grand_total bigint not null,
  units integer not null,
  backordered_units integer not null,
  payment_status text not null,
  hold_reasons text not null,
  country_code text not null,
  has_open_cancellation boolean not null,
  due_at timestamptz,
  review_at timestamptz,
  placed_at timestamptz not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
) with (fillfactor = 70);
create index order_summary_1_tenant_id_created_at_idx on order_summary_1 (tenant_id, created_at, order_id);
create index order_summary_1_tenant_id_status_idx on order_summary_1 (tenant_id, status, created_at, order_id);
create index order_summary_1_tenant_id_external_reference_idx on order_summary_1 (tenant_id, external_reference);
create index order_summary_1_due_at_idx on order_summary_1 (due_at) where due_at is not null;

-- Readers know the view only, so that another version of the table can take its place.
create view order_summary as select * from order_summary_1;
