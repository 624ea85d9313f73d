import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { credentials, loadPackageDefinition, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { PROJECTIONS } from '@orderlog/backbone';
import { newEventId } from '@orderlog/event-log';
import type { Fact } from '@orderlog/messaging';
import type { Projections } from '@orderlog/projections';
import { eventually } from '@orderlog/testing';
import { SMTPServer } from 'smtp-server';
import { CLOCK } from '../api/tokens.js';
import { followFacts } from '../application/follow-facts.js';
import type { Clock } from '../application/moment.js';
import { call, keys, orderBody, runOrder, serviceToken, submit, type RunningOrder } from './running-order.js';

const letters: { readonly to: readonly string[]; readonly text: string }[] = [];
const mailServer = new SMTPServer({
  disabledCommands: ['STARTTLS', 'AUTH'],
  onData: (stream, session, done) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      letters.push({ to: session.envelope.rcptTo.map(({ address }) => address), text: Buffer.concat(chunks).toString() });
      done();
    });
  },
});

let running: RunningOrder;
beforeAll(async () => {
  await new Promise<void>((resolve) => mailServer.listen(0, '127.0.0.1', resolve));
  const address = mailServer.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  running = await runOrder({ SMTP_URL: `smtp://127.0.0.1:${port}`, CHANNELS: '{"paid-first":{"releaseOn":"paid"}}', PAYMENT_DEADLINE_MS: '400' });
});
afterAll(async () => {
  await running.close();
  await new Promise<void>((resolve) => mailServer.close(resolve));
});

let seq = 0;
/** A fact of another service, as the consumer hands it over. */
const fact = (source: Fact['source'], type: string, data: object): Fact => {
  seq += 1;
  const now = new Date().toISOString();
  return {
    source,
    type,
    data,
    eventId: newEventId(),
    schemaVersion: 1,
    tenantId: 'acme',
    streamId: 'told',
    streamVersion: 1,
    shard: 0,
    seq,
    occurredAt: now,
    recordedAt: now,
    actor: { type: 'staff', id: 'worker-1' },
    commandId: 'test',
    correlationId: (data as { orderId?: string }).orderId ?? '',
    logId: 'test',
    batchHash: '',
  };
};
const hear = (...facts: readonly Fact[]) => running.log.transact((tx) => followFacts(running.service.app.get<Clock>(CLOCK))(facts, tx));

const lines = [{ lineId: '1', sku: 'SKU-1', quantity: 2 }];
/** Places an order of two units and has it planned and leased. */
const allocated = async (key: string, changed: Record<string, unknown> = {}): Promise<string> => {
  const { body, status } = await submit(running, orderBody([2], changed), key);
  expect(status).toBe(201);
  const orderId = String(body['id']);
  const leg = { fulfillmentOrderId: `${orderId}.1.1`, centerId: 'berlin', centerKind: 'own', lines, shipBy: '', expectedDelivery: '2026-11-05T12:00:00.000Z' };
  await hear(
    fact('routing', 'RoutingDecided', { orderId, attempt: 1, legs: [leg], uncovered: [], serviceLevel: 'standard', inputs: [], candidates: [] }),
    fact('inventory', 'StockReserved', { reservationId: `${orderId}.1`, orderId, attempt: 1, epoch: 1, expiresAt: '2030-01-01T00:00:00.000Z', entries: [] }),
  );
  return orderId;
};
const ofLeg = (orderId: string) => ({ orderId, fulfillmentOrderId: `${orderId}.1.1` });
const ofBox = (orderId: string) => ({ ...ofLeg(orderId), packageId: `${orderId}.1.1.p1`, lines });
const shipped = async (orderId: string): Promise<void> =>
  hear(
    fact('warehouse', 'FulfillmentOrderAccepted', { ...ofLeg(orderId), centerId: 'berlin', lines }),
    fact('warehouse', 'ItemPicked', { ...ofLeg(orderId), pickListId: 'w', lineId: '1', sku: 'SKU-1', quantity: 2, bin: 'A', workerId: 'worker-1' }),
    fact('warehouse', 'FulfillmentOrderPicked', { ...ofLeg(orderId), centerId: 'berlin', lines }),
    fact('warehouse', 'PackageClosed', { ...ofBox(orderId), centerId: 'berlin', weightGrams: 400, carton: 'S', lengthMm: 1, widthMm: 1, heightMm: 1, workerId: 'w' }),
    fact('shipping', 'LabelPurchased', {
      ...ofBox(orderId),
      carrier: 'swift',
      trackingNumber: 'SW123',
      trackingUrl: 'https://swift.test/SW123',
      cost: 420,
      costCurrency: 'EUR',
      expectedDelivery: '2026-11-05T12:00:00.000Z',
    }),
    fact('shipping', 'ShipmentHandedOver', {
      ...ofLeg(orderId),
      centerId: 'berlin',
      shipmentId: `${orderId}.1.1.s1`,
      carrier: 'swift',
      packages: [{ packageId: `${orderId}.1.1.p1`, trackingNumber: 'SW123', lines }],
      handedOverAt: '',
    }),
  );
