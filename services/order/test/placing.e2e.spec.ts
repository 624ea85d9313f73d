import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SQL } from '@orderlog/backbone';
import type { SqlExecutor } from '@orderlog/event-log';
import { eventually } from '@orderlog/testing';
import type { PlaceOrderRequest } from '../api/http/place-order.request.js';
import { createIntake } from '../api/intake.js';
import { ORDER_DESK, PLACE_ORDERS } from '../api/tokens.js';
import { createItems } from '../application/items.js';
import type { OrderDesk } from '../application/order-desk.js';
import { forgetOldKeys, type PlaceOrders } from '../application/place-order.js';
import { call, inStatus, keys, orderBody, runOrder, submit, type RunningOrder } from './running-order.js';

let running: RunningOrder;
beforeAll(async () => {
  running = await runOrder();
});
afterAll(() => running.close());

/** Everything that placing can change. */
const counts = async () => {
  const [row] = await running.sql<Record<string, number>>(`select
    (select count(*)::int from event_log) as events,
    (select coalesce(sum(seq), 0)::int from shard_head) as heads,
    (select count(*)::int from streams) as streams,
    (select count(*)::int from idempotency_keys) as keys,
    (select count(*)::int from external_references) as references,
    (select count(*)::int from personal_data) as people,
    (select count(*)::int from timers) as timers`);
  return row;
};

describe('placing an order', () => {
  it('stores every field and answers with the order', async () => {
    const body = orderBody();
    const answer = await submit(running, body, 'full-1');
    expect(answer.status).toBe(201);
    const id = String(answer.body['id']);
    expect(answer.headers.get('location')).toBe(`/v1/orders/${id}`);
    expect(answer.headers.get('etag')).toBe('"2"');
    expect(answer.headers.get('idempotent-replayed')).toBeNull();
    const { lines, ...rest } = body;
    expect(answer.body).toMatchObject({ ...rest, version: 2, status: 'accepted', holds: [], fulfillments: [], returnStatus: 'none' });
    expect(answer.body['lines']).toMatchObject(lines.map((line, n) => ({ ...line, id: `${n + 1}`, quantities: { open: line.quantity } })));
    expect(answer.body['trackingUrl']).toMatch(/^https:\/\/shop\.test\/track\/[\w-]{24}$/);
    const read = await call(running, 'GET', `/v1/orders/${id}`);
    expect(read.status).toBe(200);
    expect({ ...read.body, updatedAt: '' }).toStrictEqual({ ...answer.body, updatedAt: '' });
  });
  it('needs no more than the fields that have to be there', async () => {
    const { channel, externalReference, currency, taxIncluded, shippingAddress: to, delivery, lines, totals } = orderBody([1]);
    const [line] = lines;
    const answer = await submit(
      running,
      {
        channel,
        externalReference,
        currency,
        taxIncluded,
        customer: {},
        shippingAddress: { name: to.name, line1: to.line1, city: to.city, postalCode: to.postalCode, countryCode: 'DE' },
        delivery: { method: 'ship', serviceLevel: 'standard', amount: 500, total: 500 },
        lines: [{ externalId: 'a', sku: line?.sku, quantity: 1, unitPrice: line?.total, total: line?.total }],
        totals: { ...totals, delivery: delivery.total },
      },
      'small-1',
    );
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ payment: { status: 'pending' }, policy: { split: 'allow', backorder: 'wait', substitution: 'never' } });
  });
  it('keeps personal data out of the log', async () => {
    const { body } = await submit(running, orderBody(), 'personal-1');
    const rows = await running.sql<{ text: string }>(`select data || meta as text from event_log where stream_id = $1`, [`order-${String(body['id'])}`]);
    const text = rows.map((row) => row.text).join('\n');
    for (const secret of ['Maria', 'Torstraße', 'Kantstraße', 'maria@', '+4930', 'ring twice', 'all the best', 'for you', 'DE123456789']) {
      expect(text).not.toContain(secret);
    }
    expect(text).toContain('10119');
  });
});

