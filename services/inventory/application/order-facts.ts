import type { EventContext } from '@orderlog/contracts';

/** Units of one line, as the order's facts name them. */
export type LineQuantity = { readonly lineId: string; readonly sku: string; readonly quantity: number };

/** Units that come back, as the order's facts name them. Absent means empty. */
export type GivenBack = LineQuantity & {
  readonly fulfillmentOrderId?: string;
  readonly reservationId?: string;
  readonly stockEffect?: string;
};

type Fulfillment = { readonly fulfillmentOrderId: string; readonly centerId: string; readonly lines: readonly LineQuantity[] };

/** What inventory hears from the order, by type; only the fields it reads. */
export type OrderFacts = {
  readonly OrderRouted: { orderId: string; attempt: number; reservationId: string; fulfillments: readonly Fulfillment[] };
  readonly OrderReleased: { orderId: string; attempt: number; reservationId: string; reservationEpoch: number };
  readonly OrderLinesReopened: { orderId: string; reason: string; units?: readonly GivenBack[] };
  readonly OrderLinesCancelled: { orderId: string; reason: string; units?: readonly GivenBack[] };
  readonly OrderBackordered: { orderId: string; attempt: number; lines: readonly LineQuantity[] };
  readonly OrderPackageShipped: {
    orderId: string;
    packageId: string;
    fulfillmentOrderId: string;
    reservationId?: string;
    lines: readonly LineQuantity[];
  };
};

/** The types of facts inventory acts on. */
export const orderFactTypes = [
  'OrderRouted',
  'OrderReleased',
  'OrderLinesReopened',
  'OrderLinesCancelled',
  'OrderBackordered',
  'OrderPackageShipped',
] as const satisfies readonly (keyof OrderFacts)[];

/** One of the order's facts, with the context of what follows from it. */
export type OrderFact = {
  readonly [Type in keyof OrderFacts]: { readonly type: Type; readonly data: OrderFacts[Type]; readonly context: EventContext; readonly recordedAt: string };
}[keyof OrderFacts];

/** The reservation a package's units were leased with: the plan attempt is part of the fulfillment order's id. */
export const reservationIdOf = ({ reservationId = '', fulfillmentOrderId }: OrderFacts['OrderPackageShipped']): string =>
  reservationId === '' ? fulfillmentOrderId.slice(0, fulfillmentOrderId.lastIndexOf('.')) : reservationId;
