import type { Contents, Destination } from './contents.js';
import type { Package } from './package.js';

/** A request for units of a package that has not arrived yet. */
export type NotedCancellation = { readonly cancellationId: string; readonly packageId: string; readonly lines: readonly Contents[] };

/** The folded state of a shipment stream. */
export type Shipment = {
  /** Of the stream: the next label key is made of it. */
  readonly version: number;
  readonly orderId: string;
  readonly fulfillmentOrderId: string;
  readonly destination: Destination;
  /** Newest address version heard of; 0 until the address changes. */
  readonly personalDataVersion: number;
  readonly packages: ReadonlyMap<string, Package>;
  /** Hand-overs so far. */
  readonly shipments: number;
  readonly notedCancellations: readonly NotedCancellation[];
  /** `<cancellationId>/<packageId>`. */
  readonly answeredCancellations: ReadonlySet<string>;
};

/** The stream of a fulfillment order's packages. */
export const shipmentStream = (fulfillmentOrderId: string): string => `shipment-${fulfillmentOrderId}`;

/** The fulfillment order of a package: `<fulfillmentOrderId>.p<n>`. Undefined for what is no package id. */
export const fulfillmentOrderOf = (packageId: string): string | undefined => /^(.+)\.p\d+$/.exec(packageId)?.[1];
