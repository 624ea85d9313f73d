-- As the log itself (event-log/0004): a table that only grows is counted when it has doubled.
alter table tracked_scans_v1 set (autovacuum_analyze_scale_factor = 1);
