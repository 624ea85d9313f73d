-- Read model: fulfillment orders of a center by status. Fed by the projection fulfillment-order-list.
create table fulfillment_order_list_v1 (
  fulfillment_order_id text primary key,
  order_id text not null,
  center_id text not null,
  center_kind text not null,
  attempt integer not null,
  status text not null,
  request_status text not null,
  is_overdue boolean not null,
  ship_by text not null,
  answer_by text not null,
  service_level text not null,
  pick_list_id text not null,
  requested integer not null,
  packed integer not null,
  shorted integer not null,
  cancelled integer not null,
  rejected integer not null,
  pending integer not null,
  packages integer not null,
  is_accepted boolean not null,
  is_picked boolean not null,
  is_closed boolean not null,
  requested_at timestamptz not null,
  updated_at timestamptz not null
) with (fillfactor = 70);
create index fulfillment_order_list_v1_center_idx on fulfillment_order_list_v1 (center_id, fulfillment_order_id);
create index fulfillment_order_list_v1_submitted_idx on fulfillment_order_list_v1 (center_id, fulfillment_order_id)
  where request_status in ('submitted', 'cancellation_requested');
create view fulfillment_order_list as select * from fulfillment_order_list_v1;
