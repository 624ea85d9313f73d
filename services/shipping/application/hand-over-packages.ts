import type { EventContext } from '@orderlog/contracts';
import { isRefusal } from '@orderlog/decider';
import type { EventLog } from '@orderlog/event-log';
import { handOverRefusal, shipmentStream, type HandOver, type HandOverRefusal, type Shipment } from '@orderlog/shipping-domain';
import type { PackageOwner, PackageRegister } from './ports.js';
import { shipments } from './shipments.js';

/** What became of one package at the dock. Told twice is done once: the first hand-over's shipment is answered again. */
export type HandedPackage =
  | { readonly packageId: string; readonly status: 'handed_over'; readonly shipmentId: string }
  | { readonly packageId: string; readonly status: 'refused'; readonly reason: HandOverRefusal | 'stream_parked' };

/** Who hands over; the correlation is each shipment's order. */
export type ContextFor = (orderId: string) => EventContext;

const resultOf = (packageId: string, state: Shipment, wanted: HandOver): HandedPackage => {
  const box = state.packages.get(packageId);
  const reason = handOverRefusal(box, wanted);
  if (reason === undefined || reason === 'already_handed_over') return { packageId, status: 'handed_over', shipmentId: box?.shipmentId ?? '' };
  return { packageId, status: 'refused', reason };
};

/** Gives packages to the carrier: one command a fulfillment order, one answer a package. Other tenants' packages are unknown ones. */
export const handOverPackages = async (
  { log, register }: { readonly log: EventLog; readonly register: PackageRegister },
  tenantId: string,
  wanted: HandOver,
  contextFor: ContextFor,
): Promise<readonly HandedPackage[]> => {
  const packageIds = [...new Set(wanted.packageIds)];
  const owners = await register.owners(packageIds);
  const byFulfillmentOrder = new Map<string, PackageOwner[]>();
  for (const packageId of packageIds) {
    const owner = owners.get(packageId);
    if (owner?.tenantId === tenantId) byFulfillmentOrder.set(owner.fulfillmentOrderId, [...(byFulfillmentOrder.get(owner.fulfillmentOrderId) ?? []), owner]);
  }
  const answers = new Map<string, HandedPackage>();
  const answerAll = async (fulfillmentOrderId: string, boxes: readonly PackageOwner[]): Promise<void> => {
    const data = { ...wanted, packageIds: boxes.map(({ packageId }) => packageId) };
    try {
      const outcome = await log.execute(shipments, shipmentStream(fulfillmentOrderId), { type: 'HandOver', data }, contextFor(boxes[0]?.orderId ?? ''));
      if (isRefusal(outcome)) throw new Error(`a hand-over was refused as a whole: ${outcome.refused}`);
      for (const { packageId } of boxes) answers.set(packageId, resultOf(packageId, outcome.state, wanted));
    } catch (error) {
      if (!isParked(error)) throw error;
      for (const { packageId } of boxes) answers.set(packageId, { packageId, status: 'refused', reason: 'stream_parked' });
    }
  };
  await Promise.all([...byFulfillmentOrder].map(([id, boxes]) => answerAll(id, boxes)));
  return packageIds.map((packageId) => answers.get(packageId) ?? { packageId, status: 'refused', reason: 'unknown_package' });
};

/** The guard before the log names its error; this room does not know the edge. */
export const isParked = (error: unknown): boolean => error instanceof Error && error.name === 'StreamParked';
