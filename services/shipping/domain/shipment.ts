import { refuse, type Command, type Decider, type Refusal } from '@orderlog/decider';
import { decideCancellation } from './cancellation.js';
import type { Contents, Destination } from './contents.js';
import { evolve } from './evolve-shipment.js';
import { handOver } from './hand-over.js';
import { changeAddress, recordLabel, recordLabelRefusal, recordSilentCarrier, requestLabel, retryLabel } from './label.js';
import type { PackageRequest } from './package.js';
import type { LabelPurchased, ScanStatus, ShipmentEvent } from './shipment-events.js';
import type { Shipment } from './shipment-state.js';
import { recordScans } from './tracking-scan.js';

/** A package the warehouse closed: ask the first carrier for a label. */
export type RequestLabel = PackageRequest & {
  readonly orderId: string;
  readonly fulfillmentOrderId: string;
  readonly packageId: string;
  readonly lines: readonly Contents[];
  readonly destination: Destination;
  /** Carriers in the order they are to be tried; never empty. */
  readonly carriers: readonly string[];
};

/** A carrier's answer to a purchase. */
export type RecordLabel = Omit<LabelPurchased['data'], 'orderId' | 'fulfillmentOrderId' | 'lines'>;

/** Units of a package that a cancellation asks for, as the warehouse passed them on. */
export type CancelPackage = {
  readonly orderId: string;
  readonly fulfillmentOrderId: string;
  readonly packageId: string;
  readonly cancellationId: string;
  readonly lines: readonly Contents[];
};

/** What staff bring to the dock: `carrier` empty means whatever carrier each label names. */
export type HandOver = { readonly centerId: string; readonly carrier: string; readonly packageIds: readonly string[]; readonly now: string };

/** One scan as the carrier told it. `scannedAt` is RFC 3339 in UTC. */
export type CarrierScan = {
  readonly packageId: string;
  readonly trackingNumber: string;
  readonly scanId: string;
  readonly status: ScanStatus;
  readonly carrierText: string;
  readonly scannedAt: string;
  readonly city: string;
  readonly countryCode: string;
  readonly utcOffsetMinutes: number;
};

export type ShipmentCommand =
  | Command<'RequestLabel', RequestLabel>
  | Command<'RecordLabel', RecordLabel>
  | Command<'RecordLabelRefusal', { packageId: string; labelKey: string; carrier: string; reason: string }>
  | Command<'RecordSilentCarrier', { packageId: string; labelKey: string }>
  | Command<'RetryLabel', { packageId: string; carriers: readonly string[] }>
  | Command<'ChangeAddress', { destination: Destination; personalDataVersion: number }>
  | Command<'CancelPackage', CancelPackage>
  | Command<'HandOver', HandOver>
  | Command<'RecordScans', { scans: readonly CarrierScan[] }>;

export type ShipmentRefusal =
  | 'UnknownPackage'
  | 'NoCarrier'
  | 'LabelNotFailed';

/** The packages of one order from one center, from the label to the customer's door. Stream `shipment-<fulfillmentOrderId>`. */
export const shipment: Decider<ShipmentCommand, ShipmentEvent, Shipment, ShipmentRefusal> = {
  initialState: {
    version: 0,
    orderId: '',
    fulfillmentOrderId: '',
    destination: { countryCode: '', postalCode: '', city: '' },
    personalDataVersion: 0,
    packages: new Map(),
    shipments: 0,
    notedCancellations: [],
    answeredCancellations: new Set(),
  },

  decide({ type, data }, state): readonly ShipmentEvent[] | Refusal<ShipmentRefusal> {
    if (type === 'RequestLabel') return requestLabel(data, state);
    if (type === 'CancelPackage') return decideCancellation(data, state);
    if (type === 'HandOver') return handOver(data, state);
    if (type === 'ChangeAddress') return changeAddress(data, state);
    if (type === 'RecordScans') return recordScans(data.scans, state);
    const box = state.packages.get(data.packageId);
    if (box === undefined) return refuse('UnknownPackage', `no package ${data.packageId}`);
    switch (type) {
      case 'RecordLabel':
        return recordLabel(data, box, state);
      case 'RecordLabelRefusal':
        return recordLabelRefusal(data, box, state);
      case 'RecordSilentCarrier':
        return recordSilentCarrier(data, box, state);
      case 'RetryLabel':
        return retryLabel(data.carriers, box, state);
    }
  },

  evolve,
};
