import { Controller } from '@nestjs/common';
import type { LogTransaction } from '@orderlog/event-log';
import { OnFacts, type Fact } from '@orderlog/messaging';
import { shipmentStream } from '@orderlog/shipping-domain';
import { followWarehouse, type FulfillmentOrderCancellationRefused } from '../../application/follow-warehouse.js';

const targetOf = (fact: Fact): string => shipmentStream(String((fact.data as { readonly fulfillmentOrderId?: unknown }).fulfillmentOrderId));

/** Hears the warehouse: units of a cancellation that are in closed packages. */
@Controller()
export class WarehouseListener {
  @OnFacts({ hears: [{ source: 'warehouse', types: ['FulfillmentOrderCancellationRefused'] }], target: targetOf })
  heard(facts: readonly Fact[], tx: LogTransaction): Promise<void> {
    return followWarehouse(facts as readonly Fact<FulfillmentOrderCancellationRefused>[], tx);
  }
}
