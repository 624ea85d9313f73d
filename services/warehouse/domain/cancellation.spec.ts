import { describe, expect, it } from '@jest/globals';
import { fold } from '@orderlog/decider';
import { specification } from '@orderlog/testing';
import type { CenterKind, FulfillmentOrderEvent, Units } from './events.js';
import { fulfillmentOrder, type FulfillmentOrderCommand } from './fulfillment-order.js';

const given = specification(fulfillmentOrder);
const whose = { fulfillmentOrderId: 'o1.1.1', orderId: 'o1' };
const where = { ...whose, centerId: 'north' };
const box = { weightGrams: 900, carton: 'S', lengthMm: 300, widthMm: 200, heightMm: 150, workerId: 'w1' };
const cups = (quantity: number): Units => ({ lineId: '1', sku: 'CUP', quantity });

const cancel = (quantity: number, cancellationId = 'x1'): FulfillmentOrderCommand => ({
  type: 'RequestCancellation',
  data: { cancellationId, lines: [cups(quantity)], answerBy: 'later' },
});
const asked = (quantity: number, answerBy = ''): FulfillmentOrderEvent => ({
  type: 'FulfillmentOrderCancellationRequested',
  data: { ...whose, cancellationId: 'x1', lines: [cups(quantity)], answerBy },
});
const cancelled = (from: { waiting?: number; planned?: number; picked?: number; sorted?: number }): FulfillmentOrderEvent => {
  const withdrawn = { lineId: '1', waiting: 0, planned: 0, picked: 0, sorted: 0, ...from };
  const quantity = withdrawn.waiting + withdrawn.planned + withdrawn.picked + withdrawn.sorted;
  return {
    type: 'FulfillmentOrderCancelled',
    data: { ...where, cancellationId: 'x1', lines: [cups(quantity)], stockEffect: 'release', withdrawn: [withdrawn] },
  };
};
const notMine = (...shares: { quantity: number; packageId: string }[]): FulfillmentOrderEvent => ({
  type: 'FulfillmentOrderCancellationRefused',
  data: { ...whose, cancellationId: 'x1', reason: 'not_mine', shares: shares.map((share) => ({ ...cups(share.quantity), ...share })) },
});
const putBack = (quantity: number): FulfillmentOrderEvent => ({
  type: 'PutBackPlanned',
  data: { ...whose, taskId: 'o1.1.1.b1', ...cups(quantity), bin: '01-02-3' },
});
const closed: FulfillmentOrderEvent = { type: 'FulfillmentOrderClosed', data: whose };
const allPicked = (quantity: number): FulfillmentOrderEvent => ({ type: 'FulfillmentOrderPicked', data: { ...where, lines: [cups(quantity)] } });
const packed = (number: number, quantity: number): FulfillmentOrderEvent => ({
  type: 'PackageClosed',
  data: { ...where, packageId: `o1.1.1.p${number}`, lines: [cups(quantity)], ...box },
});

const requested = (centerKind: CenterKind): FulfillmentOrderEvent => ({
  type: 'FulfillmentOrderRequested',
  data: { ...where, centerKind, attempt: 1, lines: [cups(3)], shipBy: '', serviceLevel: 'standard', answerBy: '', giftWrap: false },
});
const accepted: FulfillmentOrderEvent = { type: 'FulfillmentOrderAccepted', data: { ...where, lines: [cups(3)] } };
const planned: FulfillmentOrderEvent = { type: 'PickTaskPlanned', data: { ...whose, pickListId: 'L1', cell: 'C01', lines: [cups(3)] } };
const picked = (quantity: number): FulfillmentOrderEvent => ({
  type: 'ItemPicked',
  data: { ...whose, pickListId: 'L1', ...cups(quantity), bin: '01-02-3', workerId: 'w1', scanId: 's1' },
});
const sorted = (quantity: number): FulfillmentOrderEvent => ({
  type: 'ItemSorted',
  data: { ...whose, ...cups(quantity), cell: 'C01', workerId: 'w1', scanId: '' },
});

