import type { EventContext } from '@orderlog/contracts';
import type { LogTransaction } from '@orderlog/event-log';
import type { Backorder, BackorderCommand, BackorderLine } from '@orderlog/inventory-domain';
import type { Inventory, QueuedLine } from './ports.js';
import { backorders, backorderStream } from './streams.js';

/** What some orders wait for, locked, while a batch of facts is followed. */
export type BackorderDesk = {
  /** Locks the lines of the queue; streams are locked already. */
  readonly lockLines: () => Promise<void>;
  /** Units could not be planned: they wait, and stock they had been told of is free again. */
  readonly queue: (
    fact: { readonly orderId: string; readonly attempt: number; readonly lines: readonly BackorderLine[] },
    recordedAt: string,
    context: EventContext,
  ) => void;
  /** Units were planned: they are no longer on their way. */
  readonly settle: (orderId: string, lines: readonly BackorderLine[]) => void;
  /** Units that no center had are cancelled or asked for anew: they wait no more, unless it was stock that called them. */
  readonly withdraw: (orderId: string, reason: string, lines: readonly BackorderLine[], context: EventContext) => void;
  readonly save: () => Promise<void>;
};

type Concern = { readonly orderId: string; readonly appends: boolean };

/** Locks the backorder streams that a batch may append to. */
export const openBackorders = async (
  tx: LogTransaction,
  { backorders: table, watch }: Pick<Inventory, 'backorders' | 'watch'>,
  concerns: readonly Concern[],
): Promise<BackorderDesk> => {
  const orderIds = [...new Set(concerns.map(({ orderId }) => orderId))];
  const appending = [...new Set(concerns.filter(({ appends }) => appends).map(({ orderId }) => backorderStream(orderId)))];
  const loaded = appending.length === 0 ? new Map<string, { readonly state: Backorder }>() : await tx.load(backorders, appending);
  const states = new Map([...loaded].map(([streamId, { state }]) => [streamId, state]));
  const lines = new Map<string, QueuedLine>();
  const changed = new Set<string>();
  const keyOf = (orderId: string, lineId: string): string => `${orderId} ${lineId}`;

  const put = (line: QueuedLine): void => {
    const key = keyOf(line.orderId, line.lineId);
    lines.set(key, line);
    changed.add(key);
  };
  const say = (orderId: string, command: BackorderCommand, context: EventContext): readonly BackorderLine[] => {
    const streamId = backorderStream(orderId);
    const state = states.get(streamId) ?? backorders.decider.initialState;
    const events = backorders.decider.decide(command, state);
    if ('refused' in events || events.length === 0) return [];
    states.set(streamId, events.reduce(backorders.decider.evolve, state));
    tx.append(backorders, streamId, events, context);
    return events.flatMap(({ data }) => data.lines);
  };
  const settle = (orderId: string, planned: readonly BackorderLine[]): void => {
    for (const { lineId, quantity } of planned) {
      const line = lines.get(keyOf(orderId, lineId));
      if (line !== undefined && line.covered > 0) put({ ...line, covered: Math.max(0, line.covered - quantity) });
    }
  };

  return {
    lockLines: async () => {
      if (orderIds.length === 0) return;
      for (const line of await table.lock(tx, orderIds)) lines.set(keyOf(line.orderId, line.lineId), line);
    },
    settle,
    queue: ({ orderId, attempt, lines: wanted }, recordedAt, context) => {
      settle(orderId, wanted);
      for (const { lineId, sku, quantity } of say(orderId, { type: 'QueueBackorder', data: { orderId, attempt, lines: wanted } }, context)) {
        const line = lines.get(keyOf(orderId, lineId)) ?? { orderId, lineId, sku, waiting: 0, covered: 0, queuedAt: recordedAt };
        put({ ...line, waiting: line.waiting + quantity });
      }
    },
    withdraw: (orderId, reason, given, context) => {
      const units = given.flatMap(({ lineId, sku, quantity }) => {
        // What stock called is in `covered`; an order that ships complete asks for the rest of its waiting units with it.
        const called = reason === 'backorder_covered' ? (lines.get(keyOf(orderId, lineId))?.covered ?? 0) : 0;
        return quantity > called ? [{ lineId, sku, quantity: quantity - called }] : [];
      });
      for (const { lineId, quantity } of say(orderId, { type: 'WithdrawBackorder', data: { orderId, reason, lines: units } }, context)) {
        const line = lines.get(keyOf(orderId, lineId));
        if (line !== undefined) put({ ...line, waiting: Math.max(0, line.waiting - quantity) });
      }
      // Cancelled on the way: the stock they were told of is for others.
      if (reason !== 'backorder_covered') settle(orderId, given);
    },
    save: async () => {
      if (changed.size === 0) return;
      await table.save(tx, [...changed].flatMap((key) => lines.get(key) ?? []));
      watch.mayCover();
    },
  };
};
