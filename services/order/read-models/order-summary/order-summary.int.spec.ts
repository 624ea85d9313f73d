import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { serviceMigrations } from '@orderlog/backbone';
import { createEventLog, newOrderId, type EventLog, type PostgresEventLog } from '@orderlog/event-log';
import type { Moment, OrderPlacedData } from '@orderlog/order-domain';
import { freshDatabase, type FreshDatabase } from '@orderlog/testing';
import { orderAggregate, streamOf } from '../../application/aggregate.js';
import { orderSummary } from './order-summary.projection.js';

const now = '2026-11-02T09:00:00.000Z';
const later = '2099-11-02T09:00:00.000Z';
const at: Moment = { now, allocateBy: later, fulfillBy: later, deliverBy: later, payBy: later, reviewAt: later, answerBy: later };

const orderOf = (orderId: string, externalReference: string): OrderPlacedData => ({
  orderId,
  channel: 'web',
  externalReference,
  number: '',
  placedAt: now,
  currency: 'EUR',
  taxIncluded: true,
  customerExternalId: '',
  customerType: 'person',
  customerLocale: '',
  destination: { countryCode: 'DE', region: '', postalCode: '10115', city: 'Berlin' },
  delivery: { method: 'ship', serviceLevel: 'standard', amount: 500, discount: 0, tax: 0, total: 500, promisedBy: '', notBefore: '' },
  lines: [{ lineId: '1', externalId: 'a', sku: 'SKU-1', name: '', quantity: 2, unitPrice: 1000, discount: 0, tax: 0, total: 2000, taxLines: [], metadata: {} }],
  discounts: [],
  totals: { lines: 2000, delivery: 500, tax: 0, grandTotal: 2500 },
  payment: { status: 'paid', reference: 'P-1', authorizedAmount: 0, capturedAmount: 2500, authorizedUntil: '' },
  policy: { split: 'allow', backorder: 'wait', substitution: 'never', releaseOn: 'authorized' },
  giftWrap: false,
  giftHidePrices: false,
  business: { purchaseOrderNumber: '', terms: '' },
  tags: [],
  metadata: {},
  personalDataVersion: 1,
  personalDataDigest: 'digest',
  trackingToken: 'token',
  receivedAt: at.now,
  requestDigest: 'request',
  tenantId: 'acme',
});

let database: FreshDatabase;
let log: PostgresEventLog;
beforeAll(async () => {
  database = await freshDatabase({ service: 'order', folders: serviceMigrations('order') });
  log = await createEventLog({ service: 'order', connectionString: database.appUrl });
  for (let n = 0; n < 24; n += 1) {
    const orderId = newOrderId(n % 4);
    const context = { tenantId: 'acme', actor: { type: 'channel', id: 'shop' }, commandId: `c-${n}`, correlationId: orderId } as const;
    const order = orderOf(orderId, `R-${n}`);
    await log.execute(orderAggregate, streamOf(orderId), { type: 'PlaceOrder', data: { order, unknownSkuLines: [], at } }, context);
    for (const holdId of ['a', 'b', 'c']) {
      const hold = { holdId, reason: 'OTHER', detail: '', lineIds: [], at };
      await log.execute(orderAggregate, streamOf(orderId), { type: 'PlaceHold', data: hold }, context);
      if (holdId !== 'c') await log.execute(orderAggregate, streamOf(orderId), { type: 'ReleaseHold', data: { holdId, detail: '', at } }, context);
    }
  }
});
beforeEach(() => log.sql.query('truncate order_summary_1'));
afterAll(async () => {
  await log.close();
  await database.drop();
});

/** Applies the whole log in pages of some events a shard; answers the rows and how often a stream was read by itself. */
const applied = async (pageOf: number, isForgetful: boolean): Promise<{ readonly rows: readonly object[]; readonly singleReads: number }> => {
  let singleReads = 0;
  const watched: EventLog = {
    ...log,
    read: (...asked) => {
      singleReads += 1;
      return log.read(...asked);
    },
  };
  let summary = orderSummary(watched);
  const cursors = new Map(Array.from({ length: log.shards }, (_, shard) => [shard, 0]));
  for (let isMore = true; isMore; ) {
    const page = (await log.readShards([...cursors].map(([shard, after]) => ({ shard, after })), pageOf)) as Parameters<typeof summary.apply>[0];
    for (const { shard, seq } of page) cursors.set(shard, seq);
    isMore = page.length > 0;
    if (!isMore) break;
    if (isForgetful) summary = orderSummary(watched);
    await summary.prepare?.(page);
    await summary.apply(page, log.sql);
  }
  return { rows: (await log.sql.query<object>('select * from order_summary_1 order by order_id')).rows, singleReads };
};

describe('the list of orders', () => {
  it('is the same whatever the pages, and whether or not anything is remembered between them, and reads no stream by itself', async () => {
    const { rows } = await applied(1_000, false);
    expect(rows).toHaveLength(24);
    expect(rows).toMatchObject(rows.map(() => ({ status: 'on_hold', hold_reasons: 'OTHER', version: 7 })));
    for (const [pageOf, isForgetful] of [[5, false], [5, true], [1, true]] as const) {
      await log.sql.query('truncate order_summary_1');
      expect(await applied(pageOf, isForgetful)).toStrictEqual({ rows, singleReads: 0 });
    }
  });
});
