-- The fulfillment centers as last defined, written in the transaction of the event.
create table centers (
  center_id text primary key,
  -- the record of CenterDefined
  record json not null,
  -- of the center's stream
  version bigint not null,
  published_version bigint not null default 0
);
create index centers_unpublished_idx on centers (center_id) where version > published_version;

-- Where postal codes are. Reference data: loaded in bulk, not from the log.
create table postal_coordinates (
  country_code text not null,
  -- without spaces and hyphens, in capitals
  postal_code text not null,
  city text not null,
  region text not null,
  -- lower case, without accents: what a destination is compared with
  city_key text not null,
  region_key text not null,
  latitude double precision not null,
  longitude double precision not null,
  primary key (country_code, postal_code)
);
create index postal_coordinates_city_idx on postal_coordinates (country_code, city_key);
create index postal_coordinates_region_idx on postal_coordinates (country_code, region_key);
