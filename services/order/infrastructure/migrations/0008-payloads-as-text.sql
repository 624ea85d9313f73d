-- breaking: a service of before takes them to be read as objects by the driver.
-- As the log itself (event-log/0006): what only this service writes and reads back whole need not be parsed by PostgreSQL at each insert.
alter table personal_data alter data type text;
alter table personal_data set (toast_tuple_target = 8160);
alter table received_facts alter facts type text;

do $do$
declare
  claim regproc;
  definition text;
begin
  foreach claim in array array['claim_orders', 'claim_new_orders']::regproc[]
  loop
    definition := pg_get_functiondef(claim);
    if strpos(definition, 'asked.data::json') = 0 then
      raise exception '% does not hold: asked.data::json', claim;
    end if;
    execute replace(definition, 'asked.data::json', 'asked.data');
  end loop;
end
$do$;
