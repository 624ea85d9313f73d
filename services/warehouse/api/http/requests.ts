import { Id, Matching, NestedList, OneOf, pageSize, Sku, Text, Truth, WholeNumber } from '@orderlog/edge';
import { binLimits, cartons, cellsPerWall, rejectionReasons, shortReasons, type RejectionReason, type ShortReason, type StockEffect } from '@orderlog/warehouse-domain';

/** Elements of a batch at most. */
export const batchMax = 100;
/** Bins of one bulk load at most. */
export const binsMax = 5_000;

const quantityMax = 100_000;
const effects: readonly StockEffect[] = ['release', 'write_off', 'quarantine'];
const scanId = { max: 128, description: "the scanner's own id of the scan; sent again, it changes nothing" };

/** `<orderId>.<attempt>.<leg>`. */
export const fulfillmentOrderIdForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.\d{1,6}\.\d{1,4}$/;
const FulfillmentOrderId = (options: { optional?: true } = {}): PropertyDecorator =>
  Matching({ ...options, pattern: fulfillmentOrderIdForm, says: 'has to be the id of a fulfillment order' });

/** Body of a rejection. */
export class RejectionRequest {
  @OneOf(Object.keys(rejectionReasons)) reason!: RejectionReason;
  @OneOf(effects, { optional: true, description: 'what becomes of the stock; each reason has its usual effect' }) stockEffect?: StockEffect;
  @Text({ max: 500, optional: true }) note?: string;
}

/** Body of the request for a task. */
export class NextTaskRequest {
  @Id() centerId!: string;
  @Id() workerId!: string;
  @WholeNumber({ min: 1, max: cellsPerWall, optional: true, description: 'fulfillment orders in a new wave at most' }) waveSizeMax?: number;
}

/** One scan at a bin. */
export class ScanEntry {
  @Text(scanId) scanId!: string;
  @Text({ max: 128, optional: true, description: 'a barcode of the item' }) barcode?: string;
  @Sku({ optional: true }) sku?: string;
  @Text({ max: 16, optional: true }) bin?: string;
  @WholeNumber({ min: 1, max: quantityMax, optional: true, description: '1 unless told' }) quantity?: number;
  @FulfillmentOrderId({ optional: true }) fulfillmentOrderId?: string;
}

/** Body of scans on a pick list. */
export class ScansRequest {
  @Id() workerId!: string;
  @NestedList(() => ScanEntry, { min: 1, max: batchMax }) scans!: ScanEntry[];
}

/** Body of an undo. */
export class UndoRequest {
  @Id() workerId!: string;
  @Text(scanId) scanId!: string;
}

/** Body of a short report. */
export class ShortRequest {
  @Id() workerId!: string;
  @Text(scanId) scanId!: string;
  @Sku() sku!: string;
  @WholeNumber({ min: 1, max: quantityMax }) quantity!: number;
  @OneOf(Object.keys(shortReasons)) reason!: ShortReason;
  @OneOf(effects, { optional: true, description: 'what becomes of the stock; each reason has its usual effect' }) stockEffect?: StockEffect;
  @FulfillmentOrderId({ optional: true }) fulfillmentOrderId?: string;
}

/** One sorting into a cell. */
export class SortingEntry {
  @Text(scanId) scanId!: string;
  @FulfillmentOrderId() fulfillmentOrderId!: string;
  @Text({ max: 128, optional: true, description: 'a barcode of the item' }) barcode?: string;
  @Sku({ optional: true }) sku?: string;
  @WholeNumber({ min: 1, max: quantityMax, optional: true, description: '1 unless told' }) quantity?: number;
  @Text({ max: 8 }) cell!: string;
}

/** Body of sortings: single ones, or a whole pick list whose tote is empty. */
export class SortingsRequest {
  @Id() workerId!: string;
  @Id({ optional: true, description: 'every picked unit of this list lies in its cell' }) pickListId?: string;
  @NestedList(() => SortingEntry, { min: 1, max: batchMax, optional: true }) sortings?: SortingEntry[];
}

/** Units of a line in a package. */
export class PackedLine {
  @Matching({ pattern: /^[1-9]\d{0,2}$/, says: 'has to be the id of a line' }) lineId!: string;
  @WholeNumber({ min: 1, max: quantityMax }) quantity!: number;
}

/** One package. */
export class PackageRequest {
  @WholeNumber({ min: 1, max: 99, optional: true, description: 'needed with lines: it makes the request repeatable' }) packageNumber?: number;
  @OneOf(cartons.map(({ code }) => code), { optional: true, description: 'the suggested one unless told' }) carton?: string;
  @WholeNumber({ min: 0, max: 10_000_000, optional: true, description: 'of the scale; 0 computes it from items and carton' }) weightGrams?: number;
  @NestedList(() => PackedLine, { min: 1, max: 500, optional: true, uniqueBy: 'lineId', description: 'everything in the cell unless told' }) lines?: PackedLine[];
}

/** Body of one package of a fulfillment order. */
export class ClosePackageRequest extends PackageRequest {
  @Id() workerId!: string;
}

/** One package in a batch. */
export class PackageEntry extends PackageRequest {
  @FulfillmentOrderId() fulfillmentOrderId!: string;
}

/** Body of packages of several fulfillment orders. */
export class PackagesRequest {
  @Id() workerId!: string;
  @NestedList(() => PackageEntry, { min: 1, max: batchMax }) packages!: PackageEntry[];
}

/** Body of a put-back that was done. */
export class PutBackRequest {
  @Id() workerId!: string;
}

/** The place of a SKU. */
export class BinEntry {
  @Sku() sku!: string;
  @WholeNumber({ min: 1, max: binLimits.aisleMax }) aisle!: number;
  @WholeNumber({ min: 1, max: binLimits.bayMax }) bay!: number;
  @WholeNumber({ min: 0, max: binLimits.levelMax }) level!: number;
}

/** Body of a bulk load of bins. */
export class BinsRequest {
  @NestedList(() => BinEntry, { min: 1, max: binsMax, uniqueBy: 'sku' }) bins!: BinEntry[];
}

/** Query of the list of fulfillment orders. */
export class FulfillmentOrdersQuery {
  @Id() centerId!: string;
  @OneOf(['open', 'in_progress', 'picked', 'closed', 'incomplete', 'cancelled', 'rejected'], { optional: true }) status?: string;
  @OneOf(['submitted', 'accepted', 'rejected', 'cancellation_requested'], { optional: true }) requestStatus?: string;
  @Truth({ optional: true }) overdue?: boolean;
  @WholeNumber({ min: 1, max: pageSize.max, optional: true }) limit?: number;
  @Text({ max: 512, optional: true }) cursor?: string;
}
