import { Controller, Inject } from '@nestjs/common';
import type { LogTransaction } from '@orderlog/event-log';
import { OnFacts, type Fact } from '@orderlog/messaging';
import type { OrderFact } from '../../application/follow-order.js';
import { FOLLOW_ORDER } from '../tokens.js';

/** Hears of released orders and of cancellations. */
@Controller()
export class OrderListener {
  constructor(@Inject(FOLLOW_ORDER) private readonly follow: (facts: readonly OrderFact[], tx: LogTransaction) => Promise<void>) {}

  /** One method for both types: a cancellation must not overtake the release it is about. What fails parks all of the order's work here. */
  @OnFacts({ hears: [{ source: 'order', types: ['OrderReleased', 'OrderCancellationRequested'] }], target: (fact) => `fulfillment-order-${fact.correlationId}` })
  async orderFacts(facts: readonly Fact[], tx: LogTransaction): Promise<void> {
    await this.follow(facts as readonly Fact[] as unknown as readonly OrderFact[], tx);
  }
}
