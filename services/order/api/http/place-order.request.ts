import {
  CountryCode,
  Currency,
  Day,
  DecimalText,
  Email,
  Instant,
  Locale,
  Matching,
  MinorUnits,
  Nested,
  NestedList,
  OneOf,
  Phone,
  Sku,
  Text,
  TextList,
  TextMap,
  Truth,
  WholeNumber,
} from '@orderlog/edge';

/** Words of a payment's status. */
export const paymentStatuses = ['not_required', 'pending', 'authorized', 'partially_paid', 'paid', 'failed'] as const;

/** A customer; everything but `externalId`, `type` and `locale` is kept outside the log. */
export class CustomerRequest {
  @Text({ max: 128, optional: true }) externalId?: string;
  @OneOf(['person', 'company'], { optional: true }) type?: string;
  @Text({ max: 200, optional: true }) name?: string;
  @Email({ optional: true }) email?: string;
  @Phone({ optional: true }) phone?: string;
  @Locale({ optional: true }) locale?: string;
}

/** A postal address. */
export class AddressRequest {
  @Text({ max: 200 }) name!: string;
  @Text({ max: 200, optional: true }) company?: string;
  @Text({ max: 200 }) line1!: string;
  @Text({ max: 200, optional: true }) line2?: string;
  @Text({ max: 120 }) city!: string;
  @Text({ max: 120, optional: true }) region?: string;
  @Matching({
    pattern: /^(?=.{2,12}$)[A-Za-z0-9]+([ -][A-Za-z0-9]+)*$/,
    says: 'has to be a postal code of 2 to 12 letters and digits',
    optional: true,
    description: 'needed where the country has postal codes',
  })
  postalCode?: string;
  @CountryCode() countryCode!: string;
  @Phone({ optional: true }) phone?: string;
}

/** How and for how much the order is delivered. */
export class DeliveryRequest {
  @OneOf(['ship', 'pickup']) method!: string;
  @Matching({ pattern: /^[a-z][a-z0-9_]{0,31}$/, says: 'has to be a word in lower_snake, such as standard or express' }) serviceLevel!: string;
  @MinorUnits() amount!: number;
  @MinorUnits({ optional: true }) discount?: number;
  @MinorUnits({ optional: true }) tax?: number;
  @MinorUnits() total!: number;
  @Instant({ optional: true }) promisedBy?: string;
  @Day({ optional: true }) notBefore?: string;
  @Text({ max: 500, optional: true }) instructions?: string;
}

/** A tax of a line as the channel computed it. */
export class TaxLineRequest {
  @Text({ max: 64 }) name!: string;
  @DecimalText() rate!: string;
  @MinorUnits() amount!: number;
}

/** A line of the order. */
export class LineRequest {
  @Text({ max: 128 }) externalId!: string;
  @Sku() sku!: string;
  @Text({ max: 300, optional: true }) name?: string;
  @WholeNumber({ min: 1, max: 100_000 }) quantity!: number;
  @MinorUnits() unitPrice!: number;
  @MinorUnits({ optional: true }) discount?: number;
  @MinorUnits({ optional: true }) tax?: number;
  @MinorUnits() total!: number;
  @NestedList(() => TaxLineRequest, { max: 20, optional: true }) taxLines?: TaxLineRequest[];
  @Text({ max: 500, optional: true }) giftMessage?: string;
  @TextMap({ max: 50, optional: true }) metadata?: Record<string, string>;
}

/** A discount code; its amount is informative. */
export class DiscountRequest {
  @Text({ max: 64 }) code!: string;
  @MinorUnits() amount!: number;
}

/** The order's totals; `grandTotal` = `lines` + `delivery`. */
export class TotalsRequest {
  @MinorUnits() lines!: number;
  @MinorUnits() delivery!: number;
  @MinorUnits() tax!: number;
  @MinorUnits() grandTotal!: number;
}

/** What the channel says of the payment. */
export class PaymentRequest {
  @OneOf(paymentStatuses) status!: string;
  @Text({ max: 128, optional: true }) reference?: string;
  @MinorUnits({ optional: true }) authorizedAmount?: number;
  @MinorUnits({ optional: true }) capturedAmount?: number;
  @Instant({ optional: true }) authorizedUntil?: string;
}

/** The order's choices. */
export class PolicyRequest {
  @OneOf(['allow', 'ship_complete'], { optional: true }) split?: string;
  @OneOf(['wait', 'cancel_remainder', 'hold'], { optional: true }) backorder?: string;
  @OneOf(['never'], { optional: true }) substitution?: string;
}

/** The order is a gift. */
export class GiftRequest {
  @Text({ max: 500, optional: true }) message?: string;
  @Truth({ optional: true }) wrap?: boolean;
  @Truth({ optional: true }) hidePrices?: boolean;
}

/** What a company adds. */
export class BusinessRequest {
  @Text({ max: 128, optional: true }) purchaseOrderNumber?: string;
  @Text({ max: 64, optional: true }) taxId?: string;
  @Text({ max: 200, optional: true }) terms?: string;
}

/** Body of `POST /v1/orders`. Amounts are minor units of the order's currency. */
export class PlaceOrderRequest {
  @Text({ max: 64 }) channel!: string;
  @Text({ max: 128, description: 'unique for ever in the tenant and channel' }) externalReference!: string;
  @Text({ max: 64, optional: true, description: 'shown to people' }) number?: string;
  @Instant({ optional: true }) placedAt?: string;
  @Currency() currency!: string;
  @Truth() taxIncluded!: boolean;
  @Nested(() => CustomerRequest) customer!: CustomerRequest;
  @Nested(() => AddressRequest) shippingAddress!: AddressRequest;
  @Nested(() => AddressRequest, { optional: true }) billingAddress?: AddressRequest;
  @Nested(() => DeliveryRequest) delivery!: DeliveryRequest;
  @NestedList(() => LineRequest, { min: 1, max: 500 }) lines!: LineRequest[];
  @NestedList(() => DiscountRequest, { max: 50, optional: true }) discounts?: DiscountRequest[];
  @Nested(() => TotalsRequest) totals!: TotalsRequest;
  @Nested(() => PaymentRequest, { optional: true, description: 'omitted: pending' }) payment?: PaymentRequest;
  @Nested(() => PolicyRequest, { optional: true }) policy?: PolicyRequest;
  @Nested(() => GiftRequest, { optional: true }) gift?: GiftRequest;
  @Nested(() => BusinessRequest, { optional: true }) business?: BusinessRequest;
  @TextList({ max: 20, maxLength: 64, optional: true }) tags?: string[];
  @TextMap({ max: 50, optional: true }) metadata?: Record<string, string>;
}
