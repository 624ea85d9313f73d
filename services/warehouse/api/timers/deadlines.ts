import type { EventLog } from '@orderlog/event-log';
import type { TimerHandler } from '@orderlog/messaging';
import { acceptanceDue, cancellationAnswerDue, fulfillmentOrders } from '../../application/streams.js';

const deadline = (log: Pick<EventLog, 'readBeginnings'>, kind: string, waitingFor: 'acceptance' | 'cancellation'): TimerHandler => ({
  kind,
  handle: async (timers, tx) => {
    const beginnings = await log.readBeginnings(timers.map(({ streamId }) => ({ streamId, upTo: 1 })));
    const commands = timers.map(({ streamId }) => {
      const [first] = beginnings.get(streamId) ?? [];
      if (first === undefined) throw new Error(`a deadline of ${streamId}, which has no events`);
      const { tenantId, correlationId, eventId } = first;
      const context = { tenantId, correlationId, causationId: eventId, commandId: `${streamId}/${kind}`, actor: { type: 'service', id: 'warehouse' } } as const;
      return { streamId, command: { type: 'MarkOverdue', data: { waitingFor } } as const, context };
    });
    await tx.decide(fulfillmentOrders, commands);
  },
});

/** A third party's deadlines: what was not answered by then becomes a fact the order acts on. */
export const deadlineTimers = (log: Pick<EventLog, 'readBeginnings'>): readonly TimerHandler[] => [
  deadline(log, acceptanceDue, 'acceptance'),
  deadline(log, cancellationAnswerDue, 'cancellation'),
];
