import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@orderlog/testing';
import { call, keys, runInventory, type RunningInventory } from './running-service.js';

let inventory: RunningInventory;
beforeAll(async () => {
  inventory = await runInventory({ RESERVATION_LEASE_MS: '4000' });
  const items = ['cup', 'pot', 'mug', 'hot', 'jar'].map((sku) => ({ sku, name: `The ${sku}`, weightGrams: 300 }));
  await call(inventory.url, 'POST', '/items', { items });
});
afterAll(() => inventory.close());

const get = <T = Record<string, unknown>>(path: string, key?: string) => call<T>(inventory.url, 'GET', path, undefined, key);
const post = <T = Record<string, unknown>>(path: string, body: object, key?: string) => call<T>(inventory.url, 'POST', path, body, key);
const receipt = (receiptId: string, sku: string, quantity: number) => post('/receipts', { receiptId, centerId: 'berg', lines: [{ sku, quantity }] });
const route = (orderId: string, sku: string, quantity: number) =>
  inventory.say('OrderRouted', {
    orderId,
    attempt: 1,
    reservationId: `${orderId}.1`,
    fulfillments: [{ fulfillmentOrderId: `${orderId}.1.1`, centerId: 'berg', lines: [{ lineId: '1', sku, quantity }] }],
  });
const statusOf = (orderId: string, wanted: string) => eventually(async () => (await get(`/reservations/${orderId}.1`)).body['status'] === wanted);

