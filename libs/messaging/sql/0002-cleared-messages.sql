-- A message that an operator has looked at is cleared, not deleted: read once more (a replay, a rebalance) it would stand here anew.
alter table quarantined_message add column cleared_at timestamptz;
