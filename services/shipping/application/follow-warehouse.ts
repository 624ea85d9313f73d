import type { LogTransaction, StreamCommand } from '@orderlog/event-log';
import { shipmentStream, type Contents, type ShipmentCommand } from '@orderlog/shipping-domain';
import { contextOfFact, type FactHead } from './follow-order.js';
import { shipments } from './shipments.js';

/** Units of a cancellation that are in closed packages: the warehouse says which. */
export type FulfillmentOrderCancellationRefused = FactHead & {
  readonly type: 'FulfillmentOrderCancellationRefused';
  readonly data: {
    readonly fulfillmentOrderId: string;
    readonly orderId: string;
    readonly cancellationId: string;
    readonly reason: string;
    readonly shares: readonly (Contents & { readonly packageId?: string })[];
  };
};

/**
 * Takes over what the warehouse says is not its own any more, package by package. The order's own request is not listened to: of three
 * units on their way one may be in a box and two on a shelf, and only the warehouse knows which of them it withdrew.
 */
export const followWarehouse = async (facts: readonly FulfillmentOrderCancellationRefused[], tx: LogTransaction): Promise<void> => {
  const commands: StreamCommand<ShipmentCommand>[] = [];
  for (const fact of facts) {
    const { reason, shares, orderId, fulfillmentOrderId, cancellationId } = fact.data;
    if (reason !== 'not_mine') continue;
    const byPackage = new Map<string, Contents[]>();
    for (const { packageId = '', ...line } of shares) {
      // Units that are in no package were found missing: nobody has them, the order knows.
      if (packageId !== '') byPackage.set(packageId, [...(byPackage.get(packageId) ?? []), line]);
    }
    for (const [packageId, lines] of byPackage) {
      const command: ShipmentCommand = { type: 'CancelPackage', data: { orderId, fulfillmentOrderId, packageId, cancellationId, lines } };
      commands.push({ streamId: shipmentStream(fulfillmentOrderId), command, context: contextOfFact(fact, orderId) });
    }
  }
  if (commands.length > 0) await tx.decide(shipments, commands);
};
