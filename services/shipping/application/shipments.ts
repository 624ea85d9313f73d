import type { Aggregate } from '@orderlog/event-log';
import { shipment, type Shipment, type ShipmentCommand, type ShipmentEvent, type ShipmentRefusal } from '@orderlog/shipping-domain';

/** Effect kinds: the calls to the carrier that events ask for. */
export const buyLabelEffect = 'buy-label';
export const voidLabelEffect = 'void-label';

/** Streams `shipment-<fulfillmentOrderId>`. */
export const shipments: Aggregate<ShipmentCommand, ShipmentEvent, Shipment, ShipmentRefusal> = {
  category: 'shipment',
  decider: shipment,
  stateSchema: 1,
  reactions: ({ type, data }) => {
    if (type === 'LabelPurchaseRequested') return { effects: [{ kind: buyLabelEffect, data }] };
    if (type === 'LabelVoided') return { effects: [{ kind: voidLabelEffect, data }] };
    return {};
  },
};
