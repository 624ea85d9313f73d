-- Read model: units planned for each center and day of dispatch. Fed by the projection center-load.
create table center_load_v1 (
  center_id text not null,
  day date not null,
  units bigint not null,
  primary key (center_id, day)
) with (fillfactor = 50);
create view center_load as select * from center_load_v1;
