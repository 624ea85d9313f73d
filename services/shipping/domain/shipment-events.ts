import type { Event } from '@orderlog/decider';
import type { Contents } from './contents.js';

type Package = { readonly orderId: string; readonly fulfillmentOrderId: string; readonly packageId: string };

/** What the carrier's scans may say (EasyPost's words and `lost`). */
export const scanStatuses = [
  'pre_transit',
  'in_transit',
  'out_for_delivery',
  'available_for_pickup',
  'delivered',
  'return_to_sender',
  'failure',
  'lost',
  'unknown',
] as const;
export type ScanStatus = (typeof scanStatuses)[number];

/** Intent, before the carrier is called. */
export type LabelPurchaseRequested = Event<
  'LabelPurchaseRequested',
  Package & {
    readonly centerId: string;
    readonly carrier: string;
    readonly serviceLevel: string;
    /** `<stream>/<version>` of the first event that asked with it: the carrier's idempotency key. */
    readonly labelKey: string;
    readonly weightGrams: number;
    readonly lengthMm: number;
    readonly widthMm: number;
    readonly heightMm: number;
    readonly lines: readonly Contents[];
    readonly destinationCountryCode: string;
    readonly destinationPostalCode: string;
    readonly destinationCity: string;
    readonly trackingToken: string;
    readonly expectedDelivery: string;
    readonly alternatives: readonly string[];
  }
>;

/** The carrier sold a label. */
export type LabelPurchased = Event<
  'LabelPurchased',
  Package & {
    readonly carrier: string;
    readonly serviceLevel: string;
    readonly trackingNumber: string;
    readonly trackingUrl: string;
    readonly carrierAccountId: string;
    readonly carrierLabelId: string;
    readonly cost: number;
    readonly costCurrency: string;
    readonly lines: readonly Contents[];
    readonly expectedDelivery: string;
    readonly expectedDeliveryFrom: string;
    readonly expectedDeliveryUntil: string;
    readonly labelKey: string;
    readonly personalDataVersion: number;
  }
>;

/** Why a label is not to be used any more. */
export type VoidReason = 'cancelled' | 'address_changed' | 'superseded';

/** Facts of one shipment stream; the fields are those of `orderlog.shipping.v1`. */
export type ShipmentEvent =
  | LabelPurchaseRequested
  | LabelPurchased
  | Event<'LabelRefused', Package & { readonly carrier: string; readonly reason: string; readonly labelKey: string }>
  | Event<'LabelFailed', Package & { readonly reason: string; readonly labelKey: string }>
  | Event<
      'LabelVoided',
      Package & {
        readonly carrier: string;
        readonly trackingNumber: string;
        readonly carrierLabelId: string;
        readonly carrierAccountId: string;
        readonly labelKey: string;
        readonly reason: VoidReason;
      }
    >
  | Event<
      'ShipmentAddressChanged',
      Omit<Package, 'packageId'> & {
        readonly personalDataVersion: number;
        readonly destinationCountryCode: string;
        readonly destinationPostalCode: string;
        readonly destinationCity: string;
      }
    >
  | Event<
      'ShipmentHandedOver',
      Omit<Package, 'packageId'> & {
        readonly centerId: string;
        readonly shipmentId: string;
        readonly carrier: string;
        readonly packages: readonly { readonly packageId: string; readonly trackingNumber: string; readonly lines: readonly Contents[] }[];
        readonly handedOverAt: string;
        readonly impliedByScan: boolean;
      }
    >
  | Event<
      'TrackingScanRecorded',
      Package & {
        readonly trackingNumber: string;
        readonly scanId: string;
        readonly status: ScanStatus;
        readonly carrierText: string;
        readonly scannedAt: string;
        readonly city: string;
        readonly countryCode: string;
        readonly utcOffsetMinutes: number;
      }
    >
  | Event<'DeliveryAttemptFailed', Package & { readonly reason: string; readonly attemptedAt: string }>
  | Event<'PackageDelivered', Package & { readonly deliveredAt: string; readonly lines: readonly Contents[] }>
  | Event<'PackageReturnedToSender', Package & { readonly returnedAt: string; readonly lines: readonly Contents[] }>
  | Event<'PackageLost', Package & { readonly lines: readonly Contents[] }>
  | Event<'ShipmentCancelled', Package & { readonly cancellationId: string; readonly lines: readonly Contents[] }>
  | Event<
      'ShipmentCancellationRefused',
      Package & {
        readonly cancellationId: string;
        readonly reason: 'handed_over' | 'whole_package' | 'already_cancelled';
        readonly lines: readonly Contents[];
      }
    >
  | Event<'ShipmentCancellationNoted', Package & { readonly cancellationId: string; readonly lines: readonly Contents[] }>;

/** The event of one type. */
export type ShipmentEventOf<Type extends ShipmentEvent['type']> = Extract<ShipmentEvent, { readonly type: Type }>;
