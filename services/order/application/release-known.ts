import { isRefusal } from '@orderlog/decider';
import type { EventLog } from '@orderlog/event-log';
import { unknownSkuHold } from '@orderlog/order-domain';
import { orderAggregate, streamOf } from './aggregate.js';
import type { Items } from './items.js';
import type { OrderDesk } from './order-desk.js';

/** An order in the list of those that wait for an item to become known. */
export type WaitingOrder = { readonly id: string; readonly tenantId: string };

/** What releasing needs; `waiting` answers a page of orders with that hold, in the order of their ids, behind `after`. */
export type ReleaseParts = {
  readonly log: EventLog;
  readonly desk: OrderDesk;
  readonly items: Items;
  readonly waiting: (after: string | undefined, limit: number) => Promise<readonly WaitingOrder[]>;
};

const pageMax = 200;

/**
 * Looks through the orders on hold for an unknown SKU and releases those whose items inventory has told of meanwhile: an import may run ahead
 * of the item feed, and nobody should have to release thousands of orders by hand. Answers how many were released.
 */
export const releaseKnown = async ({ log, desk, items, waiting }: ReleaseParts): Promise<number> => {
  let released = 0;
  for (let after: string | undefined, isMore = true; isMore; ) {
    const page = await waiting(after, pageMax);
    for (const { id, tenantId } of page) {
      const { state } = await log.state(orderAggregate, streamOf(id));
      const hold = state.holds.find((open) => open.id === unknownSkuHold);
      if (hold === undefined || !state.lines.every(({ sku }) => items.isOffered(sku))) continue;
      const context = { tenantId, actor: { type: 'service', id: 'order' }, commandId: `items-known:${id}`, correlationId: id } as const;
      const command = { type: 'ReleaseHold', data: { holdId: unknownSkuHold, detail: 'inventory knows the items now' } } as const;
      const outcome = await desk.execute(tenantId, id, command, context).catch((error: unknown) => {
        // A parked order waits for an operator: the others on the page do not wait with it.
        if (error instanceof Error && error.name === 'StreamParked') return undefined;
        throw error;
      });
      // Refused: a person, or another process of this service, was faster.
      if (outcome !== undefined && !isRefusal(outcome)) released += 1;
    }
    isMore = page.length === pageMax;
    after = page.at(-1)?.id;
  }
  return released;
};
