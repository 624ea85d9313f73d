import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { executorOf, openPool } from '@orderlog/event-log';
import { freshDatabase, projectionSpecification, type FreshDatabase } from '@orderlog/testing';
import { fold, isRefusal } from '@orderlog/decider';
import { fulfillmentOrder, progressOf, requestStatusOf, workStatusOf, type CenterKind, type FulfillmentOrderCommand, type FulfillmentOrderEvent } from '@orderlog/warehouse-domain';
import type { Pool } from 'pg';
import { fulfillmentOrderList, type Listed } from './fulfillment-order-list.projection.js';

let database: FreshDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await freshDatabase({ service: 'warehouse', folders: [{ name: 'warehouse', path: new URL('../../infrastructure/migrations/', import.meta.url) }] });
  pool = openPool(database.appUrl, database.schema, 'test', 1, (error) => {
    throw error;
  });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const box = { weightGrams: 1, carton: 'S', lengthMm: 1, widthMm: 1, heightMm: 1, workerId: 'ann' };
const request = (centerKind: CenterKind): FulfillmentOrderCommand => ({
  type: 'RequestFulfillment',
  data: {
    fulfillmentOrderId: 'o.1.1',
    orderId: 'o',
    centerId: 'north',
    centerKind,
    attempt: 1,
    lines: [{ lineId: '1', sku: 'A', quantity: 3 }],
    shipBy: 'soon',
    serviceLevel: 'standard',
    answerBy: 'later',
    giftWrap: false,
  },
});
const accept: FulfillmentOrderCommand = { type: 'AcceptFulfillment', data: {} };
const plan: FulfillmentOrderCommand = { type: 'PlanPick', data: { pickListId: 'L', cell: 'C01' } };
const pick = (quantity: number): FulfillmentOrderCommand => ({ type: 'PickUnits', data: { pickListId: 'L', lineId: '1', quantity, bin: '', workerId: 'ann', scanId: 's' } });
const short: FulfillmentOrderCommand = { type: 'ReportShort', data: { lineId: '1', quantity: 1, reason: 'DAMAGED', workerId: 'ann', scanId: 'r' } };
const sort: FulfillmentOrderCommand = { type: 'SortAll', data: { workerId: 'ann' } };
const pack: FulfillmentOrderCommand = { type: 'ClosePackage', data: box };
const cancel = (quantity: number): FulfillmentOrderCommand => ({
  type: 'RequestCancellation',
  data: { cancellationId: 'x', lines: [{ lineId: '1', sku: 'A', quantity }], answerBy: 'later' },
});
const answer = (isAccepted: boolean): FulfillmentOrderCommand => ({ type: 'AnswerCancellation', data: { cancellationId: 'x', isAccepted } });
const overdue: FulfillmentOrderCommand = { type: 'MarkOverdue', data: { waitingFor: 'acceptance' } };

const history = (commands: readonly FulfillmentOrderCommand[]): readonly FulfillmentOrderEvent[] =>
  commands.reduce<readonly FulfillmentOrderEvent[]>((events, command) => {
    const outcome = fulfillmentOrder.decide(command, fold(fulfillmentOrder, events));
    if (isRefusal(outcome)) throw new Error(`${command.type} was refused: ${outcome.refused}`);
    return [...events, ...outcome];
  }, []);

describe('the list of fulfillment orders', () => {
  it.each<[string, string, string, readonly FulfillmentOrderCommand[]]>([
    ['is asked for', 'open', 'submitted', [request('third_party')]],
    ['waits too long for an answer', 'open', 'submitted', [request('third_party'), overdue]],
    ['is accepted late', 'open', 'accepted', [request('third_party'), overdue, accept]],
    ['is rejected', 'rejected', 'rejected', [request('third_party'), { type: 'RejectFulfillment', data: { reason: 'CAPACITY', note: '' } }]],
    ['waits', 'open', 'accepted', [request('own')]],
    ['is on a list', 'in_progress', 'accepted', [request('own'), plan, pick(2)]],
    ['is picked', 'picked', 'accepted', [request('own'), plan, pick(3), sort]],
    ['is packed', 'closed', 'accepted', [request('own'), plan, pick(3), sort, pack]],
    ['is packed without a missing unit', 'incomplete', 'accepted', [request('own'), plan, pick(2), short, sort, pack]],
    ['is cancelled in part', 'open', 'accepted', [request('own'), cancel(1)]],
    ['is cancelled', 'cancelled', 'accepted', [request('own'), plan, pick(1), cancel(3)]],
    ['is asked to cancel', 'open', 'cancellation_requested', [request('third_party'), accept, cancel(1)]],
    ['cancels', 'open', 'accepted', [request('third_party'), accept, cancel(1), answer(true)]],
    ['refuses to cancel', 'open', 'accepted', [request('third_party'), accept, cancel(1), answer(false)]],
    ['packed before it answered', 'closed', 'accepted', [request('third_party'), accept, plan, cancel(3), pick(3), sort, pack]],
  ])('says of one that %s: %s, %s', async (_, status, requestStatus, commands) => {
    const events = history(commands);
    const state = fold(fulfillmentOrder, events);
    // The stream itself must say the same: the list is nothing but its fold.
    const folded = { status: workStatusOf(progressOf(state)), request_status: requestStatusOf(state), is_overdue: state.isOverdue, packages: state.packages.length };
    const given = projectionSpecification(fulfillmentOrderList, executorOf(pool));
    await given(...(events as readonly Listed[])).thenRowsLike('fulfillment_order_list_v1', [{ fulfillment_order_id: 'o.1.1', ...folded, status, request_status: requestStatus }]);
  });
});
