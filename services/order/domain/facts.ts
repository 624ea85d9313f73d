// What the other services say, as far as the order's decisions read it: payloads of their .proto contracts.
// Lists may be absent in a message of a lenient writer, so they are optional here.
import type { Command } from '@orderlog/decider';
import type { LineQuantity } from './events.js';

/** The deadlines that would start now. The shell computes them: a domain has no clock. RFC 3339, milliseconds, UTC. */
export type Moment = {
  readonly now: string;
  /** Units that are routed anew have to be allocated by then. */
  readonly allocateBy: string;
  /** Released units have to be with the carrier by then. */
  readonly fulfillBy: string;
  /** Shipped units have to be delivered by then. */
  readonly deliverBy: string;
  readonly payBy: string;
  /** Backordered units are looked at again then. */
  readonly reviewAt: string;
  /** Feedback is waited for until then. */
  readonly answerBy: string;
};

type Units = { readonly lines?: readonly LineQuantity[] };
type OfFulfillment = { readonly fulfillmentOrderId: string };
type OfPackage = OfFulfillment & { readonly packageId: string };

/** routing: a leg of the plan. */
export type PlanLeg = OfFulfillment & {
  readonly centerId: string;
  readonly centerKind: string;
  readonly lines: readonly LineQuantity[];
  readonly shipBy: string;
  readonly expectedDelivery: string;
};
/** inventory: what a center does not have. */
export type Shortage = { readonly sku: string; readonly centerId: string };
/** shipping: a package the carrier took. */
export type HandedPackage = Units & { readonly packageId: string; readonly trackingNumber: string };

/** The facts the order acts on, by type. */
export type FactData = {
  RoutingDecided: {
    readonly attempt: number;
    readonly legs?: readonly PlanLeg[];
    readonly uncovered?: readonly LineQuantity[];
    readonly serviceLevel?: string;
  };
  RoutingInfeasible: { readonly attempt: number; readonly reason: string };
  StockReserved: { readonly attempt: number; readonly epoch: number; readonly expiresAt: string };
  ReservationRejected: { readonly attempt: number; readonly shortages?: readonly Shortage[] };
  ReservationExpired: { readonly attempt: number };
  ReservationLost: { readonly attempt: number; readonly shortages?: readonly Shortage[] };
  BackorderCovered: Units;
  FulfillmentOrderAccepted: OfFulfillment & Units;
  FulfillmentOrderRejected: OfFulfillment & { readonly reason: string; readonly stockEffect?: string };
  FulfillmentOrderOverdue: OfFulfillment & { readonly waitingFor?: string };
  FulfillmentOrderPicked: OfFulfillment & Units;
  PickShorted: OfFulfillment & { readonly lineId: string; readonly quantity: number; readonly reason: string; readonly stockEffect?: string };
  PackageClosed: OfPackage &
    Units & { readonly weightGrams?: number; readonly carton?: string; readonly lengthMm?: number; readonly widthMm?: number; readonly heightMm?: number };
  FulfillmentOrderCancelled: OfFulfillment & Units & { readonly cancellationId: string; readonly stockEffect?: string };
  FulfillmentOrderCancellationRefused: OfFulfillment & {
    readonly cancellationId: string;
    readonly reason: string;
    readonly shares?: readonly LineQuantity[];
  };
  LabelPurchased: OfPackage &
    Units & {
      readonly carrier: string;
      readonly trackingNumber: string;
      readonly trackingUrl?: string;
      readonly cost?: number;
      readonly costCurrency?: string;
      readonly expectedDelivery?: string;
    };
  LabelFailed: OfPackage & { readonly reason: string };
  ShipmentHandedOver: OfFulfillment & { readonly shipmentId: string; readonly carrier: string; readonly packages?: readonly HandedPackage[] };
  PackageDelivered: OfPackage & Units & { readonly deliveredAt: string };
  PackageReturnedToSender: OfPackage & Units;
  PackageLost: OfPackage & Units;
  ShipmentCancelled: OfPackage & Units & { readonly cancellationId: string };
  ShipmentCancellationRefused: OfPackage & Units & { readonly cancellationId: string; readonly reason: string };
};
/** Name of a fact the order acts on. */
export type FactType = keyof FactData;

/** The command that a fact becomes: `Follow` and the fact's type. `factId` is the fact's eventId. */
export type FollowFact = {
  [Type in FactType]: Command<`Follow${Type}`, { readonly fact: FactData[Type]; readonly factId: string; readonly at: Moment }>;
}[FactType];
/** The data of the command that follows one kind of fact. */
export type Following<Type extends FactType> = Extract<FollowFact, { type: `Follow${Type}` }>['data'];