describe('the same key again', () => {
  it('is answered as the first time, byte for byte, even after the order went on', async () => {
    const body = orderBody();
    const first = await submit(running, body, 'again-1');
    const id = String(first.body['id']);
    await call(running, 'POST', `/v1/orders/${id}/holds`, { reason: 'MANUAL' });
    const again = await submit(running, body, 'again-1');
    expect(again.status).toBe(201);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.text).toBe(first.text);
  });
  it('does not mind in which order the members come', async () => {
    const body = orderBody();
    const first = await submit(running, body, 'order-1');
    const turned = Object.fromEntries(Object.entries(body).reverse());
    const again = await submit(running, turned, 'order-1');
    expect([again.status, again.text]).toStrictEqual([201, first.text]);
  });
  it('is refused with another body, and nothing changes', async () => {
    const body = orderBody([2]);
    await submit(running, body, 'other-1');
    const before = await counts();
    const other = await submit(running, { ...body, number: 'another' }, 'other-1');
    expect(other.status).toBe(422);
    expect(other.body['type']).toBe('urn:orderlog:problem:idempotency-key-reused');
    expect(await counts()).toStrictEqual(before);
  });
  it('is another key for another tenant', async () => {
    const body = orderBody();
    const [one, other] = await Promise.all([submit(running, body, 'tenant-1'), submit(running, body, 'tenant-1', { authorization: `Bearer ${keys.other}` })]);
    expect([one.status, other.status]).toStrictEqual([201, 201]);
    expect(one.body['id']).not.toBe(other.body['id']);
    expect((await call(running, 'GET', `/v1/orders/${String(other.body['id'])}`)).status).toBe(404);
  });
  it('is one order for 50 who ask at once', async () => {
    const body = orderBody();
    const before = await counts();
    const answers = await Promise.all(Array.from({ length: 50 }, () => submit(running, body, 'fifty-1')));
    expect(new Set(answers.map(({ status }) => status))).toStrictEqual(new Set([201]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') === null)).toHaveLength(1);
    const after = await counts();
    expect((after?.['events'] ?? 0) - (before?.['events'] ?? 0)).toBe(2);
    expect((after?.['people'] ?? 0) - (before?.['people'] ?? 0)).toBe(1);
  });
  it('is one order for 50 who ask at once for two different things', async () => {
    const body = orderBody();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => submit(running, n % 2 === 0 ? body : { ...body, number: 'x' }, 'fifty-2')));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(25);
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(25);
  });
});

describe('an idempotency key', () => {
  it('is forgotten after seven days, and only then', async () => {
    const body = orderBody();
    await submit(running, body, 'old-1');
    await running.sql(`update idempotency_keys set created_at = now() - interval '6 days 23 hours' where key = 'old-1'`);
    const keptDays = 7;
    await forgetOldKeys(running.service.app.get<SqlExecutor>(SQL), keptDays);
    expect((await submit(running, body, 'old-1')).headers.get('idempotent-replayed')).toBe('true');
    await running.sql(`update idempotency_keys set created_at = now() - interval '7 days 1 hour' where key = 'old-1'`);
    expect(await forgetOldKeys(running.service.app.get<SqlExecutor>(SQL), keptDays)).toBe(1);
    // The reference is kept for ever, so there is still one order.
    expect((await submit(running, body, 'old-1')).status).toBe(200);
  });
  it('is forgotten in time however many there are', async () => {
    await running.sql(`insert into idempotency_keys (tenant_id, key, digest, order_id, status, version, created_at)
      select 'acme', 'many-' || n, '', gen_random_uuid(), 201, 2, now() - interval '8 days' from generate_series(1, 12001) as n`);
    const { keys: before = 0 } = (await counts()) ?? {};
    expect(await forgetOldKeys(running.service.app.get<SqlExecutor>(SQL), 7)).toBe(12_001);
    expect((await counts())?.['keys']).toBe(before - 12_001);
  });
});

