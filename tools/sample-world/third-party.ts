import { ProblemAnswer } from '../cli/client.js';
import type { Shift } from './staff.js';

type Listed = { readonly items: readonly { readonly id: string }[] };
type FulfillmentOrder = {
  readonly lines: readonly { readonly sku: string; readonly requested: number }[];
  readonly cancellations: readonly { readonly id: string; readonly pending: readonly { readonly sku: string; readonly quantity: number }[] }[];
};

const lookEveryMs = 400;
const pageMax = 200;
const atOnce = 8;
/** The list lags a little behind the answers: who was answered is not asked about again. */
const rememberedMax = 10_000;

/** The office of a third party: answers requests and cancellations. */
export const staffThirdParty = async (shift: Shift, centerId: string): Promise<void> => {
  const { api, behaviour, progress } = shift;
  const answered = new Set<string>();
  const remember = (key: string): void => {
    answered.add(key);
    for (const oldest of answered) {
      if (answered.size <= rememberedMax) break;
      answered.delete(oldest);
    }
  };
  const show = async (id: string): Promise<FulfillmentOrder> => (await api.call<FulfillmentOrder>('GET', `/v1/warehouse/fulfillment-orders/${id}`)).body;

  const answerRequest = async (id: string): Promise<void> => {
    if (answered.has(id)) return;
    const lines = (await show(id)).lines.map(({ sku, requested }) => ({ sku, quantity: requested }));
    const answer = behaviour.answersRequest(lines);
    remember(id);
    if (answer === 'nothing') return;
    if (answer === 'accept') await api.call('POST', `/v1/warehouse/fulfillment-orders/${id}/acceptance`);
    else await api.call('POST', `/v1/warehouse/fulfillment-orders/${id}/rejection`, { reason: 'NOT_IN_STOCK', note: 'not on our shelves' });
    progress[answer === 'accept' ? 'accepted' : 'rejected'] += 1;
  };

  const answerCancellations = async (id: string): Promise<void> => {
    for (const { id: cancellationId, pending } of (await show(id)).cancellations) {
      if (pending.length === 0 || answered.has(`${id} ${cancellationId}`)) continue;
      const answer = behaviour.answersCancellation(pending) === 'accept' ? 'acceptance' : 'refusal';
      remember(`${id} ${cancellationId}`);
      await api.call('POST', `/v1/warehouse/fulfillment-orders/${id}/cancellations/${cancellationId}/${answer}`);
      progress.cancellationsAnswered += 1;
    }
  };

  const answerAll = async (requestStatus: 'submitted' | 'cancellation_requested', answer: (id: string) => Promise<void>): Promise<void> => {
    const query = new URLSearchParams({ centerId, requestStatus, limit: String(pageMax) });
    const waiting = (await api.call<Listed>('GET', `/v1/warehouse/fulfillment-orders?${query.toString()}`)).body.items.map(({ id }) => id);
    const isAny = waiting.length > 0;
    const lane = async (): Promise<void> => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        try {
          await answer(id);
        } catch (error) {
          // It ended in the meantime (a cancellation was faster): nothing to answer any more.
          if (!(error instanceof ProblemAnswer) || (error.status !== 404 && error.status !== 409)) throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, waiting.length) }, lane));
    if (isAny) shift.report();
  };

  while (!shift.signal.aborted) {
    try {
      await answerAll('submitted', answerRequest);
      await answerAll('cancellation_requested', answerCancellations);
    } catch (error) {
      if (shift.signal.aborted) return;
      throw error;
    }
    await shift.rest(lookEveryMs);
  }
};
