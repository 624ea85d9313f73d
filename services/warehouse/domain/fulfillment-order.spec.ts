import { describe, it } from '@jest/globals';
import { specification } from '@orderlog/testing';
import type { CenterKind, FulfillmentOrderEvent, Units } from './events.js';
import { fulfillmentOrder, type FulfillmentOrderCommand } from './fulfillment-order.js';

const given = specification(fulfillmentOrder);
const whose = { fulfillmentOrderId: 'o1.1.1', orderId: 'o1' };
const where = { ...whose, centerId: 'north' };
const box = { weightGrams: 900, carton: 'S', lengthMm: 300, widthMm: 200, heightMm: 150, workerId: 'w1' };
const shirts = (quantity: number): Units => ({ lineId: '1', sku: 'SHIRT', quantity });
const socks = (quantity: number): Units => ({ lineId: '2', sku: 'SOCKS', quantity });

const request = (centerKind: CenterKind = 'own', ...lines: Units[]): FulfillmentOrderCommand => ({
  type: 'RequestFulfillment',
  data: {
    ...where,
    centerKind,
    attempt: 1,
    lines: lines.length === 0 ? [shirts(2), socks(1)] : lines,
    shipBy: '2026-11-23T16:00:00.000Z',
    serviceLevel: 'standard',
    answerBy: '2026-11-23T12:00:00.000Z',
    giftWrap: false,
  },
});
const requested = (centerKind: CenterKind = 'own', ...lines: Units[]): FulfillmentOrderEvent => ({
  type: 'FulfillmentOrderRequested',
  data: {
    ...where,
    centerKind,
    attempt: 1,
    lines: lines.length === 0 ? [shirts(2), socks(1)] : lines,
    shipBy: '2026-11-23T16:00:00.000Z',
    serviceLevel: 'standard',
    answerBy: centerKind === 'third_party' ? '2026-11-23T12:00:00.000Z' : '',
    giftWrap: false,
  },
});
const accepted = (...lines: Units[]): FulfillmentOrderEvent => ({
  type: 'FulfillmentOrderAccepted',
  data: { ...where, lines: lines.length === 0 ? [shirts(2), socks(1)] : lines },
});
const planned = (...lines: Units[]): FulfillmentOrderEvent => ({
  type: 'PickTaskPlanned',
  data: { ...whose, pickListId: 'L1', cell: 'C01', lines: lines.length === 0 ? [shirts(2), socks(1)] : lines },
});
const picked = (units: Units, scanId = 's1'): FulfillmentOrderEvent => ({
  type: 'ItemPicked',
  data: { ...whose, pickListId: 'L1', ...units, bin: '01-02-3', workerId: 'w1', scanId },
});
const undone = (units: Units, scanId = 's1'): FulfillmentOrderEvent => ({
  type: 'PickUndone',
  data: { ...whose, pickListId: 'L1', ...units, workerId: 'w1', scanId },
});
const shorted = (units: Units): FulfillmentOrderEvent => ({
  type: 'PickShorted',
  data: { ...where, pickListId: 'L1', ...units, reason: 'NOT_IN_STOCK', stockEffect: 'write_off', workerId: 'w1', scanId: 'r1' },
});
const sorted = (units: Units, scanId = ''): FulfillmentOrderEvent => ({
  type: 'ItemSorted',
  data: { ...whose, ...units, cell: 'C01', workerId: 'w1', scanId },
});
const allPicked = (...lines: Units[]): FulfillmentOrderEvent => ({ type: 'FulfillmentOrderPicked', data: { ...where, lines } });
const packed = (number: number, ...lines: Units[]): FulfillmentOrderEvent => ({
  type: 'PackageClosed',
  data: { ...where, packageId: `o1.1.1.p${number}`, lines, ...box },
});
const closed: FulfillmentOrderEvent = { type: 'FulfillmentOrderClosed', data: whose };
const pick = (lineId: string, quantity: number, scanId = 's1', pickListId = 'L1'): FulfillmentOrderCommand => ({
  type: 'PickUnits',
  data: { pickListId, lineId, quantity, bin: '01-02-3', workerId: 'w1', scanId },
});
const onList = [requested(), accepted(), planned()];
const inCell = [...onList, picked(shirts(2)), picked(socks(1), 's2'), sorted(shirts(2)), sorted(socks(1)), allPicked(shirts(2), socks(1))];

