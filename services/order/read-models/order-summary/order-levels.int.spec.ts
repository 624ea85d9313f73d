import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { serviceMigrations } from '@orderlog/backbone';
import { freshDatabase, type FreshDatabase } from '@orderlog/testing';
import { DataSource } from 'typeorm';
import { orderLevels } from './order-levels.js';

let database: FreshDatabase;
let source: DataSource;
beforeAll(async () => {
  database = await freshDatabase({ service: 'order', folders: serviceMigrations('order') });
  source = await new DataSource({ type: 'postgres', url: database.appUrl, extra: { options: `-c search_path=${database.schema}` } }).initialize();
});
afterAll(async () => {
  await source.destroy();
  await database.drop();
});

type Row = { readonly tenant: string; readonly status: string; readonly holds?: string; readonly ageSeconds: number; readonly dueInSeconds?: number };

const insert = async (rows: readonly Row[]): Promise<void> => {
  for (const { tenant, status, holds = '', ageSeconds, dueInSeconds = null } of rows) {
    await source.query(
      `insert into order_summary_1 (order_id, tenant_id, channel, external_reference, number, status, version, currency, grand_total, units, backordered_units,
         payment_status, hold_reasons, country_code, has_open_cancellation, due_at, placed_at, created_at, updated_at)
       values (gen_random_uuid(), $1, 'web', '', '', $2, 1, 'EUR', 0, 1, 0, 'paid', $3, 'DE', false, now() + $5::float8 * interval '1 s',
         now(), now() - $4::float8 * interval '1 s', now())`,
      [tenant, status, holds, ageSeconds, dueInSeconds],
    );
  }
};

describe('where orders wait', () => {
  it('has every status, with no orders where there are none', async () => {
    const { statuses, holds, overdue } = await orderLevels(source);
    expect(statuses).toHaveLength(10);
    expect(statuses.every(({ orders, oldestSeconds }) => orders === 0 && oldestSeconds === 0)).toBe(true);
    expect({ holds, overdue }).toEqual({ holds: [], overdue: 0 });
  });
  it('counts the orders of all tenants, and leaves out those that wait for nobody', async () => {
    await insert([
      { tenant: 'acme', status: 'in_fulfillment', ageSeconds: 100, dueInSeconds: 60 },
      { tenant: 'globex', status: 'in_fulfillment', ageSeconds: 5_000, dueInSeconds: -60 },
      { tenant: 'acme', status: 'on_hold', holds: 'AWAITING_PAYMENT,STAGE_OVERDUE', ageSeconds: 30 },
      { tenant: 'initech', status: 'on_hold', holds: 'STAGE_OVERDUE', ageSeconds: 20 },
      { tenant: 'acme', status: 'delivered', ageSeconds: 9_000 },
      { tenant: 'acme', status: 'closed', ageSeconds: 90_000 },
    ]);
    const { statuses, holds, overdue } = await orderLevels(source);
    const levels = new Map(statuses.map(({ status, ...level }) => [status, level]));
    expect(levels.get('in_fulfillment')?.orders).toBe(2);
    expect(levels.get('in_fulfillment')?.oldestSeconds).toBeGreaterThanOrEqual(5_000);
    expect(levels.get('in_fulfillment')?.oldestSeconds).toBeLessThan(5_060);
    expect(levels.get('on_hold')?.orders).toBe(2);
    expect([levels.has('delivered'), levels.has('closed')]).toEqual([false, false]);
    expect([...holds].sort((a, b) => a.orders - b.orders)).toEqual([
      { reason: 'AWAITING_PAYMENT', orders: 1 },
      { reason: 'STAGE_OVERDUE', orders: 2 },
    ]);
    expect(overdue).toBe(1);
  });
});
