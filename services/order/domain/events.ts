// The order's events as the domain sees them: the payloads of libs/contracts/proto/orderlog/order/v1/events.proto, every field spelled.
// Written out again, because a domain imports nothing: a test in services/order/test holds both against each other.
import type { Event } from '@orderlog/decider';

/** Units of one line; the quantity is greater than zero. */
export type LineQuantity = { readonly lineId: string; readonly sku: string; readonly quantity: number };
/** Where the parcel goes, as far as the log may know it. */
export type Destination = { readonly countryCode: string; readonly region: string; readonly postalCode: string; readonly city: string };
/** One tax of a line, as the channel computed it. */
export type TaxLine = { readonly name: string; readonly rate: string; readonly amount: number };
/** A line as it was submitted, without its personal data. */
export type PlacedLine = {
  readonly lineId: string;
  readonly externalId: string;
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  readonly unitPrice: number;
  readonly discount: number;
  readonly tax: number;
  readonly total: number;
  readonly taxLines: readonly TaxLine[];
  readonly metadata: Readonly<Record<string, string>>;
};
/** How the order is to be delivered, and for how much. */
export type Delivery = {
  readonly method: string;
  readonly serviceLevel: string;
  readonly amount: number;
  readonly discount: number;
  readonly tax: number;
  readonly total: number;
  readonly promisedBy: string;
  readonly notBefore: string;
};
/** A discount code; its amount is informative, the lines carry what was taken off. */
export type Discount = { readonly code: string; readonly amount: number };
/** What the order costs; `grandTotal` = `lines` + `delivery`. */
export type Totals = { readonly lines: number; readonly delivery: number; readonly tax: number; readonly grandTotal: number };
/** What the channel says of the payment; Orderlog never takes it. */
export type Payment = {
  readonly status: string;
  readonly reference: string;
  readonly authorizedAmount: number;
  readonly capturedAmount: number;
  readonly authorizedUntil: string;
};
/** The order's choices: splitting, waiting, and the channel's pay gate. */
export type Policy = { readonly split: string; readonly backorder: string; readonly substitution: string; readonly releaseOn: string };
/** What a company adds. */
export type Business = { readonly purchaseOrderNumber: string; readonly terms: string };
/** What routing must not choose again for this order; an empty `sku` means every SKU of the center. */
export type Exclusion = { readonly centerId: string; readonly sku: string; readonly reason: string };
/** One leg of a plan: what one center is asked to send. */
export type PlannedFulfillment = {
  readonly fulfillmentOrderId: string;
  readonly centerId: string;
  readonly centerKind: string;
  readonly lines: readonly LineQuantity[];
  readonly shipBy: string;
  readonly expectedDelivery: string;
};
/** Units that were given back, and what becomes of their stock. */
export type ReturnedUnits = {
  readonly lineId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly centerId: string;
  readonly fulfillmentOrderId: string;
  readonly reservationId: string;
  readonly stockEffect: string;
  readonly packageId: string;
};
/** Units a center or a carrier must answer for. */
export type CancellationShare = { readonly lineId: string; readonly sku: string; readonly quantity: number; readonly fulfillmentOrderId: string };

/** Payload of `OrderPlaced`. */
export type OrderPlacedData = {
  readonly orderId: string;
  readonly channel: string;
  readonly externalReference: string;
  readonly number: string;
  readonly placedAt: string;
  readonly currency: string;
  readonly taxIncluded: boolean;
  readonly customerExternalId: string;
  readonly customerType: string;
  readonly customerLocale: string;
  readonly destination: Destination;
  readonly delivery: Delivery;
  readonly lines: readonly PlacedLine[];
  readonly discounts: readonly Discount[];
  readonly totals: Totals;
  readonly payment: Payment;
  readonly policy: Policy;
  readonly giftWrap: boolean;
  readonly giftHidePrices: boolean;
  readonly business: Business;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly personalDataVersion: number;
  readonly personalDataDigest: string;
  readonly trackingToken: string;
  readonly receivedAt: string;
  readonly requestDigest: string;
  readonly tenantId: string;
};

type OfOrder<Data> = { readonly orderId: string } & Data;
type OfPackage<Data> = OfOrder<{ readonly fulfillmentOrderId: string; readonly packageId: string; readonly lines: readonly LineQuantity[] } & Data>;

