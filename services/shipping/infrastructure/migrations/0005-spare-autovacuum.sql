-- As the log itself (event-log/0005): rows that never change are visited once, whenever a million are new.
alter table tracked_scans_v1 set (autovacuum_vacuum_insert_threshold = 1000000, autovacuum_vacuum_insert_scale_factor = 0, autovacuum_freeze_min_age = 0);
