import type { EventContext } from '@orderlog/contracts';
import type { LogTransaction, StreamCommand } from '@orderlog/event-log';
import { shipmentStream, type Contents, type ShipmentCommand } from '@orderlog/shipping-domain';
import type { PackageRegister } from './ports.js';
import { shipments } from './shipments.js';

type Destination = { readonly countryCode: string; readonly postalCode?: string; readonly city?: string };

/** What every fact brings with it. */
export type FactHead = { readonly eventId: string; readonly tenantId: string; readonly traceparent?: string };

/** A package closed in its center. */
export type OrderPackagePacked = FactHead & {
  readonly type: 'OrderPackagePacked';
  readonly data: {
    readonly orderId: string;
    readonly fulfillmentOrderId: string;
    readonly centerId: string;
    readonly packageId: string;
    readonly lines: readonly Contents[];
    readonly weightGrams?: number;
    readonly lengthMm?: number;
    readonly widthMm?: number;
    readonly heightMm?: number;
    readonly serviceLevel?: string;
    readonly destination?: Destination;
    readonly trackingToken?: string;
    readonly expectedDelivery?: string;
  };
};

/** The order's address is another one now. */
export type OrderAddressChanged = FactHead & {
  readonly type: 'OrderAddressChanged';
  readonly data: { readonly orderId: string; readonly destination?: Destination; readonly personalDataVersion: number };
};

/** The facts of the order service that mean work here, as far as it reads them. */
export type OrderFact = OrderPackagePacked | OrderAddressChanged;

/** The context of events that a fact leads to. */
export const contextOfFact = ({ eventId, tenantId, traceparent }: FactHead, orderId: string): EventContext => ({
  tenantId,
  actor: { type: 'service', id: 'shipping' },
  commandId: eventId,
  causationId: eventId,
  correlationId: orderId,
  ...(traceparent === undefined ? {} : { traceparent }),
});

const destinationOf = ({ countryCode, postalCode = '', city = '' }: Destination = { countryCode: '' }) => ({ countryCode, postalCode, city });

const requestLabel = (fact: OrderPackagePacked, carriers: readonly string[]): StreamCommand<ShipmentCommand> => {
  const { data } = fact;
  return {
    streamId: shipmentStream(data.fulfillmentOrderId),
    context: contextOfFact(fact, data.orderId),
    command: {
      type: 'RequestLabel',
      data: {
        orderId: data.orderId,
        fulfillmentOrderId: data.fulfillmentOrderId,
        packageId: data.packageId,
        centerId: data.centerId,
        serviceLevel: data.serviceLevel ?? 'standard',
        weightGrams: data.weightGrams ?? 0,
        lengthMm: data.lengthMm ?? 0,
        widthMm: data.widthMm ?? 0,
        heightMm: data.heightMm ?? 0,
        trackingToken: data.trackingToken ?? '',
        expectedDelivery: data.expectedDelivery ?? '',
        lines: data.lines,
        destination: destinationOf(data.destination),
        carriers,
      },
    },
  };
};

/**
 * Acts on a batch of the order's facts. An address change concerns every shipment its order has by then, those that this very batch
 * opens included: the facts come in order.
 */
export const followOrder =
  (register: PackageRegister, carriersFor: (serviceLevel: string) => readonly string[]) =>
  async (facts: readonly OrderFact[], tx: LogTransaction): Promise<void> => {
    const packed = facts.filter((fact) => fact.type === 'OrderPackagePacked');
    const moved = facts.flatMap((fact) => (fact.type === 'OrderAddressChanged' ? [fact.data.orderId] : []));
    const known = moved.length === 0 ? new Map<string, readonly string[]>() : await register.fulfillmentOrdersOf(tx, moved);
    const opened = new Map<string, string[]>();
    const commands: StreamCommand<ShipmentCommand>[] = [];
    for (const fact of facts) {
      const { orderId } = fact.data;
      if (fact.type === 'OrderPackagePacked') {
        commands.push(requestLabel(fact, carriersFor(fact.data.serviceLevel ?? 'standard')));
        opened.set(orderId, [...(opened.get(orderId) ?? []), fact.data.fulfillmentOrderId]);
        continue;
      }
      const { destination, personalDataVersion } = fact.data;
      for (const id of new Set([...(known.get(orderId) ?? []), ...(opened.get(orderId) ?? [])])) {
        const command: ShipmentCommand = { type: 'ChangeAddress', data: { destination: destinationOf(destination), personalDataVersion } };
        commands.push({ streamId: shipmentStream(id), command, context: contextOfFact(fact, orderId) });
      }
    }
    if (commands.length > 0) await tx.decide(shipments, commands);
    if (packed.length > 0) await register.enter(tx, packed.map(({ tenantId, data }) => ({ tenantId, ...data })));
  };
