-- As in the event log (event-log/0003): by number, because the table only grows.
alter table tracked_packages_v1 set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0.5);
