import type { Package } from './package.js';
import { isWithCarrier } from './package.js';
import type { HandOver } from './shipment.js';
import type { ShipmentEvent } from './shipment-events.js';
import type { Shipment } from './shipment-state.js';

/** Why a package may not leave with the carrier now. */
export type HandOverRefusal = 'unknown_package' | 'wrong_center' | 'wrong_carrier' | 'not_labeled' | 'cancelled' | 'already_handed_over';

/** Says why a package may not be handed over, or undefined when it may. */
export const handOverRefusal = (
  box: Package | undefined,
  { centerId, carrier }: Pick<HandOver, 'centerId' | 'carrier'>,
): HandOverRefusal | undefined => {
  if (box === undefined) return 'unknown_package';
  if (box.status === 'cancelled') return 'cancelled';
  if (box.request.centerId !== centerId) return 'wrong_center';
  if (isWithCarrier(box)) return 'already_handed_over';
  if (box.status !== 'labeled' || box.label === undefined) return 'not_labeled';
  return carrier === '' || box.label.carrier === carrier ? undefined : 'wrong_carrier';
};

/** The event that packages of one carrier left together. */
export const handedOver = (
  boxes: readonly Package[],
  carrier: string,
  nth: number,
  at: { readonly handedOverAt: string; readonly impliedByScan: boolean },
  { orderId, fulfillmentOrderId }: Shipment,
): ShipmentEvent => ({
  type: 'ShipmentHandedOver',
  data: {
    orderId,
    fulfillmentOrderId,
    centerId: boxes[0]?.request.centerId ?? '',
    shipmentId: `${fulfillmentOrderId}.s${nth}`,
    carrier,
    packages: boxes.map(({ packageId, label, lines }) => ({ packageId, trackingNumber: label?.trackingNumber ?? '', lines })),
    handedOverAt: at.handedOverAt,
    impliedByScan: at.impliedByScan,
  },
});

/** Staff give packages to the carrier: one shipment for each carrier among them. What may not leave is passed over. */
export const handOver = (data: HandOver, state: Shipment): readonly ShipmentEvent[] => {
  const byCarrier = new Map<string, Package[]>();
  for (const packageId of new Set(data.packageIds)) {
    const box = state.packages.get(packageId);
    if (box?.label === undefined || handOverRefusal(box, data) !== undefined) continue;
    const { carrier } = box.label;
    byCarrier.set(carrier, [...(byCarrier.get(carrier) ?? []), box]);
  }
  return [...byCarrier].map(([carrier, boxes], index) =>
    handedOver(boxes, carrier, state.shipments + index + 1, { handedOverAt: data.now, impliedByScan: false }, state),
  );
};
