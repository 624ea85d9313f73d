import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isRefusal } from '@orderlog/decider';
import { unitsIn, type FulfillmentOrderEvent, type Units } from '@orderlog/warehouse-domain';
import type { Task } from '../application/hand-out-task.js';
import { fulfillmentOrderStream } from '../application/streams.js';
import { boardDifferences, rebuildBoard } from '../infrastructure/board-check.js';
import { byAnn, openFloor, type TestFloor } from './floor.js';

const units = (lineId: string, sku: string, quantity: number): Units => ({ lineId, sku, quantity });

let floor: TestFloor;
let centers = 0;
/** Each test works in a center of its own. */
const newCenter = (): string => {
  centers += 1;
  return `center-${centers}`;
};

beforeAll(async () => {
  floor = await openFloor();
});
afterAll(async () => {
  expect(await boardDifferences(floor.log, floor.log.pool)).toStrictEqual([]);
  await floor.close();
});

const next = (centerId: string, workerId = 'ann'): Promise<Task | undefined> => floor.warehouse.handOutTask(centerId, workerId, byAnn);
const wave = (task: Task | undefined) => {
  if (task === undefined || task.kind === 'put_back') throw new Error(`a wave was expected, not ${task?.kind ?? 'nothing'}`);
  return task.wave;
};
const scan = (pickListId: string, scanId: string, code: string, quantity: number) =>
  floor.warehouse.recordScans(pickListId, 'ann', [{ scanId, code, quantity, bin: '', fulfillmentOrderId: '' }], byAnn);
const pack = (...ids: string[]) => floor.warehouse.closePackages('ann', ids.map((fulfillmentOrderId) => ({ fulfillmentOrderId, carton: '', weightGrams: 0 })), byAnn);
const typesOf = async (id: string) => (await floor.log.read<FulfillmentOrderEvent>(fulfillmentOrderStream(id))).map(({ type }) => type);

describe('a wave', () => {
  it('carries two orders from waiting to packed in four steps', async () => {
    const center = newCenter();
    const [one = '', two = ''] = await floor.releaseMany(center, [[units('1', 'SHIRT', 2)], [units('1', 'SHIRT', 1), units('2', 'SOCKS', 1)]]);
    const { list } = wave(await next(center));
    expect(list.entries.map(({ fulfillmentOrderId }) => fulfillmentOrderId).sort()).toStrictEqual([one, two, two].sort());
    const scans = await floor.warehouse.recordScans(
      list.pickListId,
      'ann',
      [
        { scanId: 's1', code: 'SHIRT', quantity: 3, bin: '', fulfillmentOrderId: '' },
        { scanId: 's2', code: 'SOCKS', quantity: 1, bin: '', fulfillmentOrderId: '' },
      ],
      byAnn,
    );
    expect(scans).toMatchObject([{ result: 'picked', shares: [{ quantity: 2 }, { quantity: 1 }] }, { result: 'picked' }]);
    expect(await floor.warehouse.sortWave(list.pickListId, 'ann', byAnn)).toStrictEqual({ ready: [one, two] });
    expect(await pack(one, two)).toMatchObject([{ result: 'closed', packageId: `${one}.p1`, isLast: true }, { result: 'closed' }]);
    expect(await typesOf(one)).toStrictEqual([
      'FulfillmentOrderRequested',
      'FulfillmentOrderAccepted',
      'PickTaskPlanned',
      'ItemPicked',
      'ItemSorted',
      'FulfillmentOrderPicked',
      'PackageClosed',
      'FulfillmentOrderClosed',
    ]);
    expect((await floor.warehouse.readWave(list.pickListId))?.list.status).toBe('completed');
    expect(await next(center)).toBeUndefined();
  });

  it('stays in the hands of its worker until it is done, and passes on when the worker is gone', async () => {
    const center = newCenter();
    await floor.release(center, [units('1', 'SHIRT', 1)]);
    const first = wave(await next(center, 'ann'));
    expect(wave(await next(center, 'ann')).list.pickListId).toBe(first.list.pickListId);
    expect(await next(center, 'bob')).toBeUndefined();
    await floor.log.pool.query(`update open_pick_lists set leased_until = clock_timestamp() - interval '1 second' where pick_list_id = $1`, [first.list.pickListId]);
    expect(wave(await next(center, 'bob')).list).toMatchObject({ pickListId: first.list.pickListId, workerId: 'bob' });
    expect(await next(center, 'ann')).toBeUndefined();
  });

  it('does a scan once however often it is sent, and takes it back once', async () => {
    const center = newCenter();
    const id = await floor.release(center, [units('1', 'SHIRT', 2)]);
    const { list } = wave(await next(center));
    expect(await scan(list.pickListId, 's1', 'SHIRT', 1)).toMatchObject([{ result: 'picked' }]);
    expect(await scan(list.pickListId, 's1', 'SHIRT', 1)).toMatchObject([{ result: 'repeated' }]);
    expect(await floor.warehouse.undoScan(list.pickListId, 'ann', 's1', byAnn)).toMatchObject([{ quantity: 1 }]);
    expect(await floor.warehouse.undoScan(list.pickListId, 'ann', 's1', byAnn)).toMatchObject([{ quantity: 0 }]);
    expect((await floor.warehouse.fulfillmentOrder(id)).lines).toMatchObject([{ planned: 2, picked: 0 }]);
  });

  it('says what it expects when the wrong item is scanned, and knows barcodes', async () => {
    const center = newCenter();
    floor.items.apply({
      key: 'TEA',
      value: {
        sku: 'TEA',
        name: 'Tea',
        weightGrams: 250,
        lengthMm: 100,
        widthMm: 80,
        heightMm: 60,
        hazmat: false,
        barcodes: [{ symbology: 'ean13', value: '4006381333931' }],
        active: true,
        version: 1,
      },
    });
    const id = await floor.release(center, [units('1', 'TEA', 1)]);
    const { list } = wave(await next(center));
    expect(await scan(list.pickListId, 's1', 'COFFEE', 1)).toMatchObject([{ result: 'refused', refusal: { refused: 'WrongItem' }, expected: { sku: 'TEA' } }]);
    expect(await scan(list.pickListId, 's2', '4006381333931', 2)).toMatchObject([{ result: 'refused', refusal: { refused: 'MoreThanRequested' } }]);
    expect(await scan(list.pickListId, 's3', '4006381333931', 1)).toMatchObject([{ result: 'picked' }]);
    await floor.warehouse.sortWave(list.pickListId, 'ann', byAnn);
    expect(await pack(id)).toMatchObject([{ carton: 'XS', weightGrams: 340 }]);
  });

  it('sends what is there when a unit is missing', async () => {
    const center = newCenter();
    const id = await floor.release(center, [units('1', 'SHIRT', 2)]);
    const { list } = wave(await next(center));
    const report = { scanId: 'r1', sku: 'SHIRT', quantity: 1, reason: 'NOT_IN_STOCK' as const, fulfillmentOrderId: '' };
    expect(await floor.warehouse.reportShort(list.pickListId, 'ann', report, byAnn)).toMatchObject([{ quantity: 1 }]);
    expect(await floor.warehouse.reportShort(list.pickListId, 'ann', report, byAnn)).toStrictEqual([]);
    await scan(list.pickListId, 's1', 'SHIRT', 1);
    await floor.warehouse.sortWave(list.pickListId, 'ann', byAnn);
    expect(await pack(id)).toMatchObject([{ result: 'closed', isLast: true }]);
    expect((await floor.warehouse.fulfillmentOrder(id)).lines).toMatchObject([{ packed: 1, shorted: 1 }]);
  });
});

