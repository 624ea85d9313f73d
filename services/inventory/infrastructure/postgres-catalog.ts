import type { Catalog } from '../application/ports.js';

const saveSql = `insert into items as i (sku, name, weight_grams, length_mm, width_mm, height_mm, hazmat, barcodes, active, version)
  select * from unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::int[], $6::int[], $7::boolean[], $8::json[], $9::boolean[], $10::bigint[])
  on conflict (sku) do update set name = excluded.name, weight_grams = excluded.weight_grams, length_mm = excluded.length_mm,
    width_mm = excluded.width_mm, height_mm = excluded.height_mm, hazmat = excluded.hazmat, barcodes = excluded.barcodes,
    active = excluded.active, version = excluded.version`;

/** The items on PostgreSQL. */
export const postgresCatalog: Catalog = {
  unknown: async (tx, skus) => {
    const { rows } = await tx.query<{ sku: string }>('select sku from items where sku = any($1)', [skus]);
    const known = new Set(rows.map(({ sku }) => sku));
    return skus.filter((sku) => !known.has(sku));
  },
  save: async (tx, items) => {
    await tx.query(saveSql, [
      items.map(({ sku }) => sku),
      items.map(({ name }) => name),
      items.map(({ weightGrams }) => weightGrams),
      items.map(({ lengthMm }) => lengthMm),
      items.map(({ widthMm }) => widthMm),
      items.map(({ heightMm }) => heightMm),
      items.map(({ hazmat }) => hazmat),
      items.map(({ barcodes }) => JSON.stringify(barcodes)),
      items.map(({ active }) => active),
      items.map(({ version }) => version),
    ]);
  },
};
