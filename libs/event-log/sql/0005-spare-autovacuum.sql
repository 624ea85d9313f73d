-- What autovacuum does for a table whose rows never change, and that is read through its keys in all that runs all the time (checks and benchmarks, which
-- also look for types and times, read all of it).
-- Counting: of 3,000 rows instead of 30,000, and of keys only. Clearing: there is nothing to clear; what is left is to mark pages as visible to all,
-- which a log that is read by the row has no use of, and to freeze rows once in their life. By PostgreSQL's own settings a busy log's page is visited for
-- the first a minute after it was written and for the second much later; here once, for both, whenever a million rows are new.
alter table event_log set (autovacuum_vacuum_insert_threshold = 1000000, autovacuum_vacuum_insert_scale_factor = 0, autovacuum_freeze_min_age = 0);
alter table event_log
  alter shard set statistics 10, alter seq set statistics 10, alter stream_id set statistics 10, alter version set statistics 10,
  alter event_id set statistics 0, alter type set statistics 0, alter schema_version set statistics 0, alter occurred_at set statistics 0,
  alter recorded_at set statistics 0, alter data set statistics 0, alter meta set statistics 0, alter batch_hash set statistics 0;
