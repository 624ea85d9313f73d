-- One row for each SKU and center, written in the transaction of the events it follows from, under its own lock: the sum of the
-- ledger, at any time. The events are the record; `orderlog verify` compares.
create table stock (
  sku text not null,
  center_id text not null,
  available integer not null default 0 check (available >= 0),
  reserved integer not null default 0 check (reserved >= 0),
  committed integer not null default 0 check (committed >= 0),
  quarantine integer not null default 0 check (quarantine >= 0),
  damaged integer not null default 0 check (damaged >= 0),
  safety integer not null default 0 check (safety >= 0),
  -- counts the movements
  version bigint not null default 0,
  -- when units last became available: what a backorder that was covered in vain waits for
  arrived_at timestamptz,
  primary key (sku, center_id)
) with (fillfactor = 50);
create index stock_center_id_sku_idx on stock (center_id, sku);

-- What stands on the compacted topic inventory.availability. Apart from `stock`, so that publishing never waits for a reservation.
create table availability_published (
  sku text not null,
  center_id text not null,
  available integer not null,
  version bigint not null,
  primary key (sku, center_id)
) with (fillfactor = 50);

-- The items as last defined, for the check of incoming goods and the compacted topic inventory.items.
create table items (
  sku text primary key,
  name text not null,
  weight_grams integer not null,
  length_mm integer not null,
  width_mm integer not null,
  height_mm integer not null,
  hazmat boolean not null,
  barcodes json not null,
  active boolean not null,
  -- of the item's stream
  version bigint not null,
  published_version bigint not null default 0
);
create index items_unpublished_idx on items (sku) where version > published_version;
