-- Read model parcel-tracking, version 1: every package with what customers and the dock see of it.

create table tracked_packages_v1 (
  package_id text collate "C" primary key,
  tenant_id text not null,
  order_id text not null,
  fulfillment_order_id text collate "C" not null,
  center_id text not null,
  tracking_token text not null,
  status text not null,
  lines json not null,
  weight_grams integer not null,
  service_level text not null,
  destination_country_code text not null,
  destination_postal_code text not null,
  destination_city text not null,
  carrier text not null,
  tracking_number text not null,
  tracking_url text not null,
  shipment_id text not null,
  planned_delivery text not null,
  expected_delivery text not null,
  expected_delivery_from text not null,
  expected_delivery_until text not null,
  packed_at timestamptz not null,
  handed_over_at timestamptz,
  ended_at timestamptz
) with (fillfactor = 80);
create index tracked_packages_v1_tracking_token_idx on tracked_packages_v1 (tracking_token);
create index tracked_packages_v1_tracking_number_idx on tracked_packages_v1 (tracking_number) where tracking_number <> '';
create index tracked_packages_v1_fulfillment_order_id_idx on tracked_packages_v1 (fulfillment_order_id);
-- The docks' lists: what may be handed over, oldest first, of one center or of all; and what is on its way.
create index tracked_packages_v1_status_packed_at_idx on tracked_packages_v1 (status, packed_at, package_id) where status in ('labeled', 'handed_over');
create index tracked_packages_v1_center_id_packed_at_idx on tracked_packages_v1 (center_id, packed_at, package_id) where status = 'labeled';

create table tracked_scans_v1 (
  package_id text collate "C" not null,
  scan_id text not null,
  status text not null,
  carrier_text text not null,
  scanned_at timestamptz not null,
  city text not null,
  country_code text not null,
  utc_offset_minutes integer not null,
  primary key (package_id, scan_id)
);

-- What is read; a newer version takes the name over when it is switched to.
create view tracked_packages as select * from tracked_packages_v1;
create view tracked_scans as select * from tracked_scans_v1;