const read = async (orderId: string) => (await call(running, 'GET', `/v1/orders/${orderId}`)).body;

describe('an order on its way', () => {
  it('is shipped, told of by one letter, delivered, rated and closed', async () => {
    const orderId = await allocated('life-1');
    expect(await read(orderId)).toMatchObject({ status: 'in_fulfillment', fulfillments: [{ status: 'open', requestStatus: 'submitted' }] });
    await shipped(orderId);
    expect(await read(orderId)).toMatchObject({
      status: 'shipped',
      lines: [{ quantities: { shipped: 2, open: 0 } }],
      fulfillments: [{ status: 'closed', packages: [{ status: 'shipped', carrier: 'swift', trackingNumber: 'SW123', estimatedDelivery: '2026-11-05T12:00:00.000Z' }] }],
    });
    const letter = await eventually(() => letters.find(({ text }) => text.includes(orderId.slice(0, 8)) || text.includes('SW123')));
    expect(letter.to).toStrictEqual(['maria@example.test']);
    expect(letter.text).toContain('https://shop.test/track/');
    expect(letter.text).toContain('2 x Product 1');
    await hear(fact('shipping', 'PackageDelivered', { ...ofBox(orderId), deliveredAt: '2026-11-04T10:00:00.000Z' }));
    expect(await read(orderId)).toMatchObject({ status: 'delivered', feedback: {} });
    const rated = await call(running, 'POST', `/v1/orders/${orderId}/feedback`, { score: 5, comment: 'Maria is happy' });
    expect(rated.body).toMatchObject({ status: 'closed', feedback: { score: 5 } });
    const again = await call(running, 'POST', `/v1/orders/${orderId}/feedback`, { score: 1 });
    expect([again.status, again.body['type']]).toStrictEqual([409, 'urn:orderlog:problem:feedback-received']);
    const [comment] = await running.sql<{ data: object }>(`select data::json from personal_data where order_id = $1 and kind = 'feedback'`, [orderId]);
    expect(comment?.data).toStrictEqual({ comment: 'Maria is happy' });
    const { body } = await call(running, 'GET', `/v1/orders/${orderId}/timeline`);
    const types = (body['entries'] as { type: string }[]).map(({ type }) => type);
    expect(types).toContain('ItemPicked');
    expect(types.filter((type) => type === 'OrderPackageShipped')).toHaveLength(1);
    expect(letters.filter(({ text }) => text.includes('SW123'))).toHaveLength(1);
  });
  it('waits for its payment, is held when it does not come, and goes on when it does', async () => {
    const orderId = await allocated('pay-1', { channel: 'paid-first', payment: { status: 'authorized' } });
    await eventually(async () => (await read(orderId))['status'] === 'on_hold');
    expect(await read(orderId)).toMatchObject({ holds: [{ reason: 'AWAITING_PAYMENT' }] });
    const paid = await call(running, 'PUT', `/v1/orders/${orderId}/payment`, { status: 'paid', capturedAmount: 1 });
    expect(paid.body).toMatchObject({ status: 'in_fulfillment', holds: [], payment: { status: 'paid', capturedAmount: 1 } });
  });
  it('is sent again when a package is lost', async () => {
    const orderId = await allocated('lost-1');
    await shipped(orderId);
    await hear(fact('shipping', 'PackageLost', ofBox(orderId)));
    expect(await read(orderId)).toMatchObject({ holds: [{ reason: 'UNDELIVERED' }], lines: [{ quantities: { undelivered: 2 } }] });
    const resent = await call(running, 'POST', `/v1/orders/${orderId}/undelivered/${orderId}.1.1.p1`, { action: 'resend' });
    expect(resent.body).toMatchObject({ holds: [], lines: [{ quantities: { open: 2, undelivered: 0 } }] });
    expect((await call(running, 'POST', `/v1/orders/${orderId}/undelivered/nothing`, { action: 'resend' })).status).toBe(404);
  });
  it('gets another address as long as something is not packed', async () => {
    const orderId = await allocated('address-1');
    const address = { name: 'Maria Lang', line1: 'Jungfernstieg 1', city: 'Hamburg', postalCode: '20095', countryCode: 'DE' };
    const moved = await call(running, 'PUT', `/v1/orders/${orderId}/shipping-address`, address);
    expect(moved.body).toMatchObject({ shippingAddress: address, customer: { email: 'maria@example.test' } });
    expect(moved.body['billingAddress']).toMatchObject({ line1: 'Kantstraße 2' });
    await shipped(orderId);
    const late = await call(running, 'PUT', `/v1/orders/${orderId}/shipping-address`, address);
    expect([late.status, late.body['type']]).toStrictEqual([409, 'urn:orderlog:problem:handed-over']);
    const versions = await running.sql(`select version from personal_data where order_id = $1`, [orderId]);
    expect(versions).toHaveLength(2);
    const wrong = await call(running, 'PUT', `/v1/orders/${orderId}/shipping-address`, { ...address, postalCode: undefined });
    expect([wrong.status, wrong.body['errors']]).toMatchObject([422, [{ pointer: '/postalCode' }]]);
  });
});

