import { Controller, Inject } from '@nestjs/common';
import type { LogTransaction } from '@orderlog/event-log';
import { OnFacts, type Fact } from '@orderlog/messaging';
import { followFacts, streamOfFact } from '../../application/follow-facts.js';
import type { Clock } from '../../application/moment.js';
import { CLOCK } from '../tokens.js';

const types = [
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
] as const;

/** What shipping says of an order. */
@Controller()
export class ShippingListener {
  private readonly follow: ReturnType<typeof followFacts>;

  constructor(@Inject(CLOCK) clock: Clock) {
    this.follow = followFacts(clock);
  }

  @OnFacts({ source: 'shipping', types, target: streamOfFact })
  heard(facts: readonly Fact[], tx: LogTransaction): Promise<void> {
    return this.follow(facts, tx);
  }
}
