import { refuse, type Refusal } from '@orderlog/decider';
import { answerNoted } from './cancellation.js';
import { contentsOf, type Destination } from './contents.js';
import { isBeforeHandOver, type Package } from './package.js';
import type { RecordLabel, RequestLabel } from './shipment.js';
import type { ShipmentEvent } from './shipment-events.js';
import { shipmentStream, type Shipment } from './shipment-state.js';
import { voidLabel } from './void-label.js';

/** The carrier's idempotency key of a purchase that becomes the `nth` event (from 1) after this state. */
const labelKeyAt = (fulfillmentOrderId: string, version: number, nth: number): string =>
  `${shipmentStream(fulfillmentOrderId)}/${version + nth}`;

/** Asks for a label again, with a carrier list and either a new key or the one that must not be given up. */
const requestAgain = (box: Package, state: Shipment, carriers: readonly string[], labelKey: string, destination: Destination): ShipmentEvent => ({
  type: 'LabelPurchaseRequested',
  data: {
    orderId: state.orderId,
    fulfillmentOrderId: state.fulfillmentOrderId,
    packageId: box.packageId,
    ...box.request,
    carrier: carriers[0] ?? '',
    labelKey,
    lines: box.lines,
    destinationCountryCode: destination.countryCode,
    destinationPostalCode: destination.postalCode,
    destinationCity: destination.city,
    alternatives: carriers.slice(1),
  },
});

/** A closed package arrived: ask for its label, unless its units were withdrawn before it came. */
export const requestLabel = (data: RequestLabel, state: Shipment): readonly ShipmentEvent[] | Refusal<'NoCarrier'> => {
  const { packageId, orderId, fulfillmentOrderId, carriers } = data;
  const [carrier, ...alternatives] = carriers;
  if (carrier === undefined) return refuse('NoCarrier', 'no carrier is configured');
  if (state.packages.has(packageId)) return [];
  const lines = contentsOf(data.lines);
  const answers = answerNoted({ orderId, fulfillmentOrderId, packageId, lines }, state);
  if (answers.some(({ type }) => type === 'ShipmentCancelled')) return answers;
  const request: ShipmentEvent = {
    type: 'LabelPurchaseRequested',
    data: {
      orderId,
      fulfillmentOrderId,
      centerId: data.centerId,
      packageId,
      carrier,
      serviceLevel: data.serviceLevel,
      labelKey: labelKeyAt(fulfillmentOrderId, state.version, 1),
      weightGrams: data.weightGrams,
      lengthMm: data.lengthMm,
      widthMm: data.widthMm,
      heightMm: data.heightMm,
      lines,
      destinationCountryCode: data.destination.countryCode,
      destinationPostalCode: data.destination.postalCode,
      destinationCity: data.destination.city,
      trackingToken: data.trackingToken,
      expectedDelivery: data.expectedDelivery,
      alternatives,
    },
  };
  return [request, ...answers];
};

/** A carrier sold a label. It counts only for the purchase that waits for it, and only with the newest address. */
export const recordLabel = (data: RecordLabel, box: Package, state: Shipment): readonly ShipmentEvent[] => {
  const { packageId, labelKey, personalDataVersion } = data;
  if (box.settledKeys.has(labelKey)) return [];
  const { orderId, fulfillmentOrderId } = state;
  const { purchase } = box;
  const bought = { ...data, key: labelKey };
  if (purchase?.key !== labelKey || box.status === 'cancelled') {
    return [voidLabel(bought, packageId, box.status === 'cancelled' ? 'cancelled' : 'superseded', state)];
  }
  if (personalDataVersion < state.personalDataVersion) {
    const again = requestAgain(
      box,
      state,
      [purchase.carrier, ...purchase.alternatives],
      labelKeyAt(fulfillmentOrderId, state.version, 2),
      state.destination,
    );
    return [voidLabel(bought, packageId, 'address_changed', state), again];
  }
  const purchased: ShipmentEvent = {
    type: 'LabelPurchased',
    data: {
      orderId,
      fulfillmentOrderId,
      packageId,
      carrier: data.carrier,
      serviceLevel: data.serviceLevel,
      trackingNumber: data.trackingNumber,
      trackingUrl: data.trackingUrl,
      carrierAccountId: data.carrierAccountId,
      carrierLabelId: data.carrierLabelId,
      cost: data.cost,
      costCurrency: data.costCurrency,
      lines: box.lines,
      expectedDelivery: data.expectedDelivery,
      expectedDeliveryFrom: data.expectedDeliveryFrom,
      expectedDeliveryUntil: data.expectedDeliveryUntil,
      labelKey,
      personalDataVersion,
    },
  };
  return [purchased];
};