describe('an order as of a moment', () => {
  const problemOf = async (path: string, headers: Record<string, string> = {}) => {
    const { status, body } = await call(running, 'GET', path, undefined, headers);
    return [status, String(body['type']).replace('urn:orderlog:problem:', ''), (body['errors'] as { pointer: string }[] | undefined)?.[0]?.pointer];
  };

  it('is the fold of what was recorded until then, with the personal data of that version', async () => {
    const orderId = await allocated('as-of-1');
    await call(running, 'PUT', `/v1/orders/${orderId}/shipping-address`, { name: 'Maria Lang', line1: 'Jungfernstieg 1', city: 'Hamburg', postalCode: '20095', countryCode: 'DE' });
    await call(running, 'POST', `/v1/orders/${orderId}/holds`, { reason: 'MANUAL' });
    const events = await running.log.read(`order-${orderId}`);
    const seen: { version: number; street: string; status: string }[] = [];
    for (const { recordedAt } of events) {
      const { body, headers } = await call(running, 'GET', `/v1/orders/${orderId}?as_of=${recordedAt}`);
      const version = events.filter((event) => event.recordedAt <= recordedAt).length;
      expect([body['version'], body['updatedAt'], headers.get('etag')]).toStrictEqual([version, recordedAt, `"${version}"`]);
      seen.push({ version, street: (body['shippingAddress'] as { line1: string }).line1, status: String(body['status']) });
    }
    const moved = events.findIndex(({ type }) => type === 'OrderAddressChanged') + 1;
    expect(new Set(seen.map(({ street, version }) => `${street} ${version >= moved}`))).toStrictEqual(new Set(['Torstraße 1 false', 'Jungfernstieg 1 true']));
    expect(seen.at(-1)).toMatchObject({ version: events.length, status: 'on_hold' });
    expect(seen[0]?.status).not.toBe('on_hold');
    // The last moment is now, in another zone's words too.
    const last = new Date(String(events.at(-1)?.recordedAt));
    const elsewhere = encodeURIComponent(`${new Date(last.getTime() + 3_600_000).toISOString().slice(0, -1)}+01:00`);
    expect((await call(running, 'GET', `/v1/orders/${orderId}?as_of=${elsewhere}`)).body).toStrictEqual(await read(orderId));
  });
  it('is refused where there is no answer', async () => {
    const { body } = await submit(running, orderBody([1]), 'as-of-2');
    const path = `/v1/orders/${String(body['id'])}`;
    const [first] = await running.log.read(`order-${String(body['id'])}`);
    const before = new Date(Date.parse(String(first?.recordedAt)) - 1).toISOString();
    expect(await problemOf(`${path}?as_of=${before}`)).toStrictEqual([404, 'not-placed-yet', undefined]);
    expect(await problemOf(`${path}?as_of=${before}`, { authorization: `Bearer ${keys.other}` })).toStrictEqual([404, 'not-found', undefined]);
    expect(await problemOf(`/v1/orders/00000000-0000-7000-8000-000000000000?as_of=${before}`)).toStrictEqual([404, 'not-found', undefined]);
    for (const moment of ['yesterday', '2026-11-23', '2026-02-30T00:00:00Z', '', '2999-01-01T00:00:00Z']) {
      expect(await problemOf(`${path}?as_of=${moment}`)).toStrictEqual([400, 'invalid-query', '?as_of']);
    }
    expect(await problemOf(`${path}?asOf=${before}`)).toStrictEqual([400, 'invalid-query', '?asOf']);
  });
});

