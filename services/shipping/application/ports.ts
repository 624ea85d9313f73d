import type { SqlExecutor } from '@orderlog/event-log';

/** A shipping address: personal data. It is read when it is needed and kept nowhere. */
export type Address = {
  readonly personalDataVersion: number;
  readonly name: string;
  readonly company: string;
  readonly line1: string;
  readonly line2: string;
  readonly city: string;
  readonly region: string;
  readonly postalCode: string;
  readonly countryCode: string;
  readonly phone: string;
};

/** The order service's addresses, by order id, of at most 500 orders. Missing: there is no such order, or its personal data was erased. */
export type Addresses = { readonly shippingAddresses: (orderIds: readonly string[]) => Promise<ReadonlyMap<string, Address>> };

/** Where a package starts from, as far as a carrier and a label need it. */
export type Origin = { readonly name: string; readonly city: string; readonly region: string; readonly postalCode: string; readonly countryCode: string };

/** Copies of reference data; they may lag or miss one, and work goes on without it. */
export type ReferenceData = { readonly originOf: (centerId: string) => Origin | undefined; readonly nameOf: (sku: string) => string | undefined };

/** What a carrier is asked a label for. `key` makes it one label, however often it is asked. */
export type LabelOrder = {
  readonly key: string;
  readonly packageId: string;
  readonly carrier: string;
  readonly serviceLevel: string;
  readonly weightGrams: number;
  readonly lengthMm: number;
  readonly widthMm: number;
  readonly heightMm: number;
  readonly description: string;
  readonly from: Origin | undefined;
  readonly to: Address;
};

/** A label as the carrier sold it. */
export type CarrierLabel = {
  readonly carrier: string;
  readonly serviceLevel: string;
  readonly trackingNumber: string;
  readonly trackingUrl: string;
  readonly carrierAccountId: string;
  readonly carrierLabelId: string;
  readonly cost: number;
  readonly costCurrency: string;
  readonly expectedDelivery: string;
  readonly expectedDeliveryFrom: string;
  readonly expectedDeliveryUntil: string;
  /** Of the address it was bought with: the carrier gives back what it was told. */
  readonly personalDataVersion: number;
};

/** A carrier's answer to an order for a label. */
export type LabelResult = { readonly key: string } & ({ readonly label: CarrierLabel } | { readonly refused: string });

/** What this service needs of a carrier. Everything may be called again; outages throw. */
export type Carrier = {
  /** Labels that were bought with these keys, by key. */
  readonly bought: (keys: readonly string[]) => Promise<ReadonlyMap<string, CarrierLabel>>;
  /** One answer for each order, in any order. */
  readonly buy: (orders: readonly LabelOrder[]) => Promise<readonly LabelResult[]>;
  /** `in_transit`: too late, it was used. `unknown_label`: this account has no such label. */
  readonly takeBack: (label: { readonly carrierAccountId: string; readonly carrierLabelId: string }) => Promise<'taken_back' | 'in_transit' | 'unknown_label'>;
};

/** Whose package it is. */
export type PackageOwner = { readonly packageId: string; readonly fulfillmentOrderId: string; readonly orderId: string; readonly tenantId: string };

/**
 * Which packages there are and what is stuck on them, written with the events: unlike a read model it is never behind, so a scan or a
 * hand-over that comes at once finds its stream.
 */
export type PackageRegister = {
  readonly enter: (tx: SqlExecutor, packages: readonly PackageOwner[]) => Promise<void>;
  readonly enterLabels: (tx: SqlExecutor, labels: readonly { readonly packageId: string; readonly carrier: string; readonly trackingNumber: string }[]) => Promise<void>;
  /** Fulfillment orders that have packages, by order. */
  readonly fulfillmentOrdersOf: (tx: SqlExecutor, orderIds: readonly string[]) => Promise<ReadonlyMap<string, readonly string[]>>;
  /** By package id. */
  readonly owners: (packageIds: readonly string[]) => Promise<ReadonlyMap<string, PackageOwner>>;
  readonly tenantOf: (fulfillmentOrderId: string) => Promise<string | undefined>;
  /** By `<carrier>/<trackingNumber>`. Carriers use numbers again: the newest label counts. */
  readonly byTrackingNumber: (numbers: readonly { readonly carrier: string; readonly trackingNumber: string }[]) => Promise<ReadonlyMap<string, PackageOwner>>;
};

/** A scan that could not be recorded: kept for people to look at. */
export type QuarantinedScan = { readonly carrier: string; readonly scanId: string; readonly trackingNumber: string; readonly reason: string; readonly scan: object };

/** Scans nobody could place. A scan that comes again is the same row. */
export type ScanQuarantine = {
  readonly keep: (scans: readonly QuarantinedScan[]) => Promise<void>;
  readonly newest: (limit: number) => Promise<readonly (QuarantinedScan & { readonly receivedAt: string })[]>;
};

/** What stands on a label. */
export type LabelSheet = {
  readonly packageId: string;
  readonly orderId: string;
  readonly carrier: string;
  readonly serviceLevel: string;
  readonly trackingNumber: string;
  readonly weightGrams: number;
  readonly from: Origin | undefined;
  readonly to: Address;
};

/** Draws a label as a PDF of 4 by 6 inches. */
export type LabelDrawing = (sheet: LabelSheet) => Promise<Buffer>;

/** Whether a webhook is the carrier's own and fresh: signature over id, time and body as they came. */
export type WebhookProof = (body: string, headers: Readonly<Record<string, string>>) => boolean;
