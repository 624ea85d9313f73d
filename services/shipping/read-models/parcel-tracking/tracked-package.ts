import type { RecordedEvent } from '@orderlog/contracts';
import type { ShipmentEvent } from '@orderlog/shipping-domain';

/** A row of `tracked_packages_v1`, by its column names: it goes in and out of the database as JSON. */
export type TrackedPackageRow = {
  readonly package_id: string;
  readonly tenant_id: string;
  readonly order_id: string;
  readonly fulfillment_order_id: string;
  readonly center_id: string;
  readonly tracking_token: string;
  readonly status: string;
  readonly lines: readonly { readonly lineId: string; readonly sku: string; readonly quantity: number }[];
  readonly weight_grams: number;
  readonly service_level: string;
  readonly destination_country_code: string;
  readonly destination_postal_code: string;
  readonly destination_city: string;
  readonly carrier: string;
  readonly tracking_number: string;
  readonly tracking_url: string;
  readonly shipment_id: string;
  /** What routing planned with; the carrier's own date is `expected_delivery`. */
  readonly planned_delivery: string;
  readonly expected_delivery: string;
  readonly expected_delivery_from: string;
  readonly expected_delivery_until: string;
  readonly packed_at: string;
  readonly handed_over_at: string | null;
  readonly ended_at: string | null;
};

type Rows = Map<string, TrackedPackageRow>;

const noLabel = {
  carrier: '',
  tracking_number: '',
  tracking_url: '',
  expected_delivery: '',
  expected_delivery_from: '',
  expected_delivery_until: '',
} as const;

const requested = ({ tenantId, recordedAt, data }: RecordedEvent<Extract<ShipmentEvent, { type: 'LabelPurchaseRequested' }>>, before: TrackedPackageRow | undefined): TrackedPackageRow => ({
  shipment_id: '',
  handed_over_at: null,
  ended_at: null,
  packed_at: recordedAt,
  ...before,
  ...noLabel,
  package_id: data.packageId,
  tenant_id: tenantId,
  order_id: data.orderId,
  fulfillment_order_id: data.fulfillmentOrderId,
  center_id: data.centerId,
  tracking_token: data.trackingToken,
  status: 'label_requested',
  lines: data.lines,
  weight_grams: data.weightGrams,
  service_level: data.serviceLevel,
  destination_country_code: data.destinationCountryCode,
  destination_postal_code: data.destinationPostalCode,
  destination_city: data.destinationCity,
  planned_delivery: data.expectedDelivery,
});

/** Folds one event into the rows of the packages it is about. A package that was withdrawn before it came has no row: nobody was told of it. */
export const foldPackage = (rows: Rows, event: RecordedEvent<ShipmentEvent>): void => {
  const change = (packageId: string, changes: Partial<TrackedPackageRow>): void => {
    const row = rows.get(packageId);
    if (row !== undefined) rows.set(packageId, { ...row, ...changes });
  };
  switch (event.type) {
    case 'LabelPurchaseRequested':
      rows.set(event.data.packageId, requested(event, rows.get(event.data.packageId)));
      return;
    case 'LabelPurchased': {
      const { data } = event;
      return change(data.packageId, {
        status: 'labeled',
        carrier: data.carrier,
        tracking_number: data.trackingNumber,
        tracking_url: data.trackingUrl,
        expected_delivery: data.expectedDelivery,
        expected_delivery_from: data.expectedDeliveryFrom,
        expected_delivery_until: data.expectedDeliveryUntil,
      });
    }
    case 'LabelFailed':
      return change(event.data.packageId, { status: 'label_failed' });
    case 'LabelVoided':
      if (rows.get(event.data.packageId)?.tracking_number === event.data.trackingNumber) change(event.data.packageId, noLabel);
      return;
    case 'ShipmentAddressChanged':
      for (const row of rows.values()) {
        if (row.fulfillment_order_id !== event.data.fulfillmentOrderId || row.handed_over_at !== null) continue;
        change(row.package_id, {
          destination_country_code: event.data.destinationCountryCode,
          destination_postal_code: event.data.destinationPostalCode,
          destination_city: event.data.destinationCity,
        });
      }
      return;
    case 'ShipmentHandedOver':
      for (const { packageId } of event.data.packages) {
        change(packageId, { status: 'handed_over', shipment_id: event.data.shipmentId, handed_over_at: event.data.handedOverAt });
      }
      return;
    case 'PackageDelivered':
      return change(event.data.packageId, { status: 'delivered', ended_at: event.data.deliveredAt });
    case 'PackageReturnedToSender':
      return change(event.data.packageId, { status: 'returned_to_sender', ended_at: event.data.returnedAt });
    case 'PackageLost':
      return change(event.data.packageId, { status: 'lost', ended_at: event.recordedAt });
    case 'ShipmentCancelled':
      return change(event.data.packageId, { status: 'cancelled', ended_at: event.recordedAt });
    default:
      return;
  }
};
