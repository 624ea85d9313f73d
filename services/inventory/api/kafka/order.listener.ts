import { Controller, Inject } from '@nestjs/common';
import type { LogTransaction } from '@orderlog/event-log';
import { OnFacts, type Fact } from '@orderlog/messaging';
import { contextOfFact } from '../../application/fact-context.js';
import { targetOf } from '../../application/follow-order.js';
import { orderFactTypes, type OrderFact } from '../../application/order-facts.js';
import { USE_CASES, type UseCases } from '../../application/use-cases.js';

/** The consumer hands over only the types that were asked for, checked against their contract by the producer. */
const orderFact = (fact: Fact): OrderFact =>
  ({ type: fact.type, data: fact.data, context: contextOfFact(fact), recordedAt: fact.recordedAt }) as OrderFact;

/** Hears the order. */
@Controller()
export class OrderListener {
  constructor(@Inject(USE_CASES) private readonly inventory: UseCases) {}

  @OnFacts({ hears: [{ source: 'order', types: [...orderFactTypes] }], target: (fact) => targetOf(orderFact(fact)) })
  async follow(facts: readonly Fact[], tx: LogTransaction): Promise<void> {
    await this.inventory.followOrder(facts.map(orderFact), tx);
  }
}