describe('the same external reference under another key', () => {
  it('answers 200 with the order when the body is the same', async () => {
    const body = orderBody();
    const first = await submit(running, body, 'reference-1');
    const again = await submit(running, body, 'reference-2');
    expect([again.status, again.body['id']]).toStrictEqual([200, first.body['id']]);
    const replay = await submit(running, body, 'reference-2');
    expect([replay.status, replay.text, replay.headers.get('idempotent-replayed')]).toStrictEqual([200, again.text, 'true']);
  });
  it('answers 409 with the id of the order when it is not, and nothing changes', async () => {
    const body = orderBody();
    const first = await submit(running, body, 'reference-3');
    const before = await counts();
    const other = await submit(running, { ...body, number: 'y' }, 'reference-4');
    expect(other.status).toBe(409);
    expect(other.body).toMatchObject({ type: 'urn:orderlog:problem:external-reference-conflict', orderId: first.body['id'] });
    expect(await counts()).toStrictEqual(before);
    // The key was not used up by the refusal.
    expect((await submit(running, orderBody(), 'reference-4')).status).toBe(201);
  });
  it('is one order for 50 who come at once with keys of their own', async () => {
    const body = orderBody();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => submit(running, body, `reference-5-${n}`)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(49);
    expect(new Set(answers.map(({ body: { id } }) => id)).size).toBe(1);
  });
});

describe('when the database fails', () => {
  /** Held by an administrator's session, no order can be committed. */
  const withHeadsLocked = async (work: () => Promise<void>): Promise<void> => {
    await running.sql('begin');
    try {
      await running.sql('select 1 from shard_head for update');
      await work();
    } finally {
      await running.sql('rollback');
    }
  };
  const retryAfter = (answer: Awaited<ReturnType<typeof submit>>) => [answer.status, answer.body['type'], answer.headers.get('retry-after')];

  it('at the commit, nobody knows what became of the order: 503, and the same key finds out', async () => {
    const body = orderBody();
    let answer: ReturnType<typeof submit> | undefined;
    await withHeadsLocked(async () => {
      answer = submit(running, body, 'killed-1');
      const waiting = `from pg_stat_activity where datname = current_database() and application_name = 'orderlog order' and wait_event_type = 'Lock'`;
      await eventually(async () => {
        // Within a transaction the activity is looked at once, unless told otherwise.
        await running.sql('select pg_stat_clear_snapshot()');
        return (await running.sql(`select 1 ${waiting}`)).length > 0;
      });
      await running.sql(`select pg_terminate_backend(pid) ${waiting}`);
      expect(retryAfter(await answer)).toStrictEqual([503, 'urn:orderlog:problem:outcome-unknown', '1']);
    });
    const again = await submit(running, body, 'killed-1');
    expect([again.status, again.headers.get('idempotent-replayed')]).toStrictEqual([201, null]);
  });

  it('after the commit, before its answer: 503, and the same key gets the order that is there', async () => {
    const body = orderBody();
    const before = await counts();
    running.loseNextOrder();
    expect(retryAfter(await submit(running, body, 'lost-1'))).toStrictEqual([503, 'urn:orderlog:problem:outcome-unknown', '1']);
    const [stored] = await running.sql<{ order_id: string }>(`select order_id from idempotency_keys where key = 'lost-1'`);
    const again = await submit(running, body, 'lost-1');
    expect([again.status, again.headers.get('idempotent-replayed'), again.body['id']]).toStrictEqual([201, 'true', stored?.order_id]);
    expect(((await counts())?.['people'] ?? 0) - (before?.['people'] ?? 0)).toBe(1);
  });

  it('to keep up, the queue is bounded: 503 beyond it, and what was taken is there', async () => {
    const before = await counts();
    const asked = 1_700;
    const bodies = Array.from({ length: asked }, () => orderBody([1]));
    let answers: Promise<Awaited<ReturnType<typeof submit>>[]> | undefined;
    let refused = 0;
    await withHeadsLocked(async () => {
      answers = Promise.all(
        bodies.map(async (body, n) => {
          const answer = await submit(running, body, `many-${n}`);
          if (answer.status === 503) refused += 1;
          return answer;
        }),
      );
      await eventually(() => refused > 0);
    });
    const all = (await answers) ?? [];
    const taken = all.filter(({ status }) => status === 201);
    expect(taken.length).toBeGreaterThanOrEqual(1_024);
    for (const answer of all) if (answer.status !== 201) expect(retryAfter(answer)).toStrictEqual([503, 'urn:orderlog:problem:overloaded', '1']);
    expect(((await counts())?.['people'] ?? 0) - (before?.['people'] ?? 0)).toBe(taken.length);
    // Refused is not used up.
    const one = all.findIndex(({ status }) => status === 503);
    expect((await submit(running, bodies[one], `many-${one}`)).status).toBe(201);
  }, 60_000);
});