describe('cancelling over HTTP', () => {
  it('answers 200 when it is decided at once, and the same again', async () => {
    const { body } = await submit(running, orderBody([3]), 'cancel-1');
    const path = `/v1/orders/${String(body['id'])}/cancellations`;
    const wish = { lines: [{ lineId: '1', quantity: 1 }], reason: 'customer' };
    const first = await call(running, 'POST', path, wish, { 'idempotency-key': 'c-1' });
    expect([first.status, first.body]).toMatchObject([200, { status: 'completed', orderStatus: 'accepted', shares: [{ asked: 1, cancelled: 1 }] }]);
    const again = await call(running, 'POST', path, wish, { 'idempotency-key': 'c-1' });
    expect([again.status, again.body]).toStrictEqual([200, first.body]);
    expect(await read(String(body['id']))).toMatchObject({ lines: [{ quantities: { open: 2, cancelled: 1 } }] });
    const rest = await call(running, 'POST', path, { reason: 'customer' });
    expect(rest.body).toMatchObject({ orderStatus: 'cancelled' });
    expect((await call(running, 'POST', path, { reason: 'customer' })).body['type']).toBe('urn:orderlog:problem:nothing-to-cancel');
  });
  it('answers 202 when a center must be asked, and 409 when the carrier has it', async () => {
    const orderId = await allocated('cancel-2');
    const asked = await call(running, 'POST', `/v1/orders/${orderId}/cancellations`, { reason: 'customer', note: 'too late' });
    expect([asked.status, asked.body]).toMatchObject([202, { status: 'requested' }]);
    expect(await read(orderId)).toMatchObject({ fulfillments: [{ requestStatus: 'cancellation_requested' }] });
    const gone = await allocated('cancel-3');
    await shipped(gone);
    const late = await call(running, 'POST', `/v1/orders/${gone}/cancellations`, { reason: 'customer' });
    expect([late.status, late.body['type']]).toStrictEqual([409, 'urn:orderlog:problem:handed-over']);
  });
  it.each<[string, object, string]>([
    ['a line that is not there', { lines: [{ lineId: '7', quantity: 1 }], reason: 'customer' }, '/lines/0/lineId'],
    ['more than was ordered', { lines: [{ lineId: '1', quantity: 4 }], reason: 'customer' }, '/lines/0/quantity'],
    ['no reason', { lines: [{ lineId: '1', quantity: 1 }] }, '/reason'],
    ['one line twice', { lines: [{ lineId: '1', quantity: 1 }, { lineId: '1', quantity: 1 }], reason: 'customer' }, '/lines'],
  ])('refuses %s', async (_, wish, pointer) => {
    const { body } = await submit(running, orderBody([3]), `cancel-bad-${pointer}`);
    const answer = await call(running, 'POST', `/v1/orders/${String(body['id'])}/cancellations`, wish);
    expect(answer.status).toBe(422);
    expect(answer.body['errors']).toContainEqual(expect.objectContaining({ pointer }));
    expect((await read(String(body['id'])))['version']).toBe(2);
  });
});

