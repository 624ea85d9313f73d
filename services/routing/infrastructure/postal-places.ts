import type { SqlExecutor } from '@orderlog/event-log';
import { LRUCache } from 'lru-cache';
import type { Destination, Places, PostalCoordinate, ResolvedPlace } from '../application/ports.js';

const cachedMax = 50_000;
/** Other processes may learn places too: what was not found exactly is looked up again after so long. */
const coarseMs = 5_000;

/** Postal codes are compared without spaces and hyphens, in capitals. */
export const postalKey = (postalCode: string): string => postalCode.replaceAll(/[\s-]/g, '').toUpperCase();
/** Names of places are compared in lower case, without accents and doubled spaces. */
export const placeKey = (name: string): string =>
  name
    .normalize('NFD')
    .replaceAll(/\p{Mark}/gu, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .toLowerCase();

const learnSql = `insert into postal_coordinates as p (country_code, postal_code, city, region, city_key, region_key, latitude, longitude)
  select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::double precision[], $8::double precision[])
    as n (country_code, postal_code, city, region, city_key, region_key, latitude, longitude) order by country_code, postal_code
  on conflict (country_code, postal_code) do update set city = excluded.city, region = excluded.region, city_key = excluded.city_key,
    region_key = excluded.region_key, latitude = excluded.latitude, longitude = excluded.longitude`;
const exactSql = `select w.n, p.latitude, p.longitude from unnest($1::int[], $2::text[], $3::text[]) as w (n, country_code, postal_code)
  join postal_coordinates p using (country_code, postal_code)`;
// The mean of what is known of the city, else of the region. A whole country is no place: an address of which neither code, nor city,
// nor region is known is a wrong address, not a far one.
const coarseSql = `select w.n, c.latitude as city_latitude, c.longitude as city_longitude, r.latitude as region_latitude, r.longitude as region_longitude
  from unnest($1::int[], $2::text[], $3::text[], $4::text[]) as w (n, country_code, city_key, region_key)
  cross join lateral (select avg(latitude) as latitude, avg(longitude) as longitude from postal_coordinates p
    where p.country_code = w.country_code and p.city_key = w.city_key and w.city_key <> ''
      and (w.region_key = '' or p.region_key = w.region_key or not exists (
        select 1 from postal_coordinates q where q.country_code = w.country_code and q.city_key = w.city_key and q.region_key = w.region_key))) as c
  cross join lateral (select avg(latitude) as latitude, avg(longitude) as longitude from postal_coordinates p
    where c.latitude is null and p.country_code = w.country_code and p.region_key = w.region_key and w.region_key <> '') as r`;

type Coarse = {
  readonly n: number;
  readonly city_latitude: number | null;
  readonly city_longitude: number | null;
  readonly region_latitude: number | null;
  readonly region_longitude: number | null;
};

const placeOf = ({ city_latitude, city_longitude, region_latitude, region_longitude }: Coarse): ResolvedPlace | undefined => {
  if (city_latitude !== null && city_longitude !== null) return { point: { latitude: city_latitude, longitude: city_longitude }, basis: 'city' };
  if (region_latitude === null || region_longitude === null) return undefined;
  return { point: { latitude: region_latitude, longitude: region_longitude }, basis: 'region' };
};

/** The gazetteer on PostgreSQL, with what was asked lately in memory. */
export const postalPlaces = (sql: SqlExecutor): Places => {
  // `null` stands for "looked up, nothing there"; the cache cannot hold undefined.
  const cache = new LRUCache<string, { readonly place: ResolvedPlace | null }>({ max: cachedMax });
  const keyOf = ({ countryCode, postalCode = '', city = '', region = '' }: Destination): string =>
    `${countryCode}\n${postalKey(postalCode)}\n${placeKey(city)}\n${placeKey(region)}`;

  return {
    resolve: async (tx, destinations) => {
      const missing = new Map<string, Destination>();
      for (const destination of destinations) {
        const key = keyOf(destination);
        if (cache.get(key) === undefined) missing.set(key, destination);
      }
      const wanted = [...missing];
      const found = new Map<string, ResolvedPlace>();
      if (wanted.length > 0) {
        const { rows } = await tx.query<{ n: number; latitude: number; longitude: number }>(exactSql, [
          wanted.map((_, n) => n),
          wanted.map(([, { countryCode }]) => countryCode),
          wanted.map(([, { postalCode = '' }]) => postalKey(postalCode)),
        ]);
        for (const { n, latitude, longitude } of rows) {
          const key = wanted[n]?.[0] ?? '';
          found.set(key, { point: { latitude, longitude }, basis: 'postal_code' });
          cache.set(key, { place: { point: { latitude, longitude }, basis: 'postal_code' } });
        }
      }
      const inexact = wanted.filter(([key]) => !found.has(key));
      if (inexact.length > 0) {
        const { rows } = await tx.query<Coarse>(coarseSql, [
          inexact.map((_, n) => n),
          inexact.map(([, { countryCode }]) => countryCode),
          inexact.map(([, { city = '' }]) => placeKey(city)),
          inexact.map(([, { region = '' }]) => placeKey(region)),
        ]);
        for (const row of rows) {
          const key = inexact[row.n]?.[0] ?? '';
          const place = placeOf(row);
          if (place !== undefined) found.set(key, place);
          cache.set(key, { place: place ?? null }, { ttl: coarseMs });
        }
      }
      return destinations.map((destination) => found.get(keyOf(destination)) ?? cache.get(keyOf(destination))?.place ?? undefined);
    },
    learn: async (coordinates) => {
      // A code that is given twice counts once, the last time: one statement may not touch a row twice.
      const byKey = new Map<string, PostalCoordinate>(coordinates.map((one) => [`${one.countryCode} ${postalKey(one.postalCode)}`, one]));
      const rows = [...byKey.values()];
      await sql.query(learnSql, [
        rows.map(({ countryCode }) => countryCode),
        rows.map(({ postalCode }) => postalKey(postalCode)),
        rows.map(({ city }) => city),
        rows.map(({ region }) => region),
        rows.map(({ city }) => placeKey(city)),
        rows.map(({ region }) => placeKey(region)),
        rows.map(({ latitude }) => latitude),
        rows.map(({ longitude }) => longitude),
      ]);
      cache.clear();
    },
  };
};