describe('an import', () => {
  const unknown = () => {
    const body = orderBody([1, 1]);
    return { ...body, lines: body.lines.map((line, n) => (n === 1 ? { ...line, sku: 'NEVER-SEEN' } : line)) };
  };
  const place = (body: unknown, key: string, query: string, apiKey: string) =>
    call(running, 'POST', `/v1/orders?${query}`, body, { 'idempotency-key': key, authorization: `Bearer ${apiKey}` });
  it('may have an order with an unknown product held', async () => {
    const answer = await place(unknown(), 'import-1', 'onUnknownSku=hold', keys.import);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ status: 'on_hold', holds: [{ reason: 'UNKNOWN_SKU', lineIds: ['2'] }] });
    const released = await call(running, 'POST', `/v1/orders/${String(answer.body['id'])}/holds/unknown-sku/release`);
    expect([released.status, released.body['status']]).toStrictEqual([200, 'accepted']);
  });
  it('has held orders go on by themselves once all their products are known', async () => {
    const body = orderBody([1, 1]);
    const held = await place({ ...body, lines: body.lines.map((line, n) => ({ ...line, sku: `LATE-${n + 1}` })) }, 'import-late', 'onUnknownSku=hold', keys.import);
    expect(held.body['status']).toBe('on_hold');
    const id = String(held.body['id']);
    await running.inventoryOffers(['LATE-1']);
    await running.inventoryOffers(['LATE-2']);
    await inStatus(running, id, 'accepted');
    const timeline = await call(running, 'GET', `/v1/orders/${id}/timeline`);
    expect(timeline.text).toContain('inventory knows the items now');
  });
  it('is the only one who may', async () => {
    expect((await place(unknown(), 'import-2', 'onUnknownSku=hold', keys.shop)).status).toBe(403);
    expect((await place(unknown(), 'import-2', 'onUnknownSku=maybe', keys.import)).status).toBe(400);
  });
  it('may ask what would become of an order, and nothing changes', async () => {
    const body = orderBody();
    const before = await counts();
    const fresh = await place(body, 'dry-1', 'dryRun=true', keys.import);
    expect([fresh.status, fresh.body]).toStrictEqual([200, { dryRun: true, known: false, unknownSkuLines: [] }]);
    expect((await place(unknown(), 'dry-2', 'dryRun=true', keys.import)).body['type']).toBe('urn:orderlog:problem:unknown-sku');
    expect((await place({ ...body, totals: { ...body.totals, lines: 1 } }, 'dry-3', 'dryRun=true', keys.import)).status).toBe(422);
    expect(await counts()).toStrictEqual(before);
    const placed = await submit(running, body, 'dry-4');
    expect((await place(body, 'dry-5', 'dryRun=true', keys.import)).body).toMatchObject({ known: true, orderId: placed.body['id'] });
    expect((await place({ ...body, number: 'z' }, 'dry-6', 'dryRun=true', keys.import)).status).toBe(409);
  });
});

describe('before the items are read', () => {
  it('no item is called unknown: asked to come again, and a key that has its answer keeps it', async () => {
    const { app } = running.service;
    const parts = {
      placeOrders: app.get<PlaceOrders>(PLACE_ORDERS),
      desk: app.get<OrderDesk>(ORDER_DESK),
      sql: app.get<SqlExecutor>(SQL),
      releaseOnOf: () => 'authorized',
      trackingUrl: (token: string) => token,
    };
    // What a service has right after its start: nothing yet.
    const starting = createIntake({ ...parts, items: createItems(), itemsAreRead: () => false });
    const body = orderBody();
    const context = { tenantId: 'acme', actor: { type: 'channel', id: 'shop' }, commandId: 'items-1' } as const;
    const submission = { body: body as unknown as PlaceOrderRequest, idempotencyKey: 'items-1', holdUnknownSkus: false, context };
    const before = await counts();
    for (const asked of [starting.place(submission), starting.rehearse(submission)]) {
      await expect(asked).rejects.toMatchObject({ kind: { status: 503, slug: 'unavailable' }, details: { headers: { 'retry-after': '1' } } });
    }
    expect(await counts()).toStrictEqual(before);
    const placed = await submit(running, body, 'items-1');
    expect(await starting.place(submission)).toMatchObject({ status: 201, replayed: true, orderId: placed.body['id'] });
    const read = createIntake({ ...parts, items: createItems(), itemsAreRead: () => true });
    await expect(read.place({ ...submission, idempotencyKey: 'items-2' })).rejects.toMatchObject({ kind: { status: 422, slug: 'unknown-sku' } });
  });
});

