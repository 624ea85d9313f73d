import { Controller, Inject } from '@nestjs/common';
import type { LogTransaction } from '@orderlog/event-log';
import { OnFacts, type Fact, type Heard } from '@orderlog/messaging';
import { followFacts, streamOfFact } from '../../application/follow-facts.js';
import type { Clock } from '../../application/moment.js';
import { CLOCK } from '../tokens.js';

/** In the order in which a life meets them: what comes in one batch is mostly acted on as it happened. */
const hears: readonly Heard[] = [
  {
    source: 'routing',
    types: [
      'RoutingDecided',
      'RoutingInfeasible',
    ],
  },
  {
    source: 'inventory',
    types: [
      'StockReserved',
      'ReservationRejected',
      'ReservationCommitted',
      'ReservationReleased',
      'ReservationExpired',
      'ReservationLost',
      'StockShipped',
      'StockAdjusted',
      'BackorderQueued',
      'BackorderCovered',
      'BackorderWithdrawn',
    ],
  },
  {
    source: 'warehouse',
    types: [
      'FulfillmentOrderRequested',
      'FulfillmentOrderAccepted',
      'FulfillmentOrderRejected',
      'FulfillmentOrderOverdue',
      'PickTaskPlanned',
      'ItemPicked',
      'PickUndone',
      'PickShorted',
      'ItemSorted',
      'FulfillmentOrderPicked',
      'PackageClosed',
      'FulfillmentOrderClosed',
      'FulfillmentOrderCancellationRequested',
      'FulfillmentOrderCancelled',
      'FulfillmentOrderCancellationRefused',
      'PutBackPlanned',
      'PutBackDone',
    ],
  },
  {
    source: 'shipping',
    types: [
      'LabelPurchaseRequested',
      'LabelPurchased',
      'LabelRefused',
      'LabelFailed',
      'LabelVoided',
      'ShipmentAddressChanged',
      'ShipmentHandedOver',
      'TrackingScanRecorded',
      'DeliveryAttemptFailed',
      'PackageDelivered',
      'PackageReturnedToSender',
      'PackageLost',
      'ShipmentCancelled',
      'ShipmentCancellationRefused',
      'ShipmentCancellationNoted',
    ],
  },
];

/** What the other services say of an order. */
@Controller()
export class OtherServicesListener {
  private readonly follow: ReturnType<typeof followFacts>;

  constructor(@Inject(CLOCK) clock: Clock) {
    this.follow = followFacts(clock);
  }

  @OnFacts({ hears, target: streamOfFact })
  heard(facts: readonly Fact[], tx: LogTransaction): Promise<void> {
    return this.follow(facts, tx);
  }
}