describe('a cancellation at an own center', () => {
  const waiting = [requested('own'), accepted];
  const inCell = [...waiting, planned, picked(3), sorted(3), allPicked(3)];
  it('withdraws what nobody touched', () => given(...waiting).when(cancel(1)).thenEvents(asked(1), cancelled({ waiting: 1 })));
  it('ends the fulfillment order with its last unit', () => given(...waiting).when(cancel(3)).thenEvents(asked(3), cancelled({ waiting: 3 }), closed));
  it('takes units off the list before it takes them out of the tote', () =>
    given(...waiting, planned, picked(2)).when(cancel(2)).thenEvents(asked(2), cancelled({ planned: 1, picked: 1 }), putBack(1)));
  it('sends picked units back to their bin', () => given(...inCell).when(cancel(1)).thenEvents(asked(1), cancelled({ sorted: 1 }), putBack(1)));
  it('finds that all is picked when it withdraws the last open unit', () =>
    given(...waiting, planned, picked(2), sorted(2)).when(cancel(1)).thenEvents(asked(1), cancelled({ planned: 1 }), allPicked(2)));
  it('names the package of units it no longer holds', () =>
    given(...inCell, packed(1, 1)).when(cancel(3)).thenEvents(asked(3), cancelled({ sorted: 2 }), putBack(2), notMine({ quantity: 1, packageId: 'o1.1.1.p1' }), closed));
  it('deals packed units out over their packages', () =>
    given(...inCell, packed(1, 1), packed(2, 2), closed)
      .when(cancel(2))
      .thenEvents(asked(2), notMine({ quantity: 1, packageId: 'o1.1.1.p1' }, { quantity: 1, packageId: 'o1.1.1.p2' })));
  it('does not ask shipping twice for one unit', () => {
    const once = [...inCell, packed(1, 3), closed, asked(2), notMine({ quantity: 2, packageId: 'o1.1.1.p1' })];
    const outcome = fulfillmentOrder.decide(cancel(2, 'x2'), fold(fulfillmentOrder, once));
    expect(outcome).toMatchObject([
      {},
      { data: { shares: [{ quantity: 1, packageId: 'o1.1.1.p1' }, { quantity: 1, packageId: '' }] } },
    ]);
  });
  it('is decided once', () => given(...waiting, asked(1), cancelled({ waiting: 1 })).when(cancel(1)).thenNothing());
});

describe('a cancellation at a third party', () => {
  const answer = (isAccepted: boolean, cancellationId = 'x1'): FulfillmentOrderCommand => ({ type: 'AnswerCancellation', data: { cancellationId, isAccepted } });
  const begun = [requested('third_party'), accepted, asked(2, 'later')];
  it('is done at once while it has not answered', () =>
    given(requested('third_party')).when(cancel(3)).thenEvents(asked(3), cancelled({ waiting: 3 }), closed));
  it('leaves nothing to accept afterwards', () =>
    given(requested('third_party'), asked(3), cancelled({ waiting: 3 }), closed)
      .when({ type: 'AcceptFulfillment', data: {} })
      .thenRefused('FulfillmentOrderEnded'));
  it('is asked for once it works', () => given(requested('third_party'), accepted).when(cancel(2)).thenEvents(asked(2, 'later')));
  it('is granted', () => given(...begun).when(answer(true)).thenEvents(cancelled({ waiting: 2 })));
  it('is granted once', () => given(...begun, cancelled({ waiting: 2 })).when(answer(true)).thenNothing());
  it('may be refused', () =>
    given(...begun)
      .when(answer(false))
      .thenEvents({
        type: 'FulfillmentOrderCancellationRefused',
        data: { ...whose, cancellationId: 'x1', reason: 'third_party_refused', shares: [{ ...cups(2), packageId: '' }] },
      }));
  it('is unknown under another id', () => given(...begun).when(answer(true, 'x9')).thenRefused('CancellationUnknown'));
  it('passes to shipping when the package closes first', () =>
    given(...begun, planned, picked(3), sorted(3), allPicked(3))
      .when({ type: 'ClosePackage', data: { ...box, packageNumber: 1, lines: [{ lineId: '1', quantity: 2 }] } })
      .thenEvents(packed(1, 2), notMine({ quantity: 1, packageId: 'o1.1.1.p1' })));
  it('is missed at its deadline', () => {
    const timer: FulfillmentOrderCommand = { type: 'MarkOverdue', data: { waitingFor: 'cancellation' } };
    given(...begun).when(timer).thenEvents({ type: 'FulfillmentOrderOverdue', data: { ...where, waitingFor: 'cancellation' } });
    given(...begun, cancelled({ waiting: 2 })).when(timer).thenNothing();
  });
});

describe('a put-back task', () => {
  const done: FulfillmentOrderCommand = { type: 'ConfirmPutBack', data: { taskId: 'o1.1.1.b1', workerId: 'w2' } };
  const event: FulfillmentOrderEvent = { type: 'PutBackDone', data: { ...whose, taskId: 'o1.1.1.b1', workerId: 'w2' } };
  const before = [requested('own'), accepted, planned, picked(3), asked(3), cancelled({ picked: 3 }), putBack(3), closed];
  it('is done', () => given(...before).when(done).thenEvents(event));
  it('is done once', () => given(...before, event).when(done).thenNothing());
  it('is known', () => given(requested('own')).when(done).thenRefused('TaskUnknown'));
});
