import { isRefusal, type Refusal } from '@orderlog/decider';
import type { FulfillmentOrder, FulfillmentOrderCommand, FulfillmentOrderRefusal } from '@orderlog/warehouse-domain';
import type { ContextFor, Floor } from './ports.js';
import { openWorktop } from './worktop.js';

/** Sends one command to one fulfillment order and answers what it is then. Accepting, rejecting, answering a cancellation, putting back. */
export const tellFulfillmentOrder =
  ({ log, board }: Pick<Floor, 'log' | 'board'>) =>
  (fulfillmentOrderId: string, command: FulfillmentOrderCommand, contextFor: ContextFor): Promise<FulfillmentOrder | Refusal<FulfillmentOrderRefusal>> =>
    log.transact(async (tx) => {
      const worktop = await openWorktop(tx, board, [fulfillmentOrderId]);
      const outcome = worktop.decide(fulfillmentOrderId, command);
      if (isRefusal(outcome)) return outcome;
      await worktop.write(contextFor);
      return worktop.state(fulfillmentOrderId);
    });
