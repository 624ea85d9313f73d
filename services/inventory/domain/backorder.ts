import { type Command, type Decider, type Event } from '@orderlog/decider';

/** Units of one line that wait for stock. */
export type BackorderLine = { readonly lineId: string; readonly sku: string; readonly quantity: number };

export type BackorderCommand =
  | Command<'QueueBackorder', { readonly orderId: string; readonly attempt: number; readonly lines: readonly BackorderLine[] }>
  | Command<'CoverBackorder', { readonly orderId: string; readonly lines: readonly BackorderLine[] }>
  | Command<'WithdrawBackorder', { readonly orderId: string; readonly reason: string; readonly lines: readonly BackorderLine[] }>;

export type BackorderEvent =
  | Event<'BackorderQueued', { orderId: string; attempt: number; lines: readonly BackorderLine[] }>
  | Event<'BackorderCovered', { orderId: string; lines: readonly BackorderLine[] }>
  | Event<'BackorderWithdrawn', { orderId: string; lines: readonly BackorderLine[]; reason: string }>;

/** What one order waits for, by line. A line that waits for nothing is not in it. */
export type Backorder = { readonly waiting: ReadonlyMap<string, BackorderLine> };

const added = (waiting: Backorder['waiting'], lines: readonly BackorderLine[], sign: 1 | -1): Backorder => {
  const next = new Map(waiting);
  for (const { lineId, sku, quantity } of lines) {
    const left = (next.get(lineId)?.quantity ?? 0) + sign * quantity;
    if (left > 0) next.set(lineId, { lineId, sku, quantity: left });
    else next.delete(lineId);
  }
  return { waiting: next };
};

/** Only what waits can be covered or withdrawn: the rest of a request is somebody else's unit. */
const stillWaiting = (lines: readonly BackorderLine[], { waiting }: Backorder): readonly BackorderLine[] => {
  const left = new Map([...waiting].map(([lineId, { quantity }]) => [lineId, quantity]));
  return lines.flatMap(({ lineId, sku, quantity }) => {
    const some = Math.min(quantity, left.get(lineId) ?? 0);
    left.set(lineId, (left.get(lineId) ?? 0) - some);
    return some > 0 ? [{ lineId, sku, quantity: some }] : [];
  });
};

/** The units of one order that wait for stock. Stream `backorder-<orderId>`. */
export const backorder: Decider<BackorderCommand, BackorderEvent, Backorder> = {
  initialState: { waiting: new Map() },

  decide({ type, data }, state) {
    switch (type) {
      case 'QueueBackorder': {
        const { orderId, attempt, lines } = data;
        return lines.length === 0 ? [] : [{ type: 'BackorderQueued', data: { orderId, attempt, lines } }];
      }
      case 'CoverBackorder': {
        const lines = stillWaiting(data.lines, state);
        return lines.length === 0 ? [] : [{ type: 'BackorderCovered', data: { orderId: data.orderId, lines } }];
      }
      case 'WithdrawBackorder': {
        const lines = stillWaiting(data.lines, state);
        return lines.length === 0 ? [] : [{ type: 'BackorderWithdrawn', data: { orderId: data.orderId, lines, reason: data.reason } }];
      }
    }
  },

  evolve({ waiting }, { type, data }) {
    switch (type) {
      case 'BackorderQueued':
        return added(waiting, data.lines, 1);
      case 'BackorderCovered':
      case 'BackorderWithdrawn':
        return added(waiting, data.lines, -1);
    }
  },
};

/** One line in the queue of a SKU, oldest first. */
export type WaitingLine = { readonly orderId: string; readonly lineId: string; readonly sku: string; readonly waiting: number };

/**
 * Shares out the free units of each SKU, oldest line first, partly if there are fewer than a line waits for.
 * `free` is what nobody else is on the way to. Answers by order, in the order of the queue.
 */
export const cover = (queue: readonly WaitingLine[], free: ReadonlyMap<string, number>): ReadonlyMap<string, readonly BackorderLine[]> => {
  const left = new Map(free);
  const covered = new Map<string, BackorderLine[]>();
  for (const { orderId, lineId, sku, waiting } of queue) {
    const quantity = Math.min(waiting, left.get(sku) ?? 0);
    if (quantity <= 0) continue;
    left.set(sku, (left.get(sku) ?? 0) - quantity);
    const lines = covered.get(orderId);
    if (lines === undefined) covered.set(orderId, [{ lineId, sku, quantity }]);
    else lines.push({ lineId, sku, quantity });
  }
  return covered;
};
