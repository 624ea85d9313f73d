import { CountryCode, Currency, FreeForm, Instant, ListOf, MinorUnits, Nested, OneOf, Phone, Sku, Text, TextList, TextMap, Truth, WholeNumber } from '@orderlog/edge';
import { orderStatuses } from '@orderlog/order-domain';
import { BusinessRequest, CustomerRequest, DeliveryRequest, DiscountRequest, GiftRequest, PaymentRequest, paymentStatuses, PolicyRequest, TaxLineRequest, TotalsRequest } from './place-order.request.js';

// What the answers look like, for the OpenAPI document. The tests hold every answer they get against these classes.

/** Units of a line, at a center or in a package. */
export class LineUnits {
  @Text({ max: 8 }) lineId!: string;
  @Sku() sku!: string;
  @WholeNumber() quantity!: number;
}

/** A package as the carrier has it. */
export class OrderPackage {
  @Text({ max: 100 }) id!: string;
  @Text({ max: 64, optional: true }) carrier?: string;
  @Text({ max: 64, optional: true }) trackingNumber?: string;
  @Text({ max: 500, optional: true, description: "the carrier's own page" }) trackingUrl?: string;
  @OneOf(['packed', 'labeled', 'shipped', 'delivered', 'returned_to_sender', 'lost', 'cancelled']) status!: string;
  @ListOf(() => LineUnits) lines!: LineUnits[];
  @Instant({ optional: true }) estimatedDelivery?: string;
  @Instant({ optional: true }) deliveredAt?: string;
}

/** A center's share of the order. */
export class OrderFulfillment {
  @Text({ max: 100 }) id!: string;
  @Text({ max: 64 }) centerId!: string;
  @OneOf(['scheduled', 'open', 'in_progress', 'closed', 'incomplete', 'rejected', 'cancelled']) status!: string;
  @OneOf(['unsubmitted', 'submitted', 'accepted', 'rejected', 'cancellation_requested', 'cancellation_accepted', 'cancellation_rejected']) requestStatus!: string;
  @ListOf(() => LineUnits) lines!: LineUnits[];
  @ListOf(() => OrderPackage) packages!: OrderPackage[];
  @Instant({ optional: true }) shipBy?: string;
  @Instant({ optional: true }) expectedDelivery?: string;
}

/** Units that a cancellation asked one center for, and what was answered so far. */
export class CancellationShare {
  @Text({ max: 8 }) lineId!: string;
  @Sku() sku!: string;
  @Text({ max: 100, optional: true }) fulfillmentOrderId?: string;
  @WholeNumber() asked!: number;
  @WholeNumber() cancelled!: number;
  @WholeNumber() refused!: number;
}

/** A request to cancel. */
export class OrderCancellation {
  @Text({ max: 64 }) id!: string;
  @OneOf(['requested', 'completed', 'partially_completed', 'refused']) status!: string;
  @Text({ max: 64 }) reason!: string;
  @ListOf(() => CancellationShare) shares!: CancellationShare[];
}

/** Answer of `POST /v1/orders/{id}/cancellations`. */
export class CancellationAnswer extends OrderCancellation {
  @Text({ max: 36 }) orderId!: string;
  @OneOf(orderStatuses) orderStatus!: string;
}

/** Where the units of a line are; they sum to its quantity. */
export class LineQuantities {
  @WholeNumber() open!: number;
  @WholeNumber() backordered!: number;
  @WholeNumber() routed!: number;
  @WholeNumber() allocated!: number;
  @WholeNumber() released!: number;
  @WholeNumber() picked!: number;
  @WholeNumber() packed!: number;
  @WholeNumber() shipped!: number;
  @WholeNumber() delivered!: number;
  @WholeNumber() undelivered!: number;
  @WholeNumber() cancelled!: number;
}

/** A line with what became of its units. */
export class OrderLine {
  @Text({ max: 8 }) id!: string;
  @Text({ max: 128 }) externalId!: string;
  @Sku() sku!: string;
  @Text({ max: 300, optional: true }) name?: string;
  @WholeNumber() quantity!: number;
  @MinorUnits() unitPrice!: number;
  @MinorUnits() discount!: number;
  @MinorUnits() tax!: number;
  @MinorUnits() total!: number;
  @ListOf(() => TaxLineRequest) taxLines!: TaxLineRequest[];
  @Text({ max: 500, optional: true }) giftMessage?: string;
  @TextMap({ max: 50 }) metadata!: Record<string, string>;
  @Nested(() => LineQuantities) quantities!: LineQuantities;
}

/** An address; after the erasure of personal data only the place. */
export class OrderAddress {
  @Text({ max: 200, optional: true }) name?: string;
  @Text({ max: 200, optional: true }) company?: string;
  @Text({ max: 200, optional: true }) line1?: string;
  @Text({ max: 200, optional: true }) line2?: string;
  @Text({ max: 120, optional: true }) city?: string;
  @Text({ max: 120, optional: true }) region?: string;
  @Text({ max: 12, optional: true }) postalCode?: string;
  @CountryCode() countryCode!: string;
  @Phone({ optional: true }) phone?: string;
}

