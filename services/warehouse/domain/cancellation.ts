import type { FulfillmentOrderEvent, PackedShare, Units, WithdrawnUnits } from './events.js';
import { evolveFulfillmentOrder, inPlaces, withdrawable, type FulfillmentOrder, type LineState } from './fulfillment-order-state.js';

/** Takes up to `quantity` units of a line from where they are cheapest to take. */
const takeFrom = (line: LineState, quantity: number): WithdrawnUnits => {
  let left = quantity;
  const taken = { waiting: 0, planned: 0, picked: 0, sorted: 0 };
  for (const place of withdrawable) {
    taken[place] = Math.min(left, line[place]);
    left -= taken[place];
  }
  return { lineId: line.lineId, ...taken };
};

const total = ({ waiting, planned, picked, sorted }: WithdrawnUnits): number => waiting + planned + picked + sorted;

/** Says which closed packages hold `quantity` units of a line that nobody asked back yet; what is in none gets no package. */
const sharesOf = (state: FulfillmentOrder, line: Units): PackedShare[] => {
  const shares: PackedShare[] = [];
  let left = line.quantity;
  for (const box of state.packages) {
    const held = box.lines.filter(({ lineId }) => lineId === line.lineId).reduce((sum, { quantity, referred }) => sum + quantity - referred, 0);
    const quantity = Math.min(left, held);
    if (quantity > 0) shares.push({ ...line, quantity, packageId: box.packageId });
    left -= quantity;
  }
  if (left > 0) shares.push({ ...line, quantity: left, packageId: '' });
  return shares;
};

const refusal = (state: FulfillmentOrder, cancellationId: string, lines: readonly Units[]): FulfillmentOrderEvent[] => {
  const shares = lines.filter(({ quantity }) => quantity > 0).flatMap((line) => sharesOf(state, line));
  const { fulfillmentOrderId, orderId } = state;
  return shares.length === 0
    ? []
    : [{ type: 'FulfillmentOrderCancellationRefused', data: { fulfillmentOrderId, orderId, cancellationId, reason: 'not_mine', shares } }];
};

const putBacks = (state: FulfillmentOrder, withdrawn: readonly WithdrawnUnits[]): FulfillmentOrderEvent[] => {
  const { fulfillmentOrderId, orderId } = state;
  return withdrawn
    .filter(({ picked, sorted }) => picked + sorted > 0)
    .map(({ lineId, picked, sorted }, n) => ({
      type: 'PutBackPlanned',
      data: {
        fulfillmentOrderId,
        orderId,
        taskId: `${fulfillmentOrderId}.b${state.putBacks.length + n + 1}`,
        lineId,
        sku: state.lines.find((line) => line.lineId === lineId)?.sku ?? '',
        quantity: picked + sorted,
        bin: state.picks.find((pick) => pick.lineId === lineId)?.bin ?? '',
      },
    }));
};

/** Answers a pending cancellation by line quantity: what is not in a package is withdrawn, the rest is not ours any more. */
export const withdrawPending = (state: FulfillmentOrder, cancellationId: string): FulfillmentOrderEvent[] => {
  const pending = state.cancellations.find((one) => one.cancellationId === cancellationId)?.pending ?? [];
  let now = state;
  const withdrawn: WithdrawnUnits[] = [];
  const lines: Units[] = [];
  const missing: Units[] = [];
  for (const wanted of pending) {
    const line = now.lines.find(({ lineId }) => lineId === wanted.lineId);
    const taken = line === undefined ? { lineId: wanted.lineId, waiting: 0, planned: 0, picked: 0, sorted: 0 } : takeFrom(line, wanted.quantity);
    const quantity = total(taken);
    if (quantity > 0) {
      withdrawn.push(taken);
      lines.push({ lineId: wanted.lineId, sku: wanted.sku, quantity });
      now = { ...now, lines: now.lines.map((one) => (one === line ? without(one, taken) : one)) };
    }
    missing.push({ ...wanted, quantity: wanted.quantity - quantity });
  }
  const { fulfillmentOrderId, orderId, centerId } = state;
  const cancelled: FulfillmentOrderEvent[] =
    lines.length === 0
      ? []
      : [{ type: 'FulfillmentOrderCancelled', data: { fulfillmentOrderId, orderId, centerId, cancellationId, lines, stockEffect: 'release', withdrawn } }];
  return [...cancelled, ...putBacks(state, withdrawn), ...refusal(state, cancellationId, missing)];
};

const without = (line: LineState, taken: WithdrawnUnits): LineState => ({
  ...line,
  waiting: line.waiting - taken.waiting,
  planned: line.planned - taken.planned,
  picked: line.picked - taken.picked,
  sorted: line.sorted - taken.sorted,
});

/**
 * A third party's answer may take longer than its work: pending units that were packed or found missing meanwhile are answered
 * as soon as that is known, so that shipping (or nobody) decides about them.
 */
export const answerWhatIsGone = (state: FulfillmentOrder): FulfillmentOrderEvent[] => {
  const events: FulfillmentOrderEvent[] = [];
  let now = state;
  const claimed = new Map<string, number>();
  for (const { cancellationId, pending } of state.cancellations) {
    const gone = pending.map((wanted) => {
      const line = state.lines.find(({ lineId }) => lineId === wanted.lineId);
      const here = (line === undefined ? 0 : inPlaces(line, ...withdrawable)) - (claimed.get(wanted.lineId) ?? 0);
      const kept = Math.max(0, Math.min(wanted.quantity, here));
      claimed.set(wanted.lineId, (claimed.get(wanted.lineId) ?? 0) + kept);
      return { ...wanted, quantity: wanted.quantity - kept };
    });
    const refused = refusal(now, cancellationId, gone);
    now = refused.reduce(evolveFulfillmentOrder, now);
    events.push(...refused);
  }
  return events;
};
