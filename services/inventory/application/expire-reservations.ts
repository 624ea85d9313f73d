import type { LogTransaction } from '@orderlog/event-log';
import type { Inventory } from './ports.js';
import { openDesk } from './stock-desk.js';
import { reservations } from './streams.js';

/**
 * Ends leases that nobody committed: their units are available again. `now` is each timer's own time: the database's clock found it due.
 * One look at the stock for all of them, so that rows are locked in the one order.
 */
export const expireReservations =
  (inventory: Inventory) =>
  async (due: readonly { readonly streamId: string; readonly now: string }[], tx: LogTransaction): Promise<void> => {
    const streamIds = due.map(({ streamId }) => streamId);
    const loaded = await tx.load(reservations, streamIds);
    const tenants = await inventory.tenants(tx, streamIds);
    const desk = await openDesk(tx, inventory, [...loaded.values()].flatMap(({ state }) => state.units));
    for (const { streamId, now } of due) {
      const { state } = loaded.get(streamId) ?? { state: reservations.decider.initialState };
      const events = reservations.decider.decide({ type: 'ExpireReservation', data: { now, rows: desk.rows } }, state);
      if ('refused' in events || events.length === 0) continue;
      for (const event of events) desk.enter(event);
      tx.append(reservations, streamId, events, {
        tenantId: tenants.get(streamId) ?? '',
        actor: { type: 'service', id: 'inventory' },
        commandId: `${streamId}/${now}`,
        correlationId: state.orderId,
      });
    }
    await desk.save();
  };
