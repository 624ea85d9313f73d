import type { EventLog } from '@orderlog/event-log';
import type { TimerHandler } from '@orderlog/messaging';
import { acceptanceDue, cancellationAnswerDue, fulfillmentOrders } from '../../application/streams.js';

const deadline = (log: Pick<EventLog, 'read'>, kind: string, waitingFor: 'acceptance' | 'cancellation'): TimerHandler => ({
  kind,
  handle: async ({ streamId }, tx) => {
    // Only late answers come here, so a read for the tenant costs nobody anything.
    const [first] = await log.read(streamId, { upTo: 1 });
    if (first === undefined) throw new Error(`a deadline of ${streamId}, which has no events`);
    const { tenantId, correlationId, eventId } = first;
    await tx.decide(fulfillmentOrders, [
      {
        streamId,
        command: { type: 'MarkOverdue', data: { waitingFor } },
        context: { tenantId, correlationId, causationId: eventId, commandId: `${streamId}/${kind}`, actor: { type: 'service', id: 'warehouse' } },
      },
    ]);
  },
});

/** A third party's deadlines: what was not answered by then becomes a fact the order acts on. */
export const deadlineTimers = (log: Pick<EventLog, 'read'>): readonly TimerHandler[] => [
  deadline(log, acceptanceDue, 'acceptance'),
  deadline(log, cancellationAnswerDue, 'cancellation'),
];
