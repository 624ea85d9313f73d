import { Problem } from '@orderlog/edge';
import { counter, durations } from '@orderlog/observability';
import type { Intake, IntakeDesk } from './intake.js';

const outcomeOf = ({ status, replayed }: Intake): 'accepted' | 'repeated' => (status === 201 && !replayed ? 'accepted' : 'repeated');

/** Counts and times what is submitted, whichever way it came. `rehearse` decides nothing and is not counted. */
export const measuredIntake = (intake: IntakeDesk): IntakeDesk => {
  const seconds = durations('orderlog_order_intake_duration_seconds', 'Judging and storing a submitted order, by outcome');
  const refusals = counter('orderlog_orders_refused_total', 'Submitted orders that were refused, by problem');
  const done = { accepted: { outcome: 'accepted' }, repeated: { outcome: 'repeated' }, refused: { outcome: 'refused' }, failed: { outcome: 'failed' } };
  return {
    rehearse: intake.rehearse,
    place: async (submission) => {
      const startedAt = performance.now();
      let outcome: keyof typeof done = 'failed';
      try {
        const answer = await intake.place(submission);
        outcome = outcomeOf(answer);
        return answer;
      } catch (error) {
        if (error instanceof Problem && error.kind.status < 500) {
          outcome = 'refused';
          refusals.add(1, { reason: error.kind.slug });
        }
        throw error;
      } finally {
        seconds.record((performance.now() - startedAt) / 1_000, done[outcome]);
      }
    },
  };
};
