import { Instant, NestedList, OneOf, Text, TextList, Truth, WholeNumber } from '@orderlog/edge';
import { orderStatuses } from '@orderlog/order-domain';

/** Query of `POST /v1/orders`. */
export class PlaceOrderQuery {
  @OneOf(['refuse', 'hold'], { optional: true, description: 'hold: role import only; the order is placed and held until its products are known' }) onUnknownSku?: string;
  @Truth({ optional: true, description: 'judges the document and stores nothing; answers 200' }) dryRun?: boolean;
}

/** Units of a line that are to be cancelled. */
export class CancellationLineRequest {
  @Text({ max: 8, description: 'the id of the line in this order' }) lineId!: string;
  @WholeNumber({ min: 1, max: 100_000 }) quantity!: number;
}

/** Body of `POST /v1/orders/{id}/cancellations`; without lines everything that has not left. */
export class CancellationRequest {
  @NestedList(() => CancellationLineRequest, { min: 1, max: 500, uniqueBy: 'lineId', optional: true }) lines?: CancellationLineRequest[];
  @OneOf(['customer', 'fraud', 'inventory', 'declined', 'staff', 'other']) reason!: string;
  @Text({ max: 500, optional: true, description: 'goes into the log: no personal data' }) note?: string;
}

/** Body of `POST /v1/orders/{id}/holds`. */
export class HoldRequest {
  @OneOf(['HIGH_RISK_OF_FRAUD', 'INCORRECT_ADDRESS', 'MANUAL', 'OTHER']) reason!: string;
  @Text({ max: 500, optional: true, description: 'goes into the log: no personal data' }) detail?: string;
  @TextList({ max: 500, maxLength: 8, optional: true, description: 'omitted: the whole order' }) lineIds?: string[];
}

/** Body of `POST /v1/orders/{id}/holds/{holdId}/release`. */
export class ReleaseRequest {
  @Text({ max: 500, optional: true, description: 'goes into the log: no personal data' }) detail?: string;
}

/** Body of `POST /v1/orders/{id}/undelivered/{packageId}`. */
export class UndeliveredRequest {
  @OneOf(['resend', 'cancel']) action!: 'resend' | 'cancel';
}

/** Body of `POST /v1/orders/{id}/feedback`. */
export class FeedbackRequest {
  @WholeNumber({ min: 1, max: 5 }) score!: number;
  @Text({ max: 2000, optional: true }) comment?: string;
}

/** Query of `GET /v1/orders/{id}`. */
export class OrderQuery {
  @Instant({ optional: true, description: 'the order as it was at this moment; omitted: as it is now', example: '2026-11-23T08:15:00Z' }) as_of?: string;
}

/** Query of `GET /v1/orders`. */
export class OrdersQuery {
  @OneOf(orderStatuses, { optional: true }) status?: string;
  @Text({ max: 64, optional: true }) channel?: string;
  @Text({ max: 128, optional: true }) externalReference?: string;
  @Instant({ optional: true, description: 'orders placed before' }) createdBefore?: string;
  @Instant({ optional: true, description: 'orders placed at or after' }) createdAfter?: string;
  @Truth({ optional: true, description: 'orders whose stage deadline or review date has passed' }) overdue?: boolean;
  @WholeNumber({ min: 1, max: 200, optional: true }) limit?: number;
  @Text({ max: 500, optional: true }) cursor?: string;
}