/** A carrier said no: the next one is asked, or the label has failed. */
export const recordLabelRefusal = (
  { labelKey, carrier, reason }: { readonly labelKey: string; readonly carrier: string; readonly reason: string },
  box: Package,
  state: Shipment,
): readonly ShipmentEvent[] => {
  const { purchase, packageId } = box;
  if (purchase?.key !== labelKey || box.status === 'cancelled' || box.settledKeys.has(labelKey)) return [];
  const { orderId, fulfillmentOrderId } = state;
  const refused: ShipmentEvent = { type: 'LabelRefused', data: { orderId, fulfillmentOrderId, packageId, carrier, reason, labelKey } };
  if (purchase.alternatives.length === 0) {
    return [refused, { type: 'LabelFailed', data: { orderId, fulfillmentOrderId, packageId, reason, labelKey } }];
  }
  return [refused, requestAgain(box, state, purchase.alternatives, labelKeyAt(fulfillmentOrderId, state.version, 2), state.destination)];
};

/**
 * A carrier did not answer, however often it was asked. Whether it sold a label is not known, so no other carrier is tried:
 * that could buy a second one. Staff retry with the same key.
 */
export const recordSilentCarrier = ({ labelKey }: { readonly labelKey: string }, box: Package, state: Shipment): readonly ShipmentEvent[] => {
  if (box.status !== 'label_requested' || box.purchase?.key !== labelKey) return [];
  const { orderId, fulfillmentOrderId } = state;
  return [
    { type: 'LabelFailed', data: { orderId, fulfillmentOrderId, packageId: box.packageId, reason: 'carrier_unreachable', labelKey } },
  ];
};

/** Staff try again after a failure; a purchase that may have happened keeps its key and its carrier. */
export const retryLabel = (
  carriers: readonly string[],
  box: Package,
  state: Shipment,
): readonly ShipmentEvent[] | Refusal<'LabelNotFailed' | 'NoCarrier'> => {
  if (box.status !== 'label_failed') return refuse('LabelNotFailed', `package ${box.packageId} is ${box.status}`);
  if (carriers.length === 0) return refuse('NoCarrier', 'no carrier is configured');
  const { purchase } = box;
  if (purchase !== undefined) {
    return [requestAgain(box, state, [purchase.carrier, ...purchase.alternatives], purchase.key, state.destination)];
  }
  return [requestAgain(box, state, carriers, labelKeyAt(state.fulfillmentOrderId, state.version, 1), state.destination)];
};

/** The order's address changed: what has not left the center gets a label with the new one. */
export const changeAddress = (
  { destination, personalDataVersion }: { readonly destination: Destination; readonly personalDataVersion: number },
  state: Shipment,
): readonly ShipmentEvent[] => {
  const boxes = [...state.packages.values()].filter(isBeforeHandOver);
  if (personalDataVersion <= state.personalDataVersion || boxes.length === 0) return [];
  const { orderId, fulfillmentOrderId } = state;
  const { countryCode, postalCode, city } = destination;
  const events: ShipmentEvent[] = [
    {
      type: 'ShipmentAddressChanged',
      data: {
        orderId,
        fulfillmentOrderId,
        personalDataVersion,
        destinationCountryCode: countryCode,
        destinationPostalCode: postalCode,
        destinationCity: city,
      },
    },
  ];
  for (const { label, ...box } of boxes) {
    // A purchase under way is settled when its answer comes: `recordLabel` sees the older address version.
    if (label === undefined) continue;
    events.push(voidLabel(label, box.packageId, 'address_changed', state));
    const labelKey = labelKeyAt(fulfillmentOrderId, state.version, events.length + 1);
    events.push(requestAgain(box, state, [label.carrier], labelKey, destination));
  }
  return events;
};
