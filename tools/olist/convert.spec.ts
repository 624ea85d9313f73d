import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { World } from '../sample-world/world-file.js';
import { groupByPlace } from './centers.js';
import { convertOlist } from './convert.js';

const files: Record<string, string> = {
  customers: 'customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state\nc1,u1,1001,sao paulo,SP\nc2,u2,99999,nowhere,XX\n',
  geolocation: 'geolocation_zip_code_prefix,geolocation_lat,geolocation_lng,geolocation_city,geolocation_state\n01001,-23,-46,sao paulo,SP\n01001,-24,-47,sao paulo,SP\n20000,-22,-43,rio,RJ\n',
  order_items: 'order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value\no1,1,p1,s1,x,10.00,1.50\no1,2,p1,s1,x,10.00,1.50\no2,1,p2,s2,x,5.55,2.00\n',
  order_payments: 'order_id,payment_sequential,payment_type,payment_installments,payment_value\no1,1,card,1,23.00\no2,1,card,1,7.00\n',
  orders: 'order_id,customer_id,order_status,order_purchase_timestamp\no1,c1,delivered,2018-01-02 03:04:05\no2,c2,canceled,2018-01-03 03:04:05\no3,c1,delivered,2018-01-03 03:04:05\n',
  products: 'product_id,product_category_name,product_name_lenght,product_description_lenght,product_photos_qty,product_weight_g,product_length_cm,product_height_cm,product_width_cm\np1,toys,1,1,1,250,10,5,8\np2,,1,1,1,,,,\n',
  sellers: 'seller_id,seller_zip_code_prefix,seller_city,seller_state\ns1,01001,sao paulo,SP\ns2,20000,rio,RJ\n',
};

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'orderlog-olist-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, `olist_${name}_dataset.csv`), text);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('converting the data set', () => {
  it('merges equal rows, counts what differs, and keeps every total right', async () => {
    const report = await convertOlist({ from: folder, to: join(folder, 'out'), seed: 1, centers: 2 });
    expect(report).toStrictEqual({
      orders: 3, ordersWithItems: 2, ordersRepeatingAProduct: 1, ordersWithOtherPayments: 1, ordersWithoutCoordinates: 1,
      lines: 2, units: 3, items: 2, centers: 2, unitsStocked: 3, unitsMissing: 0,
    });
    const [first, second] = readFileSync(join(folder, 'out', 'orders.ndjson'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(first).toMatchObject({
      externalReference: 'o1',
      placedAt: '2018-01-02T03:04:05.000Z',
      lines: [{ externalId: '1', sku: 'p1', quantity: 2, unitPrice: 1000, total: 2000 }],
      delivery: { amount: 300, total: 300 },
      totals: { lines: 2000, delivery: 300, tax: 0, grandTotal: 2300 },
      payment: { status: 'paid', capturedAmount: 2300 },
    });
    expect(second).toMatchObject({ shippingAddress: { postalCode: '99999-000' } });
  });
  it('gives the same world for the same seed', async () => {
    await convertOlist({ from: folder, to: join(folder, 'one'), seed: 5, centers: 2 });
    await convertOlist({ from: folder, to: join(folder, 'two'), seed: 5, centers: 2 });
    expect(readFileSync(join(folder, 'one', 'world.json'), 'utf8')).toBe(readFileSync(join(folder, 'two', 'world.json'), 'utf8'));
    const world = JSON.parse(readFileSync(join(folder, 'one', 'world.json'), 'utf8')) as World;
    expect(world.coordinates.find(({ postalCode }) => postalCode === '01001-000')).toMatchObject({ latitude: -23.5, longitude: -46.5 });
  });
  it('names the file that is missing', async () => {
    await expect(convertOlist({ from: join(folder, 'nowhere'), to: join(folder, 'out'), seed: 1, centers: 2 })).rejects.toThrow('olist_');
  });
});

it('groups what lies together', () => {
  const points = [0, 0.1, 10, 10.1].map((latitude) => ({ latitude, longitude: 0, of: latitude }));
  const [a, b, c, d] = groupByPlace(points, 2, 1);
  expect([a === b, c === d, a === c]).toStrictEqual([true, true, false]);
});