describe('bad input is refused, says where, and changes nothing', () => {
  type Body = ReturnType<typeof orderBody>;
  const line = (changed: object) => (body: Body) => ({ ...body, lines: [{ ...body.lines[0], ...changed }, ...body.lines.slice(1)] });
  const cases: readonly (readonly [string, (body: Body) => unknown, number, string, string])[] = [
    ['an unknown SKU', line({ sku: 'NOBODY-KNOWS' }), 422, 'unknown-sku', '/lines/0/sku'],
    ['a quantity of zero', line({ quantity: 0 }), 422, 'invalid-request', '/lines/0/quantity'],
    ['a negative quantity', line({ quantity: -5 }), 422, 'invalid-request', '/lines/0/quantity'],
    ['a fractional quantity', line({ quantity: 1.5 }), 422, 'invalid-request', '/lines/0/quantity'],
    ['a huge quantity', line({ quantity: 100_001 }), 422, 'invalid-request', '/lines/0/quantity'],
    ['a quantity in a text', line({ quantity: '2' }), 422, 'invalid-request', '/lines/0/quantity'],
    ['no lines', (body) => ({ ...body, lines: [] }), 422, 'invalid-request', '/lines'],
    ['501 lines', (body) => ({ ...body, lines: Array.from({ length: 501 }, (_, n) => ({ externalId: `${n}`, sku: 'SKU-1', quantity: 1, unitPrice: 1, total: 1 })) }), 422, 'invalid-request', '/lines'],
    ['an unknown field', (body) => ({ ...body, surprise: 1 }), 422, 'invalid-request', '/surprise'],
    ['an unknown field in a line', line({ colour: 'red' }), 422, 'invalid-request', '/lines/0/colour'],
    ['a wrong currency', (body) => ({ ...body, currency: 'EURO' }), 422, 'invalid-request', '/currency'],
    ['a currency that does not exist', (body) => ({ ...body, currency: 'XQQ' }), 422, 'invalid-request', '/currency'],
    ['a missing postal code', (body) => ({ ...body, shippingAddress: { ...body.shippingAddress, postalCode: undefined } }), 422, 'invalid-request', '/shippingAddress/postalCode'],
    ['a country that does not exist', (body) => ({ ...body, shippingAddress: { ...body.shippingAddress, countryCode: 'ZZ' } }), 422, 'invalid-request', '/shippingAddress/countryCode'],
    ['a missing address', (body) => ({ ...body, shippingAddress: undefined }), 422, 'invalid-request', '/shippingAddress'],
    ['a line total that is wrong', line({ total: 1 }), 422, 'totals-mismatch', '/lines/0/total'],
    ['a sum of lines that is wrong', (body) => ({ ...body, totals: { ...body.totals, lines: 1 } }), 422, 'totals-mismatch', '/totals/lines'],
    ['a grand total that is wrong', (body) => ({ ...body, totals: { ...body.totals, grandTotal: 1 } }), 422, 'totals-mismatch', '/totals/grandTotal'],
    ['two lines with one external id', (body) => ({ ...body, lines: body.lines.map((each) => ({ ...each, externalId: 'x' })) }), 422, 'duplicate-line', '/lines/1/externalId'],
    ['pickup', (body) => ({ ...body, delivery: { ...body.delivery, method: 'pickup' } }), 422, 'pickup-not-offered', '/delivery/method'],
    ['a negative price', line({ unitPrice: -1 }), 422, 'invalid-request', '/lines/0/unitPrice'],
    ['a price beyond 2^53', line({ unitPrice: 2 ** 53 }), 422, 'invalid-request', '/lines/0/unitPrice'],
    ['amounts whose product is beyond 2^53', line({ unitPrice: 2 ** 52, quantity: 4 }), 422, 'amount-too-large', '/lines/0/unitPrice'],
    ['an e-mail address that is none', (body) => ({ ...body, customer: { email: 'nobody' } }), 422, 'invalid-request', '/customer/email'],
    ['too many tags', (body) => ({ ...body, tags: Array.from({ length: 21 }, (_, n) => `${n}`) }), 422, 'invalid-request', '/tags'],
    ['an unknown payment status', (body) => ({ ...body, payment: { status: 'free' } }), 422, 'invalid-request', '/payment/status'],
    ['a control character', (body) => ({ ...body, channel: 'we\u001eb' }), 422, 'invalid-request', '/channel'],
    ['malformed JSON', () => '{"channel": ', 400, 'malformed-json', ''],
    ['a list', () => [], 422, 'invalid-request', ''],
    ['a body over 256 KB', (body) => ({ ...body, metadata: { long: 'x'.repeat(300_000) } }), 413, 'body-too-large', ''],
  ];
  it.each(cases)('%s', async (_, change, status, slug, pointer) => {
    const before = await counts();
    const answer = await submit(running, change(orderBody()), `bad-${slug}-${pointer}`);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body['type']).toBe(`urn:orderlog:problem:${slug}`);
    if (pointer !== '') expect(answer.body['errors']).toContainEqual(expect.objectContaining({ pointer }));
    expect(await counts()).toStrictEqual(before);
  });
  it('tells the value that would have been right', async () => {
    const body = orderBody([3]);
    const { body: problem } = await submit(running, { ...body, totals: { ...body.totals, grandTotal: 1 } }, 'bad-computed');
    expect(problem['computed']).toBe(body.totals.grandTotal);
  });
  it.each<[string, Record<string, string>, number, string]>([
    ['no key of the API', { authorization: '' }, 401, 'unauthenticated'],
    ['a wrong key of the API', { authorization: 'Bearer wrong' }, 401, 'unauthenticated'],
    ['a key that may not', { authorization: `Bearer ${keys.warehouse}` }, 403, 'forbidden'],
    ['a wrong content type', { 'content-type': 'text/plain' }, 415, 'unsupported-media-type'],
    ['an idempotency key that is none', { 'idempotency-key': 'a b' }, 400, 'invalid-header'],
  ])('%s', async (_, headers, status, slug) => {
    const before = await counts();
    const answer = await submit(running, orderBody(), 'headers', headers);
    expect([answer.status, answer.body['type']]).toStrictEqual([status, `urn:orderlog:problem:${slug}`]);
    expect(await counts()).toStrictEqual(before);
  });
  it('no idempotency key', async () => {
    expect((await call(running, 'POST', '/v1/orders', orderBody())).status).toBe(400);
  });
  it('an unknown order', async () => {
    for (const id of ['01930000-0000-7000-8000-000000000003', 'nonsense', "x'; drop table streams"]) {
      expect((await call(running, 'GET', `/v1/orders/${encodeURIComponent(id)}`)).status).toBe(404);
      expect((await call(running, 'POST', `/v1/orders/${encodeURIComponent(id)}/cancellations`, { reason: 'customer' })).status).toBe(404);
    }
  });
});

