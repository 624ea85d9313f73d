import type { TimerHandler } from '@orderlog/messaging';
import { orderTimers, type OrderCommand } from '@orderlog/order-domain';
import { orderAggregate, orderIdOfStream, timerContext } from './aggregate.js';
import type { Clock } from './moment.js';

/** What each due timer asks of its order; the decider judges whether it still matters. */
export const orderTimerHandlers = (clock: Clock): readonly TimerHandler[] => {
  const handler = (kind: string, type: 'CheckPayment' | 'CheckStage' | 'ReviewBackorder' | 'EndFeedbackWindow'): TimerHandler => ({
    kind,
    handle: async ({ streamId, dueAt }, tx) => {
      const loaded = await tx.load(orderAggregate, [streamId]);
      const tenantId = loaded.get(streamId)?.state.placed?.tenantId;
      if (tenantId === undefined) return;
      const command: OrderCommand = { type, data: { at: clock() } };
      const context = timerContext(tenantId, orderIdOfStream(streamId), `${kind}@${dueAt}`);
      await tx.decide(orderAggregate, [{ streamId, command, context }]);
    },
  });
  return [
    handler(orderTimers.payment, 'CheckPayment'),
    handler(orderTimers.stage, 'CheckStage'),
    handler(orderTimers.review, 'ReviewBackorder'),
    handler(orderTimers.feedback, 'EndFeedbackWindow'),
  ];
};
