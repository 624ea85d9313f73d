-- The queue of units that wait for stock. `waiting` is the fold of the backorder streams. `covered` counts units that were told of stock
-- and are on their way through routing: until the order says what became of them, nobody else is told of the same stock.
create table backorder_lines (
  order_id text not null,
  line_id text not null,
  sku text not null,
  waiting integer not null check (waiting >= 0),
  covered integer not null check (covered >= 0),
  -- of the first time: who waits longest is served first
  queued_at timestamptz not null,
  -- how often stock was found for it, and when last: stock that proved useless (another country, a full center) is not offered in a loop
  covers integer not null default 0,
  covered_at timestamptz,
  retry_at timestamptz,
  primary key (order_id, line_id)
) with (fillfactor = 70);
create index backorder_lines_waiting_idx on backorder_lines (sku, queued_at, order_id, line_id) where waiting > 0;
create index backorder_lines_covered_idx on backorder_lines (sku) where covered > 0;
