-- Effects are claimed a few of a kind at a time, the oldest first. Without the kind in the index each claim read and sorted all that were due.
create index pending_effects_kind_due_at_idx on pending_effects (kind, due_at);
drop index pending_effects_due_at_idx;
