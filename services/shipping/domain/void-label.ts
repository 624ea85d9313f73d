import type { Label } from './package.js';
import type { ShipmentEvent, VoidReason } from './shipment-events.js';
import type { Shipment } from './shipment-state.js';

/** Takes a label out of use: the event that has the carrier told. */
export const voidLabel = (
  label: Pick<Label, 'carrier' | 'trackingNumber' | 'carrierLabelId' | 'carrierAccountId' | 'key'>,
  packageId: string,
  reason: VoidReason,
  { orderId, fulfillmentOrderId }: Shipment,
): ShipmentEvent => ({
  type: 'LabelVoided',
  data: {
    orderId,
    fulfillmentOrderId,
    packageId,
    carrier: label.carrier,
    trackingNumber: label.trackingNumber,
    carrierLabelId: label.carrierLabelId,
    carrierAccountId: label.carrierAccountId,
    labelKey: label.key,
    reason,
  },
});
