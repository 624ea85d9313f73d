import { type Command, type Decider, type Event } from '@orderlog/decider';

/** A barcode that a scanner may read for an item. */
export type Barcode = { readonly symbology: string; readonly value: string };

/** What is known of an item: the owner's record. Weights in grams, lengths in millimeters. */
export type ItemRecord = {
  readonly sku: string;
  readonly name: string;
  readonly weightGrams: number;
  readonly lengthMm: number;
  readonly widthMm: number;
  readonly heightMm: number;
  readonly hazmat: boolean;
  readonly barcodes: readonly Barcode[];
  readonly active: boolean;
};

export type ItemCommand = Command<'DefineItem', ItemRecord>;
export type ItemEvent = Event<'ItemDefined', ItemRecord>;

/** The record as last defined; undefined before the first time. */
export type Item = { readonly record: ItemRecord | undefined };

const same = (a: ItemRecord, b: ItemRecord): boolean =>
  a.name === b.name &&
  a.weightGrams === b.weightGrams &&
  a.lengthMm === b.lengthMm &&
  a.widthMm === b.widthMm &&
  a.heightMm === b.heightMm &&
  a.hazmat === b.hazmat &&
  a.active === b.active &&
  a.barcodes.length === b.barcodes.length &&
  a.barcodes.every(({ symbology, value }, n) => b.barcodes[n]?.symbology === symbology && b.barcodes[n]?.value === value);

const copy = ({ sku, name, weightGrams, lengthMm, widthMm, heightMm, hazmat, barcodes, active }: ItemRecord): ItemRecord => ({
  sku,
  name,
  weightGrams,
  lengthMm,
  widthMm,
  heightMm,
  hazmat,
  barcodes: barcodes.map(({ symbology, value }) => ({ symbology, value })),
  active,
});

/** One item. Stream `item-<sku>`. */
export const item: Decider<ItemCommand, ItemEvent, Item> = {
  initialState: { record: undefined },
  decide: ({ data }, { record }) => (record !== undefined && same(record, data) ? [] : [{ type: 'ItemDefined', data: copy(data) }]),
  evolve: (_, { data }) => ({ record: copy(data) }),
};