describe('stock over HTTP and Kafka', () => {
  it('defines items and publishes them', async () => {
    const item = { name: 'Tea', weightGrams: 100, lengthMm: 50, barcodes: [{ symbology: 'ean13', value: '4006381333931' }] };
    expect((await call(inventory.url, 'PUT', '/items/TEA', item)).body).toMatchObject({ sku: 'TEA', hazmat: false, active: true, version: 1 });
    expect((await call(inventory.url, 'PUT', '/items/TEA', item)).body).toMatchObject({ version: 1 });
    expect((await call(inventory.url, 'PUT', '/items/TEA', { ...item, weightGrams: 120 })).body).toMatchObject({ version: 2 });
    expect((await get('/items/TEA')).body).toMatchObject({ name: 'Tea', weightGrams: 120, version: 2 });
    await eventually(() => inventory.items.get('TEA')?.version === 2);
    expect(inventory.items.get('cup')).toMatchObject({ name: 'The cup', version: 1 });
  });

  it('books a receipt once and says what is there', async () => {
    expect((await receipt('r1', 'cup', 10)).body).toMatchObject({ receiptId: 'r1', stock: [{ sku: 'cup', centerId: 'berg', available: 10, onHand: 10, version: 1 }] });
    expect(await receipt('r1', 'cup', 10)).toMatchObject({ status: 200, replayed: true, body: { stock: [{ available: 10, version: 1 }] } });
    expect(await receipt('r1', 'cup', 11)).toMatchObject({ status: 409, body: { type: 'urn:orderlog:problem:already-recorded' } });
    await eventually(() => inventory.availability.get('cup@berg')?.available === 10);
    expect((await get('/cup')).body).toMatchObject({ sku: 'cup', available: 10, onHand: 10, centers: [{ centerId: 'berg', available: 10 }] });
    expect((await get('?centerId=berg')).body).toMatchObject({ items: [{ sku: 'cup' }] });
  });

  it('books nothing for a center that routing does not have, and everything as soon as it does', async () => {
    const lines = [{ sku: 'TEA', quantity: 1 }];
    const unknown = { status: 422, body: { type: 'urn:orderlog:problem:unknown-center', errors: [{ pointer: '/centerId' }] } };
    const [received, adjusted, counted] = await Promise.all([
      post('/receipts', { receiptId: 'n1', centerId: 'nowhere', lines }),
      post('/adjustments', { adjustmentId: 'n1', centerId: 'nowhere', reason: 'FOUND', lines }),
      post('/counts', { countId: 'n1', centerId: 'nowhere', lines: [{ sku: 'TEA', counted: 1 }] }),
    ]);
    for (const answer of [received, adjusted, counted]) expect(answer).toMatchObject(unknown);
    expect((await get('?centerId=nowhere')).body).toMatchObject({ items: [] });
    // As a loader does: the center, and at once its stock.
    const [, booked] = await Promise.all([inventory.openCenters('somewhere'), post('/receipts', { receiptId: 'n2', centerId: 'somewhere', lines })]);
    expect(booked).toMatchObject({ status: 201, body: { stock: [{ centerId: 'somewhere', available: 1 }] } });
  });

  it('leases what the order plans, and ends the lease when nobody releases it', async () => {
    const orderId = inventory.orderId();
    await route(orderId, 'cup', 4);
    await statusOf(orderId, 'held');
    expect((await get('/cup')).body).toMatchObject({ available: 6, reserved: 4, onHand: 10 });
    await eventually(() => inventory.availability.get('cup@berg')?.available === 6);
    await statusOf(orderId, 'expired');
    await eventually(() => inventory.availability.get('cup@berg')?.available === 10);
  });

  it('lets fifty buyers of one product end at zero', async () => {
    await receipt('r2', 'hot', 30);
    const orders = Array.from({ length: 50 }, () => inventory.orderId());
    await Promise.all(orders.map((orderId) => route(orderId, 'hot', 1)));
    const statuses = await eventually(async () => {
      const all = await Promise.all(orders.map(async (orderId) => (await get(`/reservations/${orderId}.1`)).body['status']));
      return all.every((status) => typeof status === 'string') ? all : undefined;
    });
    expect(statuses.filter((status) => status === 'rejected')).toHaveLength(20);
    await eventually(() => inventory.availability.get('hot@berg')?.available === 30 || inventory.availability.get('hot@berg')?.available === 0);
  });

  it('shows who waits, and tells them of stock that comes', async () => {
    const orderId = inventory.orderId();
    await inventory.say('OrderBackordered', { orderId, attempt: 1, lines: [{ lineId: '1', sku: 'pot', quantity: 2 }] });
    await eventually(async () => (await get<{ items: object[] }>('/backorders?sku=pot')).body.items.length === 1);
    expect((await get('/backorders?sku=pot')).body).toMatchObject({ items: [{ orderId, lineId: '1', waiting: 2 }] });
    await receipt('r3', 'pot', 5);
    await eventually(async () => (await inventory.log.read(`backorder-${orderId}`)).some(({ type }) => type === 'BackorderCovered'));
    expect((await get('/backorders?sku=pot')).body).toMatchObject({ items: [] });
  });

  it('corrects, counts, and keeps every movement in the ledger', async () => {
    await receipt('r4', 'mug', 10);
    const adjustment = { adjustmentId: 'a1', centerId: 'berg', reason: 'DAMAGED', lines: [{ sku: 'mug', quantity: -2 }, { sku: 'mug', quantity: 2, bucket: 'damaged' }] };
    expect((await post('/adjustments', adjustment)).body).toMatchObject({ stock: [{ available: 8, damaged: 2, onHand: 10, version: 3 }] });
    expect((await post('/adjustments', { ...adjustment, adjustmentId: 'a2', lines: [{ sku: 'mug', quantity: -9 }] })).body).toMatchObject({
      type: 'urn:orderlog:problem:stock-would-go-negative',
      errors: [{ pointer: '/lines/0/quantity' }],
    });
    expect((await post('/counts', { countId: 'c1', centerId: 'berg', lines: [{ sku: 'mug', counted: 9 }] })).body).toMatchObject({ stock: [{ available: 7, onHand: 9, version: 4 }] });
    await inventory.projections.caughtUp('stock-ledger');
    const { body } = await get<{ items: { type: string; changes: object; stockVersion: number }[] }>('/mug/ledger?centerId=berg');
    expect(body.items.map(({ type, changes, stockVersion }) => [stockVersion, type, changes])).toStrictEqual([
      [1, 'StockReceived', { available: 10 }],
      [2, 'StockAdjusted', { available: -2 }],
      [3, 'StockAdjusted', { damaged: 2 }],
      [4, 'StockCounted', { available: -1 }],
    ]);
    const first = await get<{ items: object[]; nextCursor: string }>('/mug/ledger?centerId=berg&limit=3');
    expect(first.body.items).toHaveLength(3);
    expect((await get<{ items: object[] }>(`/mug/ledger?centerId=berg&limit=3&cursor=${first.body.nextCursor}`)).body.items).toHaveLength(1);
  });

  it('gives the same ledger when it is built again', async () => {
    await inventory.projections.caughtUp('stock-ledger');
    const before = await inventory.projections.digest('stock-ledger');
    await inventory.projections.rebuild('stock-ledger');
    await inventory.projections.caughtUp('stock-ledger');
    expect(await inventory.projections.digest('stock-ledger')).toBe(before);
  });
});