/** What keeps the order from going on. */
export class OrderHold {
  @Text({ max: 100 }) id!: string;
  @Text({ max: 64 }) reason!: string;
  @Text({ max: 500, optional: true }) detail?: string;
  @TextList({ max: 500, maxLength: 8, description: 'empty: the whole order' }) lineIds!: string[];
}

/** The customer was asked for feedback. */
export class OrderFeedback {
  @Instant({ optional: true }) answerBy?: string;
  @WholeNumber({ min: 1, max: 5, optional: true }) score?: number;
}

/** An order: what was submitted, and what became of it. Personal data that was erased is absent. */
export class OrderAnswer {
  @Text({ max: 36 }) id!: string;
  @WholeNumber({ min: 1 }) version!: number;
  @OneOf(orderStatuses) status!: string;
  @Text({ max: 64 }) channel!: string;
  @Text({ max: 128 }) externalReference!: string;
  @Text({ max: 64, optional: true }) number?: string;
  @Instant() placedAt!: string;
  @Currency() currency!: string;
  @Truth() taxIncluded!: boolean;
  @Nested(() => CustomerRequest) customer!: CustomerRequest;
  @Nested(() => OrderAddress) shippingAddress!: OrderAddress;
  @Nested(() => OrderAddress, { optional: true }) billingAddress?: OrderAddress;
  @Nested(() => DeliveryRequest) delivery!: DeliveryRequest;
  @ListOf(() => OrderLine) lines!: OrderLine[];
  @ListOf(() => DiscountRequest) discounts!: DiscountRequest[];
  @Nested(() => TotalsRequest) totals!: TotalsRequest;
  @Nested(() => PaymentRequest) payment!: PaymentRequest;
  @Nested(() => PolicyRequest) policy!: PolicyRequest;
  @Nested(() => GiftRequest) gift!: GiftRequest;
  @Nested(() => BusinessRequest) business!: BusinessRequest;
  @TextList({ max: 20, maxLength: 64 }) tags!: string[];
  @TextMap({ max: 50 }) metadata!: Record<string, string>;
  @ListOf(() => OrderHold) holds!: OrderHold[];
  @ListOf(() => OrderFulfillment) fulfillments!: OrderFulfillment[];
  @ListOf(() => OrderCancellation) cancellations!: OrderCancellation[];
  @OneOf(['none']) returnStatus!: string;
  @WholeNumber() backorderedQuantity!: number;
  @Instant({ optional: true, description: 'when waiting for stock is decided about' }) reviewAt?: string;
  @Nested(() => OrderFeedback, { optional: true }) feedback?: OrderFeedback;
  @Text({ max: 500, description: 'the page where the customer follows the order' }) trackingUrl!: string;
  @Instant() createdAt!: string;
  @Instant() updatedAt!: string;
}

/** An order in a list. */
export class OrderSummaryAnswer {
  @Text({ max: 36 }) id!: string;
  @OneOf(orderStatuses) status!: string;
  @WholeNumber({ min: 1 }) version!: number;
  @Text({ max: 64 }) channel!: string;
  @Text({ max: 128 }) externalReference!: string;
  @Text({ max: 64, optional: true }) number?: string;
  @Currency() currency!: string;
  @MinorUnits() grandTotal!: number;
  @WholeNumber() units!: number;
  @WholeNumber() backorderedQuantity!: number;
  @OneOf(paymentStatuses) paymentStatus!: string;
  @TextList({ max: 100, maxLength: 64 }) holdReasons!: string[];
  @CountryCode() countryCode!: string;
  @Truth() hasOpenCancellation!: boolean;
  @Instant({ optional: true, description: 'deadline of the stage it is in' }) dueAt?: string;
  @Instant({ optional: true }) reviewAt?: string;
  @Instant() placedAt!: string;
  @Instant() createdAt!: string;
  @Instant() updatedAt!: string;
}

/** Answer of `GET /v1/orders`. */
export class OrderPage {
  @ListOf(() => OrderSummaryAnswer) items!: OrderSummaryAnswer[];
  @Text({ max: 500, optional: true, description: 'absent on the last page' }) nextCursor?: string;
}

/** Who or what did it. */
export class FactActor {
  @Text({ max: 32 }) type!: string;
  @Text({ max: 128 }) id!: string;
}

/** One fact in the life of an order. */
export class TimelineEntry {
  @Instant() recordedAt!: string;
  @Instant() occurredAt!: string;
  @OneOf(['order', 'inventory', 'routing', 'warehouse', 'shipping']) service!: string;
  @Text({ max: 64 }) type!: string;
  @Text({ max: 36 }) eventId!: string;
  @Nested(() => FactActor) actor!: FactActor;
  @Text({ max: 500, optional: true }) reason?: string;
  @FreeForm({ description: "the event's payload; its form follows from `type`" }) data!: object;
}

/** Answer of `GET /v1/orders/{id}/timeline`. */
export class OrderTimeline {
  @Text({ max: 36 }) orderId!: string;
  @WholeNumber({ min: 1 }) version!: number;
  @ListOf(() => TimelineEntry) entries!: TimelineEntry[];
}