describe('a request to a center', () => {
  it('is accepted at once by an own center', () => given().when(request()).thenEvents(requested(), accepted()));
  it('waits for the answer of a third party', () => given().when(request('third_party')).thenEvents(requested('third_party')));
  it('does nothing when it comes twice', () => given(requested(), accepted()).when(request()).thenNothing());
  it('is refused work before it exists', () => given().when(pick('1', 1)).thenRefused('FulfillmentOrderUnknown'));
});

describe('the answer of a third party', () => {
  const asked = requested('third_party');
  const reject: FulfillmentOrderCommand = { type: 'RejectFulfillment', data: { reason: 'CAPACITY', note: 'full' } };
  const rejected: FulfillmentOrderEvent = {
    type: 'FulfillmentOrderRejected',
    data: { ...where, reason: 'CAPACITY', stockEffect: 'release', lines: [shirts(2), socks(1)], note: 'full' },
  };
  const accept: FulfillmentOrderCommand = { type: 'AcceptFulfillment', data: {} };
  it('accepts', () => given(asked).when(accept).thenEvents(accepted()));
  it('accepts once', () => given(asked, accepted()).when(accept).thenNothing());
  it('rejects with its reason and what that means for the stock', () => given(asked).when(reject).thenEvents(rejected));
  it('rejects once', () => given(asked, rejected).when(reject).thenNothing());
  it('cannot accept what it rejected', () => given(asked, rejected).when(accept).thenRefused('FulfillmentOrderRejectedBefore'));
  it('cannot reject what it accepted', () => given(asked, accepted()).when(reject).thenRefused('FulfillmentOrderAlreadyAccepted'));
  it('is missed at its deadline, once', () => {
    const overdue: FulfillmentOrderEvent = { type: 'FulfillmentOrderOverdue', data: { ...where, waitingFor: 'acceptance' } };
    const timer: FulfillmentOrderCommand = { type: 'MarkOverdue', data: { waitingFor: 'acceptance' } };
    given(asked).when(timer).thenEvents(overdue);
    given(asked, overdue).when(timer).thenNothing();
    given(asked, accepted()).when(timer).thenNothing();
    given(asked, overdue).when(accept).thenEvents(accepted());
  });
});

describe('planning', () => {
  const plan: FulfillmentOrderCommand = { type: 'PlanPick', data: { pickListId: 'L1', cell: 'C01' } };
  it('puts every waiting unit on the list', () => given(requested(), accepted()).when(plan).thenEvents(planned()));
  it('does nothing twice', () => given(...onList).when(plan).thenNothing());
  it('is refused by another list', () =>
    given(...onList).when({ type: 'PlanPick', data: { pickListId: 'L2', cell: 'C01' } }).thenRefused('AlreadyOnAnotherPickList'));
  it('waits for the third party', () => given(requested('third_party')).when(plan).thenRefused('FulfillmentOrderNotAccepted'));
});

describe('picking', () => {
  it('takes units into the tote', () => given(...onList).when(pick('1', 2)).thenEvents(picked(shirts(2))));
  it('does nothing when a scan is sent again', () => given(...onList, picked(shirts(1))).when(pick('1', 1)).thenNothing());
  it('takes no more than was requested', () => given(...onList, picked(shirts(2))).when(pick('1', 1, 's9')).thenRefused('MoreThanRequested'));
  it('takes nothing from another list', () => given(...onList).when(pick('1', 1, 's1', 'L2')).thenRefused('NotOnThisPickList'));
  it('takes no quantity of zero', () => given(...onList).when(pick('1', 0)).thenRefused('QuantityNotPositive'));
  const undo: FulfillmentOrderCommand = { type: 'UndoPick', data: { scanId: 's1', workerId: 'w1' } };
  it('takes a wrong scan back', () => given(...onList, picked(shirts(2))).when(undo).thenEvents(undone(shirts(2))));
  it('takes it back once', () => given(...onList, picked(shirts(2)), undone(shirts(2))).when(undo).thenNothing());
  it('does not pick again for a scan that was taken back', () =>
    given(...onList, picked(shirts(2)), undone(shirts(2))).when(pick('1', 2)).thenNothing());
  it('cannot take back what is sorted', () => given(...onList, picked(shirts(2)), sorted(shirts(2))).when(undo).thenRefused('AlreadySorted'));
  it('knows its scans', () => given(...onList).when(undo).thenRefused('ScanUnknown'));
});

