-- Dead rows are cleared as soon as there are a thousand. PostgreSQL's own setting waits for a fifth of the table: the more orders are stored, the more
-- of them lie about (35 % more every ten minutes under load).
alter table streams set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0.5);
alter table timers set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0.5);
alter table pending_effects set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0.5);
