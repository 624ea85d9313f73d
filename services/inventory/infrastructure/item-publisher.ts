import { takeTurns, type Turns } from '@orderlog/backbone';
import type { ItemCopy } from '@orderlog/contracts';
import type { SqlExecutor } from '@orderlog/event-log';

const recordsMax = 500;

type Row = {
  readonly sku: string;
  readonly name: string;
  readonly weight_grams: number;
  readonly length_mm: number;
  readonly width_mm: number;
  readonly height_mm: number;
  readonly hazmat: boolean;
  readonly barcodes: ItemCopy['barcodes'];
  readonly active: boolean;
  readonly version: number;
};

const copyOf = ({ weight_grams, length_mm, width_mm, height_mm, ...row }: Row): ItemCopy => ({
  ...row,
  weightGrams: weight_grams,
  lengthMm: length_mm,
  widthMm: width_mm,
  heightMm: height_mm,
});

/** Keeps the compacted topic at the items as last defined; what it still has to publish stands in the table. */
export const itemPublisher = (options: {
  readonly sql: SqlExecutor;
  readonly publish: (records: readonly { readonly key: string; readonly value: ItemCopy }[]) => Promise<void>;
  readonly onError: (error: unknown) => void;
}): Turns =>
  takeTurns({
    turn: async () => {
      const { rows } = await options.sql.query<Row>(
        `select sku, name, weight_grams, length_mm, width_mm, height_mm, hazmat, barcodes, active, version
         from items where version > published_version order by sku limit $1`,
        [recordsMax],
      );
      if (rows.length === 0) return false;
      await options.publish(rows.map((row) => ({ key: row.sku, value: copyOf(row) })));
      await options.sql.query(
        `update items as i set published_version = n.version from unnest($1::text[], $2::bigint[]) as n (sku, version)
         where i.sku = n.sku and i.published_version < n.version`,
        [rows.map(({ sku }) => sku), rows.map(({ version }) => version)],
      );
      return rows.length === recordsMax;
    },
    idleMs: 1_000,
    gatherMs: 10,
    onError: options.onError,
  });
