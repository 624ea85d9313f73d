import { describe, expect, it } from '@jest/globals';
import { specification } from '@orderlog/testing';
import { alongTheAisles, assumedBin, binCode, parseBin } from './bin.js';
import type { PickListEntry, PickListEvent } from './events.js';
import { pickList, type PickListCommand } from './pick-list.js';
import { readScan, type Scan } from './scan.js';

const given = specification(pickList);
const entry = (bin: string, sku = 'SHIRT', quantity = 1, cell = 'C01'): PickListEntry => ({
  fulfillmentOrderId: `o.1.${cell}`,
  lineId: '1',
  sku,
  quantity,
  bin,
  cell,
});
const created = (...entries: PickListEntry[]): PickListEvent => ({ type: 'PickListCreated', data: { pickListId: 'L1', centerId: 'north', entries } });
const create = (...entries: PickListEntry[]): PickListCommand => ({ type: 'CreatePickList', data: { pickListId: 'L1', centerId: 'north', entries } });
const assigned = (workerId: string): PickListEvent => ({ type: 'PickListAssigned', data: { pickListId: 'L1', workerId } });
const assign = (workerId: string): PickListCommand => ({ type: 'AssignPickList', data: { workerId } });
const complete: PickListCommand = { type: 'CompletePickList', data: {} };
const completed: PickListEvent = { type: 'PickListCompleted', data: { pickListId: 'L1' } };

describe('a pick list', () => {
  it('is created in walking order', () =>
    given().when(create(entry('02-01-1'), entry('01-09-1'), entry('01-02-1'))).thenEvents(created(entry('01-02-1'), entry('01-09-1'), entry('02-01-1'))));
  it('is created once', () => given(created(entry('01-01-1'))).when(create(entry('01-01-1'))).thenNothing());
  it('has a stop', () => given().when(create()).thenRefused('PickListEmpty'));
  it('is assigned, and to another when its worker left', () => {
    given(created(entry('01-01-1'))).when(assign('ann')).thenEvents(assigned('ann'));
    given(created(entry('01-01-1')), assigned('ann')).when(assign('ann')).thenNothing();
    given(created(entry('01-01-1')), assigned('ann')).when(assign('bob')).thenEvents(assigned('bob'));
  });
  it('is completed once', () => {
    given(created(entry('01-01-1')), assigned('ann')).when(complete).thenEvents(completed);
    given(created(entry('01-01-1')), assigned('ann'), completed).when(complete).thenNothing();
    given(created(entry('01-01-1')), completed).when(assign('bob')).thenRefused('PickListCompletedBefore');
  });
  it('is unknown before it is created', () => given().when(assign('ann')).thenRefused('PickListUnknown'));
});

describe('the way through the aisles', () => {
  const walk = (...bins: string[]) => alongTheAisles(bins.map((bin) => ({ bin }))).map(({ bin }) => bin);
  it('goes up one visited aisle and down the next', () =>
    expect(walk('03-02-1', '01-20-1', '07-05-1', '03-18-1', '01-03-2', '01-03-1', '07-01-1')).toStrictEqual([
      '01-03-1',
      '01-03-2',
      '01-20-1',
      '03-18-1',
      '03-02-1',
      '07-01-1',
      '07-05-1',
    ]));
  it('visits what has no bin last', () => expect(walk('?', '20-01-1')).toStrictEqual(['20-01-1', '?']));
  it('reads the codes it writes', () => expect(parseBin(binCode({ aisle: 7, bay: 112, level: 3 }))).toStrictEqual({ aisle: 7, bay: 112, level: 3 }));
  it('assumes the same bin for a SKU every time, within the shelving', () => {
    expect(assumedBin('SHIRT')).toStrictEqual(assumedBin('SHIRT'));
    for (let n = 0; n < 500; n += 1) {
      const { aisle, bay, level } = assumedBin(`SKU-${n}`);
      expect(aisle >= 1 && aisle <= 20 && bay >= 1 && bay <= 30 && level >= 1 && level <= 4).toBe(true);
    }
  });
});

describe('a scan', () => {
  const list = [entry('01-01-1', 'SHIRT', 2, 'C01'), entry('01-01-1', 'SHIRT', 1, 'C02'), entry('01-05-1', 'SOCKS', 1, 'C02')];
  const scan = (sku: string, quantity: number, more: Partial<Scan> = {}): Scan => ({ scanId: 's', sku, bin: '', quantity, fulfillmentOrderId: '', ...more });
  const all = ({ quantity }: PickListEntry) => quantity;
  it('is dealt out in the order of the list', () =>
    expect(readScan(list, all, scan('SHIRT', 3))).toStrictEqual({ shares: [entry('01-01-1', 'SHIRT', 2, 'C01'), entry('01-01-1', 'SHIRT', 1, 'C02')] }));
  it('may name its fulfillment order', () =>
    expect(readScan(list, all, scan('SHIRT', 1, { fulfillmentOrderId: 'o.1.C02' }))).toStrictEqual({ shares: [entry('01-01-1', 'SHIRT', 1, 'C02')] }));
  it('of a wrong item names the expected one', () => expect(readScan(list, all, scan('HAT', 1))).toStrictEqual({ wrong: 'WrongItem', expected: list[0] }));
  it('at a wrong bin names the right one', () =>
    expect(readScan(list, all, scan('SOCKS', 1, { bin: '01-01-1' }))).toStrictEqual({ wrong: 'WrongBin', expected: list[2] }));
  it('of too many units takes none', () => expect(readScan(list, all, scan('SHIRT', 4))).toStrictEqual({ wrong: 'MoreThanRequested', expected: list[0] }));
  it('of an item that is done expects nothing of it', () =>
    expect(readScan(list, ({ sku, quantity }) => (sku === 'SHIRT' ? 0 : quantity), scan('SHIRT', 1))).toStrictEqual({ wrong: 'WrongItem', expected: list[2] }));
});
