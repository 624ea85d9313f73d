import { contentsOf, coversAll, type Contents } from './contents.js';
import { isWithCarrier, type Package } from './package.js';
import type { CancelPackage } from './shipment.js';
import type { ShipmentEvent } from './shipment-events.js';
import type { Shipment } from './shipment-state.js';
import { voidLabel } from './void-label.js';

/** How an answered request is remembered. */
export const answerKey = (cancellationId: string, packageId: string): string => `${cancellationId}/${packageId}`;

const refusal = (
  request: Omit<CancelPackage, 'lines'>,
  reason: 'handed_over' | 'whole_package' | 'already_cancelled',
  lines: readonly Contents[],
): ShipmentEvent => ({
  type: 'ShipmentCancellationRefused',
  data: {
    orderId: request.orderId,
    fulfillmentOrderId: request.fulfillmentOrderId,
    packageId: request.packageId,
    cancellationId: request.cancellationId,
    reason,
    lines: contentsOf(lines),
  },
});

const withdrawn = (request: Omit<CancelPackage, 'lines'>, lines: readonly Contents[]): ShipmentEvent => ({
  type: 'ShipmentCancelled',
  data: {
    orderId: request.orderId,
    fulfillmentOrderId: request.fulfillmentOrderId,
    packageId: request.packageId,
    cancellationId: request.cancellationId,
    lines: contentsOf(lines),
  },
});

const decideOn = (box: Package, request: CancelPackage, state: Shipment): readonly ShipmentEvent[] => {
  if (isWithCarrier(box)) return [refusal(request, 'handed_over', request.lines)];
  if (box.status === 'cancelled') return [refusal(request, 'already_cancelled', request.lines)];
  if (!coversAll(request.lines, box.lines)) return [refusal(request, 'whole_package', request.lines)];
  const cancelled = withdrawn(request, box.lines);
  return box.label === undefined ? [cancelled] : [voidLabel(box.label, box.packageId, 'cancelled', state), cancelled];
};

/**
 * Units that are in a closed package: the warehouse passed them on. A whole package that is still in the center is withdrawn,
 * a part of one is not (nobody opens a closed box), and after hand-over it is too late.
 */
export const decideCancellation = (request: CancelPackage, state: Shipment): readonly ShipmentEvent[] => {
  const { packageId, cancellationId } = request;
  if (state.answeredCancellations.has(answerKey(cancellationId, packageId))) return [];
  const box = state.packages.get(packageId);
  if (box !== undefined) return decideOn(box, request, state);
  if (state.notedCancellations.some((noted) => noted.cancellationId === cancellationId && noted.packageId === packageId)) return [];
  const { orderId, fulfillmentOrderId, lines } = request;
  return [
    { type: 'ShipmentCancellationNoted', data: { orderId, fulfillmentOrderId, packageId, cancellationId, lines: contentsOf(lines) } },
  ];
};

/** Answers the requests that were noted before the package came. */
export const answerNoted = (
  box: { readonly orderId: string; readonly fulfillmentOrderId: string; readonly packageId: string; readonly lines: readonly Contents[] },
  state: Shipment,
): readonly ShipmentEvent[] => {
  const noted = state.notedCancellations.filter(({ packageId }) => packageId === box.packageId);
  const whole = noted.find(({ lines }) => coversAll(lines, box.lines));
  const identity = { orderId: box.orderId, fulfillmentOrderId: box.fulfillmentOrderId, packageId: box.packageId };
  return noted.map(({ cancellationId, lines }) => {
    const request = { ...identity, cancellationId };
    if (cancellationId === whole?.cancellationId) return withdrawn(request, box.lines);
    return refusal(request, whole === undefined ? 'whole_package' : 'already_cancelled', lines);
  });
};
