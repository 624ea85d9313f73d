import type { TimerHandler } from '@orderlog/messaging';
import { orderTimers, type OrderCommand } from '@orderlog/order-domain';
import { orderAggregate, orderIdOfStream, timerContext } from './aggregate.js';
import type { Clock } from './moment.js';

/** What each due timer asks of its order; the decider judges whether it still matters. */
export const orderTimerHandlers = (clock: Clock): readonly TimerHandler[] => {
  const handler = (kind: string, type: 'CheckPayment' | 'CheckStage' | 'ReviewBackorder' | 'EndFeedbackWindow'): TimerHandler => ({
    kind,
    // Their only effect is a hold: a parked order goes on hold by its deadline as any other.
    passesParking: type === 'CheckPayment' || type === 'CheckStage',
    handle: async (timers, tx) => {
      const loaded = await tx.load(orderAggregate, timers.map(({ streamId }) => streamId));
      const commands = timers.flatMap(({ streamId, dueAt }) => {
        const tenantId = loaded.get(streamId)?.state.placed?.tenantId;
        const command: OrderCommand = { type, data: { at: clock() } };
        return tenantId === undefined ? [] : [{ streamId, command, context: timerContext(tenantId, orderIdOfStream(streamId), `${kind}@${dueAt}`) }];
      });
      await tx.decide(orderAggregate, commands);
    },
  });
  return [
    handler(orderTimers.payment, 'CheckPayment'),
    handler(orderTimers.stage, 'CheckStage'),
    handler(orderTimers.review, 'ReviewBackorder'),
    handler(orderTimers.feedback, 'EndFeedbackWindow'),
  ];
};