describe('a cancellation', () => {
  it('takes waiting work off the board', async () => {
    const center = newCenter();
    const id = await floor.release(center, [units('1', 'SHIRT', 1)]);
    await floor.cancel(id, 'x1', [units('1', 'SHIRT', 1)]);
    await floor.cancel(id, 'x1', [units('1', 'SHIRT', 1)]);
    expect(await next(center)).toBeUndefined();
    expect((await typesOf(id)).slice(2)).toStrictEqual(['FulfillmentOrderCancellationRequested', 'FulfillmentOrderCancelled', 'FulfillmentOrderClosed']);
  });

  it('sends picked units back to their bin and ends the empty wave', async () => {
    const center = newCenter();
    const id = await floor.release(center, [units('1', 'SHIRT', 1)]);
    const { list } = wave(await next(center));
    await scan(list.pickListId, 's1', 'SHIRT', 1);
    await floor.cancel(id, 'x1', [units('1', 'SHIRT', 1)]);
    const task = await next(center);
    expect(task).toMatchObject({ kind: 'put_back', putBack: { taskId: `${id}.b1`, sku: 'SHIRT', quantity: 1, bin: list.entries[0]?.bin } });
    expect((await floor.warehouse.readWave(list.pickListId))?.list.status).toBe('completed');
    await floor.warehouse.tell(id, { type: 'ConfirmPutBack', data: { taskId: `${id}.b1`, workerId: 'ann' } }, byAnn);
    expect(await next(center)).toBeUndefined();
  });

  it('of a packed unit names the package', async () => {
    const center = newCenter();
    const id = await floor.release(center, [units('1', 'SHIRT', 1)]);
    const { list } = wave(await next(center));
    await scan(list.pickListId, 's1', 'SHIRT', 1);
    await floor.warehouse.sortWave(list.pickListId, 'ann', byAnn);
    await pack(id);
    await floor.cancel(id, 'x1', [units('1', 'SHIRT', 1)]);
    const events = await floor.log.read<FulfillmentOrderEvent>(fulfillmentOrderStream(id));
    expect(events.at(-1)).toMatchObject({ type: 'FulfillmentOrderCancellationRefused', data: { reason: 'not_mine', shares: [{ packageId: `${id}.p1`, quantity: 1 }] } });
  });
});

