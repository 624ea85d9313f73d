import type { EventContext } from '@orderlog/contracts';
import type { EventLog } from '@orderlog/event-log';
import { shipmentStream } from '@orderlog/shipping-domain';
import type { PackageOwner } from './ports.js';
import { shipments } from './shipments.js';

/** Staff ask for a label again after it failed, from the carriers of the package's service level. */
export const retryLabel = async (
  log: EventLog,
  { packageId, fulfillmentOrderId }: PackageOwner,
  carriersFor: (serviceLevel: string) => readonly string[],
  context: EventContext,
) => {
  const streamId = shipmentStream(fulfillmentOrderId);
  const { state } = await log.state(shipments, streamId);
  const carriers = carriersFor(state.packages.get(packageId)?.request.serviceLevel ?? 'standard');
  return log.execute(shipments, streamId, { type: 'RetryLabel', data: { packageId, carriers } }, context);
};
