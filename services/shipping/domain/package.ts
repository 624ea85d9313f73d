import type { Contents } from './contents.js';

/**
 * The business axis of a package. It only moves forward; what the carrier tells later, twice or out of order is recorded as data
 * (`TrackingScanRecorded`) and moves nothing back.
 */
export type PackageStatus =
  | 'label_requested'
  | 'label_failed'
  | 'labeled'
  | 'handed_over'
  | 'delivered'
  | 'returned_to_sender'
  | 'lost'
  | 'cancelled';

/** A purchase whose outcome is not known yet. `key` is the carrier's idempotency key. */
export type LabelPurchase = { readonly key: string; readonly carrier: string; readonly alternatives: readonly string[] };

/** A label that was bought and not voided: at most one a package. */
export type Label = {
  readonly key: string;
  readonly carrier: string;
  readonly serviceLevel: string;
  readonly trackingNumber: string;
  readonly trackingUrl: string;
  readonly carrierAccountId: string;
  readonly carrierLabelId: string;
  readonly cost: number;
  readonly costCurrency: string;
  readonly expectedDelivery: string;
};

/** What is needed to ask for a label again. */
export type PackageRequest = {
  readonly centerId: string;
  readonly serviceLevel: string;
  readonly weightGrams: number;
  readonly lengthMm: number;
  readonly widthMm: number;
  readonly heightMm: number;
  readonly trackingToken: string;
  readonly expectedDelivery: string;
};

/** One box, one label, one tracking number. */
export type Package = {
  readonly packageId: string;
  readonly status: PackageStatus;
  readonly lines: readonly Contents[];
  readonly request: PackageRequest;
  /** Set while a purchase is under way, and kept when the carrier did not answer: its key must not be given up. */
  readonly purchase?: LabelPurchase;
  readonly label?: Label;
  /** Keys of purchases whose outcome is known: a second report about one changes nothing. */
  readonly settledKeys: ReadonlySet<string>;
  readonly shipmentId?: string;
  readonly scanIds: ReadonlySet<string>;
};

const beforeHandOver: ReadonlySet<PackageStatus> = new Set(['label_requested', 'label_failed', 'labeled']);
const withCarrier: ReadonlySet<PackageStatus> = new Set(['handed_over', 'delivered', 'returned_to_sender', 'lost']);

/** Still in the center, and not withdrawn. */
export const isBeforeHandOver = ({ status }: Package): boolean => beforeHandOver.has(status);

/** The carrier has it or had it: past the pivot. */
export const isWithCarrier = ({ status }: Package): boolean => withCarrier.has(status);
