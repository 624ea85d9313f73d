-- Where the SKUs of a center lie. Reference data, given by the center; a SKU without a row has its assumed bin.
create table bins (
  center_id text not null,
  sku text not null,
  bin text not null,
  primary key (center_id, sku)
);