describe('a short pick', () => {
  const report = (lineId: string, quantity: number): FulfillmentOrderCommand => ({
    type: 'ReportShort',
    data: { lineId, quantity, reason: 'NOT_IN_STOCK', workerId: 'w1', scanId: 'r1' },
  });
  it('says what is missing and that the book is wrong', () => given(...onList).when(report('1', 1)).thenEvents(shorted(shirts(1))));
  it('is reported once', () => given(...onList, shorted(shirts(1))).when(report('1', 1)).thenNothing());
  it('is no more than is left to pick', () => given(...onList, picked(shirts(2))).when(report('1', 1)).thenRefused('MoreThanRequested'));
  it('ends the picking of what was there', () =>
    given(...onList, picked(shirts(2)), sorted(shirts(2))).when(report('2', 1)).thenEvents(shorted(socks(1)), allPicked(shirts(2))));
  it('ends the fulfillment order when nothing was there', () =>
    given(requested('own', socks(1)), accepted(socks(1)), planned(socks(1))).when(report('2', 1)).thenEvents(shorted(socks(1)), closed));
});

describe('sorting', () => {
  const sort = (cell: string): FulfillmentOrderCommand => ({ type: 'SortUnits', data: { lineId: '1', quantity: 2, cell, workerId: 'w1', scanId: 't1' } });
  const inTote = [...onList, picked(shirts(2))];
  it('puts units into the cell', () => given(...inTote).when(sort('C01')).thenEvents(sorted(shirts(2), 't1')));
  it('does nothing twice', () => given(...inTote, sorted(shirts(2), 't1')).when(sort('C01')).thenNothing());
  it('refuses another cell', () => given(...inTote).when(sort('C02')).thenRefused('WrongCell'));
  it('refuses units that are not in the tote', () => given(...onList).when(sort('C01')).thenRefused('MoreThanPicked'));
  it('confirms a whole tote at once and says that all is picked', () =>
    given(...inTote, picked(socks(1), 's2'))
      .when({ type: 'SortAll', data: { workerId: 'w1' } })
      .thenEvents(sorted(shirts(2)), sorted(socks(1)), allPicked(shirts(2), socks(1))));
  it('confirms an empty tote without a word', () => given(...inCell).when({ type: 'SortAll', data: { workerId: 'w1' } }).thenNothing());
});

describe('packing', () => {
  const pack = (packageNumber?: number, lines?: { lineId: string; quantity: number }[]): FulfillmentOrderCommand => ({
    type: 'ClosePackage',
    data: { ...box, ...(packageNumber === undefined ? {} : { packageNumber }), ...(lines === undefined ? {} : { lines }) },
  });
  it('closes one package with everything and the fulfillment order with it', () =>
    given(...inCell).when(pack()).thenEvents(packed(1, shirts(2), socks(1)), closed));
  it('does nothing when asked again for everything', () => given(...inCell, packed(1, shirts(2), socks(1)), closed).when(pack()).thenNothing());
  it('closes two packages', () => {
    given(...inCell).when(pack(1, [{ lineId: '1', quantity: 1 }])).thenEvents(packed(1, shirts(1)));
    given(...inCell, packed(1, shirts(1))).when(pack(2)).thenEvents(packed(2, shirts(1), socks(1)), closed);
  });
  it('does nothing when a package comes twice', () =>
    given(...inCell, packed(1, shirts(1))).when(pack(1, [{ lineId: '1', quantity: 1 }])).thenNothing());
  it('refuses other contents under the same number', () =>
    given(...inCell, packed(1, shirts(1))).when(pack(1, [{ lineId: '1', quantity: 2 }])).thenRefused('PackageNumberTaken'));
  it('refuses more than lies in the cell', () => given(...inCell).when(pack(1, [{ lineId: '1', quantity: 3 }])).thenRefused('MoreThanSorted'));
  it('waits for the last pick', () => given(...onList, picked(shirts(2)), sorted(shirts(2))).when(pack()).thenRefused('PickingNotFinished'));
  it('refuses a package of nothing', () => given(...inCell).when(pack(1, [])).thenRefused('NothingToPack'));
});
