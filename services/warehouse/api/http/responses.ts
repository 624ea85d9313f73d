import { progressOf, requestStatusOf, stillToPick, workStatusOf, type FulfillmentOrder } from '@orderlog/warehouse-domain';
import type { Task, Wave } from '../../application/hand-out-task.js';
import { cartonFor } from '../../application/pack.js';
import type { Items } from '../../application/ports.js';

/** A fulfillment order as its center sees it. */
export const fulfillmentOrderResponse = (items: Items, state: FulfillmentOrder) => ({
  id: state.fulfillmentOrderId,
  orderId: state.orderId,
  centerId: state.centerId,
  centerKind: state.centerKind,
  attempt: state.attempt,
  status: workStatusOf(progressOf(state)),
  requestStatus: requestStatusOf(state),
  overdue: state.isOverdue,
  shipBy: state.shipBy,
  answerBy: state.answerBy,
  serviceLevel: state.serviceLevel,
  giftWrap: state.giftWrap,
  pickListId: state.pickListId,
  cell: state.cell,
  lines: state.lines.map(({ lineId, sku, requested, ...quantities }) => ({ lineId, sku, name: items.item(sku)?.name ?? '', requested, quantities })),
  packages: state.packages.map(({ packageId, carton, weightGrams, lines }) => ({
    id: packageId,
    carton,
    weightGrams,
    lines: lines.map(({ lineId, sku, quantity }) => ({ lineId, sku, quantity })),
  })),
  cancellations: state.cancellations.map(({ cancellationId, pending }) => ({ id: cancellationId, pending })),
  putBacks: state.putBacks.map(({ taskId, lineId, sku, quantity, bin, isDone }) => ({ id: taskId, lineId, sku, quantity, bin, done: isDone })),
});

/** A pick list with what is left to do at each stop. */
export const pickListResponse = (items: Items, { list, fulfillmentOrders }: Wave) => {
  const states = new Map(fulfillmentOrders.map((state) => [state.fulfillmentOrderId, state]));
  return {
    id: list.pickListId,
    centerId: list.centerId,
    workerId: list.workerId,
    status: list.status,
    entries: list.entries.map((entry) => {
      const state = states.get(entry.fulfillmentOrderId);
      const item = items.item(entry.sku);
      return {
        ...entry,
        name: item?.name ?? '',
        barcodes: item?.barcodes.map(({ value }) => value) ?? [],
        toPick: state === undefined ? 0 : stillToPick(state, entry.lineId),
      };
    }),
    fulfillmentOrders: fulfillmentOrders.map((state) => ({
      id: state.fulfillmentOrderId,
      cell: state.cell,
      attempt: state.attempt,
      status: workStatusOf(progressOf(state)),
      giftWrap: state.giftWrap,
      suggestedCarton: cartonFor(items, state).code,
      lines: state.lines.map(({ lineId, sku, planned, picked, sorted, packed }) => ({ lineId, sku, toPick: planned, toSort: picked, toPack: sorted, packed })),
    })),
  };
};

/** The answer to a worker who asks what is next. */
export const taskResponse = (items: Items, task: Task | undefined) => {
  if (task === undefined) return { task: null };
  if (task.kind === 'put_back') {
    const { taskId, ...units } = task.putBack;
    return { task: { kind: task.kind, putBack: { id: taskId, ...units, name: items.item(units.sku)?.name ?? '' } } };
  }
  return { task: { kind: task.kind, pickList: pickListResponse(items, task.wave) } };
};
