import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@orderlog/testing';
import type { Units } from '@orderlog/warehouse-domain';
import { call, keys, runWarehouse, type RunningWarehouse } from './running-service.js';

let warehouse: RunningWarehouse;
beforeAll(async () => {
  warehouse = await runWarehouse({ CENTER_ACCEPTANCE_MS: '1500' });
});
afterAll(() => warehouse.close());

const units = (sku: string, quantity: number, lineId = '1'): Units => ({ lineId, sku, quantity });
const get = <T = Record<string, unknown>>(path: string, key?: string) => call<T>(warehouse.url, 'GET', path, undefined, key);
const post = <T = Record<string, unknown>>(path: string, body: object) => call<T>(warehouse.url, 'POST', path, body);

type Task = { task: { kind: string; pickList: { id: string; entries: { sku: string; bin: string; toPick: number; name: string }[] } } | null };
const nextTask = (centerId: string) =>
  eventually(async () => {
    const { body } = await post<Task>('tasks/next', { centerId, workerId: 'ann' });
    return body.task ?? undefined;
  });

describe('picking over HTTP', () => {
  it('hands out a list with names and bins, refuses a wrong item with the expected one, and takes the right one by its barcode', async () => {
    await warehouse.define({
      sku: 'TEA',
      name: 'Green tea',
      weightGrams: 250,
      lengthMm: 100,
      widthMm: 80,
      heightMm: 60,
      hazmat: false,
      barcodes: [{ symbology: 'ean13', value: '4006381333931' }],
      active: true,
      version: 1,
    });
    expect((await call(warehouse.url, 'PUT', 'centers/north/bins', { bins: [{ sku: 'TEA', aisle: 7, bay: 12, level: 3 }] })).body).toStrictEqual({ centerId: 'north', recorded: 1 });
    const id = await warehouse.release('north', [units('TEA', 2)]);
    const { pickList } = await nextTask('north');
    expect(pickList.entries).toMatchObject([{ sku: 'TEA', bin: '07-12-3', toPick: 2 }]);
    // The copy of the items comes on its own topic: work goes on without it, with it there are names and barcodes.
    await eventually(async () => (await get<{ entries: { name: string }[] }>(`pick-lists/${pickList.id}`)).body.entries[0]?.name === 'Green tea');

    const wrong = await post(`pick-lists/${pickList.id}/scans`, { workerId: 'ann', scans: [{ scanId: 'a1', sku: 'COFFEE' }] });
    expect(wrong).toMatchObject({ status: 409, body: { type: 'urn:orderlog:problem:wrong-item', expected: { sku: 'TEA', bin: '07-12-3' } } });
    const scan = () => post(`pick-lists/${pickList.id}/scans`, { workerId: 'ann', scans: [{ scanId: 'a2', barcode: '4006381333931', bin: '07-12-3', quantity: 2 }] });
    expect(await scan()).toMatchObject({ status: 200, body: { results: [{ result: 'picked', shares: [{ fulfillmentOrderId: id, quantity: 2 }] }] } });
    expect(await scan()).toMatchObject({ status: 200, body: { results: [{ result: 'repeated' }] } });
    expect(await post('packages', { workerId: 'ann', packages: [{ fulfillmentOrderId: id }] })).toMatchObject({ status: 409, body: { type: 'urn:orderlog:problem:picking-not-finished' } });
    expect(await post('sortings', { workerId: 'ann', sortings: [{ scanId: 'b1', fulfillmentOrderId: id, sku: 'TEA', quantity: 2, cell: 'C02' }] })).toMatchObject({
      status: 409,
      body: { type: 'urn:orderlog:problem:wrong-cell' },
    });
    expect(await post('sortings', { workerId: 'ann', sortings: [{ scanId: 'b1', fulfillmentOrderId: id, sku: 'TEA', quantity: 2, cell: 'C01' }] })).toMatchObject({ status: 200 });
    const packed = await post(`fulfillment-orders/${id}/packages`, { workerId: 'ann', packageNumber: 1, lines: [{ lineId: '1', quantity: 1 }] });
    expect(packed).toMatchObject({ status: 200, body: { packageId: `${id}.p1`, carton: 'XS', weightGrams: 340, isLast: false } });
    expect(await post(`fulfillment-orders/${id}/packages`, { workerId: 'ann', packageNumber: 2 })).toMatchObject({ status: 200, body: { packageId: `${id}.p2`, isLast: true } });
    const shown = await get(`fulfillment-orders/${id}`);
    expect(shown.body).toMatchObject({ id, status: 'closed', requestStatus: 'accepted', packages: [{ id: `${id}.p1` }, { id: `${id}.p2` }] });
    await eventually(async () => {
      const { body } = await get<{ items: { id: string; packages: number }[] }>('fulfillment-orders?centerId=north&status=closed');
      expect(body.items).toMatchObject([{ id, packages: 2 }]);
      return true;
    });
  });

  it('prints the list', async () => {
    await warehouse.release('print', [units('TEA', 1)]);
    const { pickList } = await nextTask('print');
    const { status, type, body } = await get<string>(`pick-lists/${pickList.id}.pdf`);
    expect([status, type, body.slice(0, 5)]).toStrictEqual([200, 'application/pdf', '%PDF-']);
    expect(await get('centers/print/queue')).toMatchObject({ body: { waiting: { fulfillmentOrders: 0 }, pickLists: [{ id: pickList.id, workerId: 'ann', toPick: 1 }] } });
  });
});