/** Every event of an order's stream. */
export type OrderEvent =
  | Event<'OrderPlaced', OrderPlacedData>
  | Event<'OrderRejected', OfOrder<{ reason: string; detail: string }>>
  | Event<'OrderHeld', OfOrder<{ holdId: string; reason: string; detail: string; lineIds: readonly string[] }>>
  | Event<'OrderHoldReleased', OfOrder<{ holdId: string; reason: string; detail: string; dueBy: string }>>
  | Event<'OrderPaymentChanged', OfOrder<{ payment: Payment }>>
  | Event<
      'OrderAccepted',
      OfOrder<{
        destination: Destination;
        serviceLevel: string;
        currency: string;
        policy: Policy;
        lines: readonly LineQuantity[];
        attempt: number;
        dueBy: string;
        payBy: string;
      }>
    >
  | Event<
      'OrderRouted',
      OfOrder<{ attempt: number; fulfillments: readonly PlannedFulfillment[]; serviceLevel: string; reservationId: string }>
    >
  | Event<'OrderBackordered', OfOrder<{ lines: readonly LineQuantity[]; reviewAt: string; attempt: number; dueBy: string }>>
  | Event<
      'OrderAllocated',
      OfOrder<{
        attempt: number;
        reservationId: string;
        lines: readonly LineQuantity[];
        expiresAt: string;
        reservationEpoch: number;
        dueBy: string;
      }>
    >
  | Event<
      'OrderReleased',
      OfOrder<{
        attempt: number;
        reservationId: string;
        reservationEpoch: number;
        fulfillments: readonly PlannedFulfillment[];
        serviceLevel: string;
        destinationCountryCode: string;
        giftWrap: boolean;
        dueBy: string;
      }>
    >
  | Event<
      'OrderLinesReopened',
      OfOrder<{
        reason: string;
        units: readonly ReturnedUnits[];
        lines: readonly LineQuantity[];
        exclusions: readonly Exclusion[];
        attempt: number;
        destination: Destination;
        serviceLevel: string;
        currency: string;
        policy: Policy;
        causeId: string;
        cancellationId: string;
        dueBy: string;
      }>
    >
  | Event<'OrderFulfillmentStarted', OfOrder<{ fulfillmentOrderId: string; centerId: string; lines: readonly LineQuantity[] }>>
  | Event<'OrderFulfillmentPicked', OfOrder<{ fulfillmentOrderId: string; centerId: string; lines: readonly LineQuantity[] }>>
  | Event<
      'OrderPackagePacked',
      OfPackage<{
        centerId: string;
        weightGrams: number;
        carton: string;
        lengthMm: number;
        widthMm: number;
        heightMm: number;
        serviceLevel: string;
        destination: Destination;
        trackingToken: string;
        expectedDelivery: string;
      }>
    >
  | Event<
      'OrderPackageLabeled',
      OfPackage<{
        carrier: string;
        trackingNumber: string;
        trackingUrl: string;
        cost: number;
        costCurrency: string;
        expectedDelivery: string;
      }>
    >
  | Event<
      'OrderPackageShipped',
      OfPackage<{
        centerId: string;
        shipmentId: string;
        carrier: string;
        trackingNumber: string;
        captureAmount: number;
        currency: string;
        reservationId: string;
        dueBy: string;
      }>
    >
  | Event<'OrderShipped', OfOrder<{ lines: readonly LineQuantity[] }>>
  | Event<'OrderPackageDelivered', OfPackage<{ deliveredAt: string; dueBy: string }>>
  | Event<'OrderPackageUndelivered', OfPackage<{ reason: string; dueBy: string }>>
  | Event<'OrderDelivered', OfOrder<{ lines: readonly LineQuantity[] }>>
  | Event<'OrderFeedbackRequested', OfOrder<{ answerBy: string }>>
  | Event<'OrderFeedbackReceived', OfOrder<{ score: number; personalDataVersion: number }>>
  | Event<'OrderClosed', OfOrder<{ reason: string }>>
  | Event<'OrderAmended', OfOrder<{ lines: readonly LineQuantity[]; detail: string }>>
  | Event<'OrderAddressChanged', OfOrder<{ destination: Destination; personalDataVersion: number; personalDataDigest: string }>>
  | Event<
      'OrderCancellationRequested',
      OfOrder<{ cancellationId: string; reason: string; shares: readonly CancellationShare[]; note: string }>
    >
  | Event<'OrderLinesCancelled', OfOrder<{ cancellationId: string; reason: string; units: readonly ReturnedUnits[]; causeId: string; dueBy: string }>>
  | Event<
      'OrderCancellationRefused',
      OfOrder<{ cancellationId: string; reason: string; shares: readonly CancellationShare[]; causeId: string }>
    >
  | Event<'OrderCancelled', OfOrder<{ reason: string }>>;

/** The event of one type. */
export type OrderEventOf<Type extends OrderEvent['type']> = Extract<OrderEvent, { type: Type }>;
