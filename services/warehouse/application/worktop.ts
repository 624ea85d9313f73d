import type { LogTransaction } from '@orderlog/event-log';
import { isRefusal, type Refusal } from '@orderlog/decider';
import {
  fulfillmentOrder,
  orderOf,
  unknownFulfillmentOrder,
  type FulfillmentOrder,
  type FulfillmentOrderCommand,
  type FulfillmentOrderEvent,
  type FulfillmentOrderRefusal,
} from '@orderlog/warehouse-domain';
import type { ContextFor, WorkBoard } from './ports.js';
import { fulfillmentOrders, fulfillmentOrderStream } from './streams.js';

/**
 * Some fulfillment orders, locked, with many commands decided on them in memory and written at once: a batch of scans touches twenty
 * streams a hundred times, and each later scan must see what the earlier ones took.
 */
export type Worktop = {
  readonly state: (fulfillmentOrderId: string) => FulfillmentOrder;
  /** The refusal, or the events (none: nothing to do). */
  readonly decide: (
    fulfillmentOrderId: string,
    command: FulfillmentOrderCommand,
  ) => readonly FulfillmentOrderEvent[] | Refusal<FulfillmentOrderRefusal>;
  /** Appends what was decided and brings the board up to date. */
  readonly write: (contextFor: ContextFor) => Promise<void>;
};

/** Locks and loads fulfillment orders. Ids nobody has heard of are there too, as unknown. */
export const openWorktop = async (tx: LogTransaction, board: WorkBoard, fulfillmentOrderIds: Iterable<string>): Promise<Worktop> => {
  const ids = [...new Set(fulfillmentOrderIds)];
  const loaded = ids.length === 0 ? new Map<string, never>() : await tx.load(fulfillmentOrders, ids.map(fulfillmentOrderStream));
  const states = new Map(ids.map((id) => [id, loaded.get(fulfillmentOrderStream(id))?.state ?? unknownFulfillmentOrder] as const));
  const decided = new Map<string, FulfillmentOrderEvent[]>();
  return {
    state: (id) => states.get(id) ?? unknownFulfillmentOrder,
    decide: (id, command) => {
      const outcome = fulfillmentOrder.decide(command, states.get(id) ?? unknownFulfillmentOrder);
      if (isRefusal(outcome) || outcome.length === 0) return outcome;
      states.set(id, outcome.reduce(fulfillmentOrder.evolve, states.get(id) ?? unknownFulfillmentOrder));
      decided.set(id, [...(decided.get(id) ?? []), ...outcome]);
      return outcome;
    },
    write: async (contextFor) => {
      for (const [id, events] of decided) tx.append(fulfillmentOrders, fulfillmentOrderStream(id), events, contextFor(orderOf(id)));
      if (decided.size > 0) await board.record(tx, [...decided.keys()].flatMap((id) => states.get(id) ?? []));
      decided.clear();
    },
  };
};
