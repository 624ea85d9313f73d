-- How far each projection has applied its own service's log. `projection` is `<name>.v<version>`, so that a new version builds beside the old.
-- A row moves in the transaction that writes the read model's rows, and only from the place its writer knew: of two processes one applies.
create table projection_checkpoints (
  projection text collate "C" not null,
  shard smallint not null,
  seq bigint not null check (seq >= 0),
  primary key (projection, shard)
) with (fillfactor = 50);
