import { Id, Matching, NestedList, OneOf, Sku, Text, Truth, WholeNumber } from '@orderlog/edge';
import { adjustmentReasons, buckets, type AdjustmentReason, type Bucket } from '@orderlog/inventory-domain';

/** Lines of one movement, items of one call. */
const linesMax = 500;
const quantityMax = 10_000_000;
const millimetersMax = 100_000;
const gramsMax = 10_000_000;

/** A barcode of an item. */
export class BarcodeRequest {
  @Matching({ pattern: /^[a-z0-9_]{1,20}$/, says: 'has to be the name of a symbology, such as ean13', example: 'ean13' }) symbology!: string;
  @Text({ max: 80, example: '4006381333931' }) value!: string;
}

/** An item, without its SKU. */
export class ItemRequest {
  @Text({ max: 200 }) name!: string;
  @WholeNumber({ max: gramsMax, min: 1 }) weightGrams!: number;
  @WholeNumber({ max: millimetersMax, optional: true }) lengthMm?: number;
  @WholeNumber({ max: millimetersMax, optional: true }) widthMm?: number;
  @WholeNumber({ max: millimetersMax, optional: true }) heightMm?: number;
  @Truth({ optional: true }) hazmat?: boolean;
  @NestedList(() => BarcodeRequest, { max: 20, optional: true, uniqueBy: 'value' }) barcodes?: BarcodeRequest[];
  @Truth({ optional: true, description: 'false: no longer sold' }) active?: boolean;
}

/** An item with its SKU. */
export class ListedItemRequest extends ItemRequest {
  @Sku() sku!: string;
}

/** Many items at once. */
export class ItemsRequest {
  @NestedList(() => ListedItemRequest, { min: 1, max: linesMax, uniqueBy: 'sku' }) items!: ListedItemRequest[];
}

/** A line of a delivery. */
export class ReceiptLineRequest {
  @Sku() sku!: string;
  @WholeNumber({ min: 1, max: quantityMax }) quantity!: number;
}

/** A delivery of goods to one center. */
export class ReceiptRequest {
  @Id({ description: 'chosen by the caller: the same receipt twice is booked once' }) receiptId!: string;
  @Id() centerId!: string;
  @NestedList(() => ReceiptLineRequest, { min: 1, max: linesMax }) lines!: ReceiptLineRequest[];
  @Text({ max: 128, optional: true, description: 'a delivery note, a purchase order' }) reference?: string;
}

/** A line of a correction. */
export class AdjustmentLineRequest {
  @Sku() sku!: string;
  @WholeNumber({ min: -quantityMax, max: quantityMax, description: 'signed, not zero' }) quantity!: number;
  @OneOf(buckets.filter((bucket) => bucket !== 'reserved' && bucket !== 'committed'), { optional: true, description: 'available unless told' }) bucket?: Bucket;
}

/** A correction of the book by hand. */
export class AdjustmentRequest {
  @Id({ description: 'chosen by the caller: the same correction twice is booked once' }) adjustmentId!: string;
  @Id() centerId!: string;
  @OneOf(adjustmentReasons) reason!: AdjustmentReason;
  @NestedList(() => AdjustmentLineRequest, { min: 1, max: linesMax }) lines!: AdjustmentLineRequest[];
}

/** A line of a count. */
export class CountLineRequest {
  @Sku() sku!: string;
  @WholeNumber({ min: 0, max: quantityMax, description: 'all units in the building, promised ones too' }) counted!: number;
}

/** A count of what is there. */
export class CountRequest {
  @Id({ description: 'chosen by the caller: the same count twice is booked once' }) countId!: string;
  @Id() centerId!: string;
  @NestedList(() => CountLineRequest, { min: 1, max: linesMax, uniqueBy: 'sku' }) lines!: CountLineRequest[];
}

/** A page of a center's stock. */
export class CenterStockQuery {
  @Id() centerId!: string;
  @WholeNumber({ min: 1, max: 200, optional: true }) limit?: number;
  @Text({ max: 400, optional: true }) cursor?: string;
}

/** A page of a ledger. */
export class LedgerQuery {
  @Id() centerId!: string;
  @WholeNumber({ min: 1, max: 200, optional: true }) limit?: number;
  @Text({ max: 400, optional: true }) cursor?: string;
}

/** A page of the queue of backorders. */
export class BackordersQuery {
  @Sku({ optional: true }) sku?: string;
  @WholeNumber({ min: 1, max: 200, optional: true }) limit?: number;
  @Text({ max: 400, optional: true }) cursor?: string;
}