describe('the document of the API', () => {
  it('names every call', async () => {
    const { paths } = (await (await fetch(`${inventory.url}/openapi.json`)).json()) as { paths: Record<string, object> };
    expect(Object.keys(paths).filter((path) => !path.includes('/ops/')).sort()).toStrictEqual([
      '/v1/stock',
      '/v1/stock/adjustments',
      '/v1/stock/backorders',
      '/v1/stock/counts',
      '/v1/stock/items',
      '/v1/stock/items/{sku}',
      '/v1/stock/receipts',
      '/v1/stock/reservations/{id}',
      '/v1/stock/{sku}',
      '/v1/stock/{sku}/ledger',
    ]);
  });
});

describe('bad input', () => {
  const lines = (count: number) => Array.from({ length: count }, () => ({ sku: 'cup', quantity: 1 }));
  const book = (change: object) => post('/receipts', { receiptId: 'bad', centerId: 'berg', lines: lines(1), ...change });
  it.each([
    ['no key', () => get('/cup', 'nobody'), 401, 'unauthenticated'],
    ['a key of a shop', () => post('/receipts', { receiptId: 'x', centerId: 'berg', lines: lines(1) }, keys.storefront), 403, 'forbidden'],
    ['an unknown item', () => get('/nothing'), 404, 'not-found'],
    ['an unknown reservation', () => get('/reservations/nothing'), 404, 'not-found'],
    ['a receipt of an unknown item', () => book({ lines: [{ sku: 'nothing', quantity: 1 }] }), 422, 'unknown-sku'],
    ['a quantity of zero', () => book({ lines: [{ sku: 'cup', quantity: 0 }] }), 422, 'invalid-request'],
    ['a negative quantity', () => book({ lines: [{ sku: 'cup', quantity: -5 }] }), 422, 'invalid-request'],
    ['half a unit', () => book({ lines: [{ sku: 'cup', quantity: 0.5 }] }), 422, 'invalid-request'],
    ['more than there can be', () => book({ lines: [{ sku: 'cup', quantity: 1e12 }] }), 422, 'invalid-request'],
    ['no lines', () => book({ lines: [] }), 422, 'invalid-request'],
    ['501 lines', () => book({ lines: lines(501) }), 422, 'invalid-request'],
    ['a center with a space', () => book({ centerId: 'a b' }), 422, 'invalid-request'],
    ['an unknown field', () => book({ hurry: true }), 422, 'invalid-request'],
    ['a SKU with an @', () => call(inventory.url, 'PUT', '/items/a@b', { name: 'x', weightGrams: 1 }), 422, 'invalid-request'],
    ['an item without weight', () => call(inventory.url, 'PUT', '/items/x', { name: 'x' }), 422, 'invalid-request'],
    ['a correction by zero', () => post('/adjustments', { adjustmentId: 'z', centerId: 'berg', reason: 'OTHER', lines: [{ sku: 'cup', quantity: 0 }] }), 422, 'invalid-request'],
    ['a correction of leased units', () => post('/adjustments', { adjustmentId: 'z', centerId: 'berg', reason: 'OTHER', lines: [{ sku: 'cup', quantity: 1, bucket: 'reserved' }] }), 422, 'invalid-request'],
    ['a reason nobody knows', () => post('/adjustments', { adjustmentId: 'z', centerId: 'berg', reason: 'WHY', lines: [{ sku: 'cup', quantity: 1 }] }), 422, 'invalid-request'],
    ['a cursor nobody gave', () => get('?centerId=berg&cursor=abc'), 400, 'invalid-query'],
    ['stock of no center', () => get('?limit=3'), 400, 'invalid-query'],
  ])('refuses %s', async (_, ask, status, slug) => {
    const answer = await ask();
    expect([answer.status, answer.body['type']]).toStrictEqual([status, `urn:orderlog:problem:${slug}`]);
  });

  it('changed nothing', async () => {
    expect(await inventory.log.read('receipt-bad')).toStrictEqual([]);
    expect((await get('/cup')).body).toMatchObject({ onHand: 10 });
  });
});
