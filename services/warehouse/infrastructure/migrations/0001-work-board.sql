-- What is to be done now, one row for each fulfillment order with work left. Written in the transaction of the events it follows from,
-- as a function of the folded stream; empty rows are deleted, so the table stays as small as the work at hand.
create table fulfillment_order_work (
  fulfillment_order_id text primary key,
  center_id text not null,
  -- RFC 3339 in UTC: sorts as time; empty (no cut-off known) first
  ship_by text not null,
  -- empty: waits for a wave
  pick_list_id text not null,
  to_plan integer not null check (to_plan >= 0),
  to_pick integer not null check (to_pick >= 0),
  to_sort integer not null check (to_sort >= 0),
  to_pack integer not null check (to_pack >= 0),
  -- a lease, not from the log: somebody is putting it on a wave at this moment
  claimed_until timestamptz
) with (fillfactor = 70);
create index fulfillment_order_work_waiting_idx on fulfillment_order_work (center_id, ship_by, fulfillment_order_id) where pick_list_id = '';
create index fulfillment_order_work_pick_list_idx on fulfillment_order_work (pick_list_id) where pick_list_id <> '';

-- Waves that are not finished, and whose hands they are in (a lease by the database's clock).
create table open_pick_lists (
  pick_list_id text primary key,
  center_id text not null,
  worker_id text not null,
  leased_until timestamptz not null,
  opened_at timestamptz not null default clock_timestamp()
) with (fillfactor = 70);
create index open_pick_lists_center_idx on open_pick_lists (center_id, opened_at);

-- Picked units of cancelled lines that have to go back to their bin.
create table put_back_tasks (
  task_id text primary key,
  fulfillment_order_id text not null,
  center_id text not null,
  line_id text not null,
  sku text not null,
  quantity integer not null check (quantity > 0),
  bin text not null,
  worker_id text not null default '',
  leased_until timestamptz
);
create index put_back_tasks_center_idx on put_back_tasks (center_id, task_id);
