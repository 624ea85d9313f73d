import { isRefusal, refuse, type Refusal } from '@orderlog/decider';
import type { EventLog } from '@orderlog/event-log';
import { shipmentStream } from '@orderlog/shipping-domain';
import type { Addresses, LabelDrawing, PackageOwner, ReferenceData } from './ports.js';
import { shipments } from './shipments.js';

/** What printing stands on. */
export type LabelPress = { readonly log: EventLog; readonly addresses: Addresses; readonly reference: ReferenceData; readonly draw: LabelDrawing };

/** Why there is nothing to print. */
export type PrintRefusal = 'NoLabel' | 'NoAddress';

/** Draws the label in use, with the address as it is now: nothing personal is stored here. */
export const printLabel = async ({ log, addresses, reference, draw }: LabelPress, owner: PackageOwner): Promise<Buffer | Refusal<PrintRefusal>> => {
  const { state } = await log.state(shipments, shipmentStream(owner.fulfillmentOrderId));
  const box = state.packages.get(owner.packageId);
  if (box?.label === undefined) return refuse('NoLabel', `package ${owner.packageId} is ${box?.status ?? 'unknown'}`);
  const to = (await addresses.shippingAddresses([owner.orderId])).get(owner.orderId);
  if (to === undefined) return refuse('NoAddress', 'the address of this order was erased');
  const { label, request } = box;
  return draw({
    packageId: owner.packageId,
    orderId: owner.orderId,
    carrier: label.carrier,
    serviceLevel: label.serviceLevel,
    trackingNumber: label.trackingNumber,
    weightGrams: request.weightGrams,
    from: reference.originOf(request.centerId),
    to,
  });
};

/** Tells a refusal from a drawn label. */
export const isPrintRefusal = (printed: Buffer | Refusal<PrintRefusal>): printed is Refusal<PrintRefusal> => isRefusal(printed);
