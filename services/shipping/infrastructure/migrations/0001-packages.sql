-- What is written with the events, in their transactions: who owns a package, and which label is on it.
-- A read model would be behind, and a scan or a hand-over that comes at once would find nothing.

create table packages (
  package_id text collate "C" primary key,
  fulfillment_order_id text collate "C" not null,
  order_id text collate "C" not null,
  tenant_id text not null
);
create index packages_order_id_idx on packages (order_id);
create index packages_fulfillment_order_id_idx on packages (fulfillment_order_id);

-- Carriers use tracking numbers again: the newest label of a number counts.
create table labels (
  carrier text collate "C" not null,
  tracking_number text collate "C" not null,
  package_id text collate "C" not null,
  primary key (carrier, tracking_number)
);

-- Scans that nobody could place. One that comes again is the same row.
create table quarantined_scans (
  carrier text not null,
  scan_id text not null,
  tracking_number text not null,
  reason text not null,
  scan json not null,
  received_at timestamptz not null default clock_timestamp(),
  primary key (carrier, scan_id)
);
create index quarantined_scans_received_at_idx on quarantined_scans (received_at);