describe('the list of orders', () => {
  it('is narrowed, paged, and the same after a rebuild', async () => {
    const projections = running.service.app.get<Projections>(PROJECTIONS);
    const channel = 'list-channel';
    const placed: string[] = [];
    for (let n = 0; n < 5; n += 1) placed.push(String((await submit(running, orderBody([1], { channel }), `list-${n}`)).body['id']));
    await call(running, 'POST', `/v1/orders/${String(placed[0])}/holds`, { reason: 'MANUAL', detail: 'look' });
    await projections.caughtUp('order-summary');
    const list = async (query: string) => (await call(running, 'GET', `/v1/orders?${query}`)).body as { items: { id: string }[]; nextCursor?: string };
    expect((await list(`channel=${channel}&status=on_hold`)).items).toMatchObject([{ id: placed[0], holdReasons: ['MANUAL'] }]);
    const first = await list(`channel=${channel}&limit=3`);
    const second = await list(`channel=${channel}&limit=3&cursor=${String(first.nextCursor)}`);
    expect([...first.items, ...second.items].map(({ id }) => id).sort()).toStrictEqual([...placed].sort());
    expect(second.nextCursor).toBeUndefined();
    expect((await list(`channel=${channel}&overdue=true`)).items).toStrictEqual([]);
    expect((await list(`channel=${channel}&createdAfter=2999-01-01T00:00:00Z`)).items).toStrictEqual([]);
    expect((await call(running, 'GET', '/v1/orders?status=lost')).status).toBe(400);
    expect((await call(running, 'GET', `/v1/orders?channel=${channel}`, undefined, { authorization: `Bearer ${keys.other}` })).body['items']).toStrictEqual([]);
    const before = await projections.digest('order-summary');
    await projections.rebuild('order-summary');
    await projections.caughtUp('order-summary');
    expect(await projections.digest('order-summary')).toBe(before);
  });
});

