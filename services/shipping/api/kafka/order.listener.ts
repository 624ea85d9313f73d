import { Controller, Inject } from '@nestjs/common';
import type { LogTransaction } from '@orderlog/event-log';
import { OnFacts, type Fact } from '@orderlog/messaging';
import { shipmentStream } from '@orderlog/shipping-domain';
import { followOrder, type OrderFact } from '../../application/follow-order.js';
import type { PackageRegister } from '../../application/ports.js';
import { CARRIERS_FOR, PACKAGE_REGISTER } from '../tokens.js';

/** What is parked if a fact fails: an address change is about several shipments, so its order stands for them. */
const targetOf = (fact: Fact): string => {
  const { fulfillmentOrderId } = fact.data as { readonly fulfillmentOrderId?: unknown };
  return shipmentStream(typeof fulfillmentOrderId === 'string' ? fulfillmentOrderId : fact.correlationId);
};

/** Hears the order service: packed packages, changed addresses. */
@Controller()
export class OrderListener {
  private readonly follow: (facts: readonly OrderFact[], tx: LogTransaction) => Promise<void>;

  constructor(@Inject(PACKAGE_REGISTER) register: PackageRegister, @Inject(CARRIERS_FOR) carriersFor: (serviceLevel: string) => readonly string[]) {
    this.follow = followOrder(register, carriersFor);
  }

  @OnFacts({ hears: [{ source: 'order', types: ['OrderPackagePacked', 'OrderAddressChanged'] }], target: targetOf })
  heard(facts: readonly Fact[], tx: LogTransaction): Promise<void> {
    return this.follow(facts as readonly Fact<OrderFact>[], tx);
  }
}