describe('a fact that comes over Kafka', () => {
  it('moves the order and stands in its timeline', async () => {
    const { body } = await submit(running, orderBody([2]), 'kafka-1');
    const orderId = String(body['id']);
    const lines = [{ lineId: '1', sku: 'SKU-1', quantity: 2 }];
    const leg = { fulfillmentOrderId: `${orderId}.1.1`, centerId: 'berlin', centerKind: 'own', lines, shipBy: '', expectedDelivery: '', distanceKm: 3, parcels: 1 };
    const data = { orderId, attempt: 1, policyId: 'p', policyHash: 'h', legs: [leg], uncovered: [], rejected: [], serviceLevel: 'standard' };
    await running.routingSays({ type: 'RoutingDecided', data });
    const order = await inStatus(running, orderId, 'routed');
    expect(order['fulfillments']).toMatchObject([{ centerId: 'berlin', status: 'scheduled', requestStatus: 'unsubmitted' }]);
    const { body: timeline } = await call(running, 'GET', `/v1/orders/${orderId}/timeline`);
    const facts = timeline['entries'] as { service: string; type: string; actor: { id: string } }[];
    expect(facts.map(({ service, type, actor }) => `${service} ${type} ${actor.id}`)).toStrictEqual([
      'order OrderPlaced shop',
      'order OrderAccepted shop',
      'routing RoutingDecided routing',
      'order OrderRouted routing',
    ]);
  });
});
