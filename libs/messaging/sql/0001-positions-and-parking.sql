-- Positions of the relay and of the consumer, and what could not be applied. Columns that follow the protocol's rules, not history:
-- every row here may be rebuilt from the logs, at the price of reading again.

-- Who publishes a shard, and how far it is. The lease runs by the database's clock; an epoch is one ownership.
create table relay_cursor (
  shard integer primary key,
  owner text not null default '',
  epoch bigint not null default 0,
  lease_until timestamptz not null default '-infinity',
  seq bigint not null default 0 check (seq >= 0),
  -- The topic's end after our last send: an end before it means that somebody emptied or recreated the topic.
  topic_end bigint not null default 0
);

-- How far a partition of another service's topic has been applied. One row is the whole dedupe state.
create table consumer_position (
  consumer_group text not null,
  topic text not null,
  partition integer not null,
  owner text not null,
  -- The fence: whoever claims raises it, and every transaction of an earlier owner finds no row.
  epoch bigint not null,
  -- The producer's log; null until it has been asked once.
  log_id text,
  last_seq bigint not null default 0 check (last_seq >= 0),
  -- Where to begin fetching. A hint: whatever comes from there is judged by its sequence number.
  next_offset bigint not null default 0,
  updated_at timestamptz not null default now(),
  primary key (consumer_group, topic, partition)
) with (fillfactor = 50);

-- A stream that a fact failed on for good. Everything for it waits until a person releases it. Keyed by the stream alone: commands and
-- timers ask too, and they know no group.
create table parked_stream (
  stream_id text collate "C" primary key,
  consumer_group text not null,
  since timestamptz not null default now(),
  error text not null
);

-- What waits, in arrival order.
create table parked_event (
  stream_id text collate "C" not null references parked_stream (stream_id),
  arrival bigint generated always as identity,
  topic text not null,
  partition integer not null,
  seq bigint not null,
  fact json not null,
  -- Empty for those that only came after the one that failed.
  error text not null,
  primary key (stream_id, arrival)
);

-- Messages that are no rows of the producer's log: another log's, unreadable, beyond its head. They never move a position.
create table quarantined_message (
  consumer_group text not null,
  topic text not null,
  partition integer not null,
  -- Of the message; for a row of the log that has no target to park: minus its sequence number.
  message_offset bigint not null,
  reason text not null,
  message_key text,
  headers json not null,
  value text,
  seen_at timestamptz not null default now(),
  primary key (consumer_group, topic, partition, message_offset)
);