describe('a third party', () => {
  it('is given work only once it accepted', async () => {
    const center = newCenter();
    const id = await floor.release(center, [units('1', 'SHIRT', 1)], 'third_party');
    expect(await next(center)).toBeUndefined();
    await floor.warehouse.tell(id, { type: 'AcceptFulfillment', data: {} }, byAnn);
    expect((await next(center))?.kind).toBe('pick');
  });
});

const workThrough = async (center: string, workerId: string): Promise<readonly string[]> => {
  const packed: string[] = [];
  for (let task = await next(center, workerId); task !== undefined; task = await next(center, workerId)) {
    if (task.kind === 'put_back') {
      const { taskId, fulfillmentOrderId } = task.putBack;
      await floor.warehouse.tell(fulfillmentOrderId, { type: 'ConfirmPutBack', data: { taskId, workerId } }, byAnn);
      continue;
    }
    const { list, fulfillmentOrders } = task.wave;
    const scans = list.entries.map(({ sku, quantity, fulfillmentOrderId, lineId }) => ({ scanId: `${list.pickListId}-${fulfillmentOrderId}-${lineId}`, code: sku, quantity, bin: '', fulfillmentOrderId }));
    const wanted = scans.flatMap((scan) => {
      const line = fulfillmentOrders.find((one) => one.fulfillmentOrderId === scan.fulfillmentOrderId)?.lines.find(({ sku }) => sku === scan.code);
      return line === undefined || line.planned === 0 ? [] : [{ ...scan, quantity: line.planned, scanId: `${scan.scanId}-${line.planned}` }];
    });
    const results = await floor.warehouse.recordScans(list.pickListId, workerId, wanted, byAnn);
    if (isRefusal(results)) throw new Error(results.refused);
    await floor.warehouse.sortWave(list.pickListId, workerId, byAnn);
    const boxes = await pack(...fulfillmentOrders.map(({ fulfillmentOrderId }) => fulfillmentOrderId));
    packed.push(...boxes.flatMap((box) => (box.result === 'closed' ? [box.packageId] : [])));
  }
  return packed;
};

describe('many hands', () => {
  it('eight workers share two hundred orders, each of which is packed once', async () => {
    const center = newCenter();
    const skus = ['A', 'B', 'C', 'D', 'E'];
    const ids = await floor.releaseMany(
      center,
      Array.from({ length: 200 }, (_, n) => [units('1', skus[n % 5] ?? 'A', 1 + (n % 3)), units('2', skus[(n + 1) % 5] ?? 'B', 1)]),
    );
    const packed = (await Promise.all(Array.from({ length: 8 }, (_, n) => workThrough(center, `worker-${n}`)))).flat();
    expect(packed.sort()).toStrictEqual(ids.map((id) => `${id}.p1`).sort());
    expect((await floor.log.pool.query('select 1 from fulfillment_order_work where center_id = $1', [center])).rows).toStrictEqual([]);
  });

  it('a customer who cancels while the order is worked on gets every unit answered once', async () => {
    const center = newCenter();
    const ids = await floor.releaseMany(center, Array.from({ length: 60 }, () => [units('1', 'CUP', 3)]));
    const working = Promise.all(['ann', 'bob', 'cleo'].map((workerId) => workThrough(center, workerId)));
    for (const id of ids) await floor.cancel(id, 'x1', [units('1', 'CUP', 2)]);
    await working;
    for (const id of ids) {
      const state = await floor.warehouse.fulfillmentOrder(id);
      const referred = state.packages.flatMap(({ lines }) => lines).reduce((sum, line) => sum + line.referred, 0);
      expect([unitsIn(state, 'cancelled') + referred, unitsIn(state, 'cancelled', 'packed'), state.status]).toStrictEqual([2, 3, 'closed']);
      expect(state.putBacks.every(({ isDone }) => isDone)).toBe(true);
    }
  });
});

describe('the board', () => {
  it('is written anew from the log alone', async () => {
    await floor.log.pool.query('update fulfillment_order_work set to_pick = to_pick + 7');
    await floor.log.pool.query(`insert into put_back_tasks values ('t', 'f', 'c', '1', 'A', 1, '')`);
    expect((await boardDifferences(floor.log, floor.log.pool)).length).toBeGreaterThan(2);
    await rebuildBoard(floor.log);
    expect(await boardDifferences(floor.log, floor.log.pool)).toStrictEqual([]);
  });
});