describe('gRPC', () => {
  type Call = (request: object, metadata: Metadata, done: (error: ServiceError | null, answer: Record<string, unknown>) => void) => void;
  const client = (service: 'OrderService' | 'OrderAddresses') => {
    const definition = loadSync(['orderlog/order/v1/api.proto', 'orderlog/order/v1/addresses.proto'], {
      includeDirs: [fileURLToPath(new URL('../../../libs/contracts/proto', import.meta.url))],
      longs: Number,
      defaults: false,
    });
    const loaded = loadPackageDefinition(definition) as unknown as {
      orderlog: { order: { v1: Record<string, new (address: string, how: unknown) => Record<string, Call> & { close(): void }> } };
    };
    const Client = loaded.orderlog.order.v1[service]!;
    return new Client(running.service.grpcAddress, credentials.createInsecure());
  };
  const ask = (service: 'OrderService' | 'OrderAddresses', method: string, request: object, key: string) =>
    new Promise<{ answer: Record<string, unknown>; error: ServiceError | null }>((resolve) => {
      const metadata = new Metadata();
      metadata.set('authorization', `Bearer ${key}`);
      const stub = client(service);
      stub[method]!.call(stub, request, metadata, (error, answer) => {
        stub.close();
        resolve({ answer, error });
      });
    });

  it('places and reads the same order as HTTP', async () => {
    const order = orderBody();
    const { answer, error } = await ask('OrderService', 'SubmitOrder', { idempotencyKey: 'grpc-1', order }, keys.shop);
    expect(error).toBeNull();
    expect(answer).toMatchObject({ created: true });
    const document = answer['order'] as Record<string, unknown>;
    const again = await submit(running, order, 'grpc-1');
    expect([again.status, again.headers.get('idempotent-replayed'), again.body['id']]).toStrictEqual([201, 'true', document['id']]);
    const got = await ask('OrderService', 'GetOrder', { id: document['id'] }, keys.shop);
    expect(got.answer['order']).toMatchObject({ id: document['id'], status: 'accepted', lines: [{ quantities: { open: 2 } }, {}] });
  });
  it('refuses by the same rules, with a rich status', async () => {
    const order = { ...orderBody(), currency: 'EURO' };
    const { error } = await ask('OrderService', 'SubmitOrder', { idempotencyKey: 'grpc-2', order }, keys.shop);
    expect(error?.code).toBe(3);
    const details = Buffer.concat((error?.metadata.get('grpc-status-details-bin') ?? []).map((part) => Buffer.from(part))).toString();
    expect(details).toContain('/currency');
    const wrong = { ...orderBody(), totals: { lines: 1, delivery: 500, tax: 0, grandTotal: 501 } };
    expect((await ask('OrderService', 'SubmitOrder', { idempotencyKey: 'grpc-3', order: wrong }, keys.shop)).error?.code).toBe(3);
    expect((await ask('OrderService', 'SubmitOrder', { order: orderBody() }, keys.shop)).error?.code).toBe(3);
    expect((await ask('OrderService', 'SubmitOrder', { idempotencyKey: 'grpc-4', order: orderBody() }, 'wrong')).error?.code).toBe(16);
    expect((await ask('OrderService', 'GetOrder', { id: 'nothing' }, keys.shop)).error?.code).toBe(5);
  });
  it('tells an address to services only', async () => {
    const { body } = await submit(running, orderBody(), 'grpc-5');
    const request = { orderId: body['id'] };
    const { answer } = await ask('OrderAddresses', 'GetShippingAddress', request, serviceToken);
    expect(answer).toMatchObject({ name: 'Maria Lang', line1: 'Torstraße 1', postalCode: '10119', personalDataVersion: 1 });
    expect((await ask('OrderAddresses', 'GetShippingAddress', request, keys.shop)).error?.code).toBe(16);
    expect((await ask('OrderAddresses', 'GetShippingAddress', { orderId: 'nothing' }, serviceToken)).error?.code).toBe(5);
  });
  it('tells the addresses of many orders at once, and leaves out those there are not', async () => {
    const [one, other] = [(await submit(running, orderBody(), 'grpc-6')).body['id'], (await submit(running, orderBody(), 'grpc-7')).body['id']];
    const orderIds = [one, '01890a5d-ac96-774b-bcce-b302099a8057', other, 'nothing', one];
    const { answer } = await ask('OrderAddresses', 'ListShippingAddresses', { orderIds }, serviceToken);
    const items = answer['items'] as readonly { readonly orderId: string; readonly address: object }[];
    expect(items.map(({ orderId }) => orderId).sort()).toStrictEqual([one, other].sort());
    for (const { address } of items) expect(address).toMatchObject({ name: 'Maria Lang', line1: 'Torstraße 1', postalCode: '10119', personalDataVersion: 1 });
    expect((await ask('OrderAddresses', 'ListShippingAddresses', { orderIds: ['nothing'] }, serviceToken)).error).toBeNull();
    expect((await ask('OrderAddresses', 'ListShippingAddresses', { orderIds }, keys.shop)).error?.code).toBe(16);
    expect((await ask('OrderAddresses', 'ListShippingAddresses', { orderIds: Array.from({ length: 501 }, () => one) }, serviceToken)).error?.code).toBe(3);
  });
});

describe('the documents', () => {
  it('are served', async () => {
    const openapi = (await call(running, 'GET', '/openapi.json')).body as {
      paths: Record<string, Record<string, { responses: Record<string, { content?: object }> }>>;
      components: { schemas: Record<string, { required: readonly string[] }> };
    };
    expect(openapi.paths['/v1/orders/{id}']?.['get']?.responses['200']?.content).toStrictEqual({
      'application/json': { schema: { $ref: '#/components/schemas/OrderAnswer' } },
    });
    expect(openapi.components.schemas['OrderAnswer']?.required).toEqual(expect.arrayContaining(['id', 'version', 'status', 'lines', 'fulfillments', 'trackingUrl']));
    expect(openapi.components.schemas['OrderLine']?.required).toContain('quantities');
    expect(Object.keys(openapi.paths)).toEqual(
      expect.arrayContaining(['/v1/orders', '/v1/orders/{id}', '/v1/orders/{id}/timeline', '/v1/orders/{id}/cancellations', '/v1/orders/{id}/payment']),
    );
    expect((await fetch(`${running.service.url}/docs`)).status).toBe(200);
  });
});
