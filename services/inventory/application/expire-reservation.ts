import type { LogTransaction } from '@orderlog/event-log';
import type { Inventory } from './ports.js';
import { openDesk } from './stock-desk.js';
import { reservations } from './streams.js';

/** Ends a lease that nobody committed: its units are available again. `now` is the timer's own time: the database's clock found it due. */
export const expireReservation =
  (inventory: Inventory) =>
  async ({ streamId, now }: { readonly streamId: string; readonly now: string }, tx: LogTransaction): Promise<void> => {
    const loaded = (await tx.load(reservations, [streamId])).get(streamId);
    if (loaded === undefined) return;
    const { state } = loaded;
    const desk = await openDesk(tx, inventory, state.units);
    const events = reservations.decider.decide({ type: 'ExpireReservation', data: { now, rows: desk.rows } }, state);
    if ('refused' in events || events.length === 0) return;
    for (const event of events) desk.enter(event);
    const tenantId = (await inventory.tenants(tx, [streamId])).get(streamId) ?? '';
    tx.append(reservations, streamId, events, {
      tenantId,
      actor: { type: 'service', id: 'inventory' },
      commandId: `${streamId}/${now}`,
      correlationId: state.orderId,
    });
    await desk.save();
  };