describe('a parked fulfillment order', () => {
  const park = (id: string) =>
    warehouse.log.transact((tx) => tx.query(`insert into parked_stream (stream_id, consumer_group, error) values ($1, 'test', 'test')`, [`fulfillment-order-${id}`]));
  const unpark = () => warehouse.log.transact((tx) => tx.query(`delete from parked_stream where consumer_group = 'test'`));
  const parked = { status: 409, body: { type: 'urn:orderlog:problem:stream-parked' } };

  it('refuses what staff say of it, and the work beside it goes on', async () => {
    const stuck = await warehouse.release('dock', [units('TEA', 1000)]);
    const { pickList } = await nextTask('dock');
    await park(stuck);
    let scans = 0;
    const scan = () => post(`pick-lists/${pickList.id}/scans`, { workerId: 'ann', scans: [{ scanId: `p${(scans += 1)}`, sku: 'TEA', quantity: 1 }] });
    // A parking is known to the guard within a second; until then scans come through, as if they had come before it.
    await eventually(async () => (await scan()).status === 409);
    expect(await scan()).toMatchObject(parked);
    expect(await post(`pick-lists/${pickList.id}/shorts`, { workerId: 'ann', scanId: 's1', sku: 'TEA', quantity: 1, reason: 'NOT_IN_STOCK' })).toMatchObject(parked);
    expect((await get(`pick-lists/${pickList.id}`)).status).toBe(200);

    const waiting = await warehouse.release('dock', [units('TEA', 1)]);
    const free = await warehouse.release('dock', [units('COFFEE', 1)]);
    await park(waiting);
    const task = await nextTask('dock');
    expect(task.pickList.entries.map(({ sku }) => sku)).toStrictEqual(['COFFEE']);
    expect((await get(`fulfillment-orders/${free}`)).body).toMatchObject({ id: free });
    await unpark();
    await eventually(async () => (await scan()).status === 200);
  });
});

describe('bad input', () => {
  const unknown = '01939c5e-0000-7000-8000-000000000000.1.1';
  it.each([
    ['no key', () => call(warehouse.url, 'GET', 'centers/north/queue', undefined, 'nobody'), 401, 'unauthenticated'],
    ['a key of a shop', () => get('centers/north/queue', keys.storefront), 403, 'forbidden'],
    ['an unknown fulfillment order', () => get(`fulfillment-orders/${unknown}`), 404, 'not-found'],
    ['an id that is none', () => get('fulfillment-orders/x'), 404, 'not-found'],
    ['an acceptance of an unknown one', () => post(`fulfillment-orders/${unknown}/acceptance`, {}), 404, 'fulfillment-order-unknown'],
    ['an unknown pick list', () => get('pick-lists/nothing'), 404, 'not-found'],
    ['scans on an unknown list', () => post('pick-lists/nothing/scans', { workerId: 'ann', scans: [{ scanId: '1', sku: 'A' }] }), 404, 'pick-list-unknown'],
    ['a scan of nothing', () => post('pick-lists/nothing/scans', { workerId: 'ann', scans: [{ scanId: '1' }] }), 422, 'invalid-request'],
    ['an unknown field', () => post('tasks/next', { centerId: 'a', workerId: 'b', hurry: true }), 422, 'invalid-request'],
    ['a quantity of zero', () => post('pick-lists/nothing/scans', { workerId: 'ann', scans: [{ scanId: '1', sku: 'A', quantity: 0 }] }), 422, 'invalid-request'],
    ['101 packages', () => post('packages', { workerId: 'ann', packages: Array.from({ length: 101 }, () => ({ fulfillmentOrderId: unknown })) }), 422, 'invalid-request'],
    ['contents without a number', () => post(`fulfillment-orders/${unknown}/packages`, { workerId: 'ann', lines: [{ lineId: '1', quantity: 1 }] }), 422, 'invalid-request'],
    ['a reason nobody knows', () => post(`fulfillment-orders/${unknown}/rejection`, { reason: 'BORED' }), 422, 'invalid-request'],
    ['a list without a center', () => get('fulfillment-orders'), 400, 'invalid-query'],
    ['a cursor that is none', () => get('fulfillment-orders?centerId=north&cursor=zzz'), 400, 'invalid-query'],
  ])('%s is a problem', async (_, ask, status, slug) => {
    expect(await ask()).toMatchObject({ status, type: expect.stringContaining('application/problem+json'), body: { type: `urn:orderlog:problem:${slug}` } });
  });
});

describe('a third party', () => {
  it('that stays silent is overdue, and may still accept', async () => {
    const id = await warehouse.release('silent', [units('TEA', 1)], 'third_party');
    await eventually(async () => {
      const { body } = await get<{ items: object[] }>('fulfillment-orders?centerId=silent&requestStatus=submitted&overdue=true');
      expect(body.items).toMatchObject([{ id }]);
      return true;
    });
    expect(await post(`fulfillment-orders/${id}/acceptance`, {})).toMatchObject({ status: 200, body: { requestStatus: 'accepted', overdue: false } });
    expect(await post(`fulfillment-orders/${id}/rejection`, { reason: 'CAPACITY' })).toMatchObject({ status: 409, body: { type: 'urn:orderlog:problem:fulfillment-order-already-accepted' } });
  });

  it('is asked before what it works on is cancelled', async () => {
    const id = await warehouse.release('asked', [units('TEA', 2)], 'third_party');
    await eventually(async () => (await post(`fulfillment-orders/${id}/acceptance`, {})).status === 200);
    await warehouse.cancel(id, 'x1', [units('TEA', 1)]);
    await eventually(async () => {
      expect((await get(`fulfillment-orders/${id}`)).body).toMatchObject({ requestStatus: 'cancellation_requested', cancellations: [{ id: 'x1', pending: [{ quantity: 1 }] }] });
      return true;
    });
    expect(await post(`fulfillment-orders/${id}/cancellations/x1/acceptance`, {})).toMatchObject({ status: 200, body: { lines: [{ quantities: { cancelled: 1, waiting: 1 } }] } });
  });
});
