import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compactedTopics, eventsTopic, services } from '@orderlog/contracts';
import { kafkajsClient } from '@orderlog/messaging';
import { status as grpcStatus, type ServiceError } from '@grpc/grpc-js';
import { eventually } from '@orderlog/testing';
import pg from 'pg';
import { request } from 'undici';
import { orderDocument } from '../sample-world/order-documents.js';
import { startPeople, type People } from '../sample-world/people.js';
import { Shop, type OrderDocument } from '../sample-world/shop.js';
import { grpcStorefront } from '../sample-world/storefront.js';
import { loadSampleWorld, sampleWorld } from '../sample-world/world.js';
import { verifySystem } from '../verify/verify-system.js';
import { badMessages, badRequests, type BadRequest, type Victims } from './test/bad-requests.js';
import { startRunningSystem, type RunningSystem } from './test/running-system.js';

const stepMs = 90_000;
const run = `bad-${process.pid}`;
const world = sampleWorld();
const [place] = world.coordinates;
const [item] = world.items;
if (place === undefined || item === undefined) throw new Error('the sample world is empty');
const nobody: Victims = { place, sku: item.sku, endedOrder: '', restingOrder: '', fulfillmentOrder: '', packageId: '' };

let system: RunningSystem;
let shop: Shop;
let people: People;
let sql: pg.Client;
let victims = nobody;
let before: Readonly<Record<string, number>> = {};

/** Rows of every table of every service. */
const counts = async (): Promise<Readonly<Record<string, number>>> => {
  const { rows } = await sql.query<{ name: string; n: number }>(`
    select format('%s.%s', schemaname, tablename) as name,
           (xpath('/row/n/text()', query_to_xml(format('select count(*) as n from %I.%I', schemaname, tablename), false, true, '')))[1]::text::integer as n
    from pg_tables where schemaname in ('order', 'inventory', 'routing', 'warehouse', 'shipping') order by 1`);
  return Object.fromEntries(rows.map(({ name, n }) => [name, n]));
};

/** The counts when nothing has moved for a second. */
const quiet = async (): Promise<Readonly<Record<string, number>>> => {
  let last = '';
  let since = Date.now();
  return eventually(async () => {
    const now = await counts();
    if (JSON.stringify(now) !== last) {
      last = JSON.stringify(now);
      since = Date.now();
    }
    return Date.now() - since > 1_000 ? now : undefined;
  }, stepMs);
};

const submit = async (reference: string): Promise<OrderDocument> =>
  (await shop.submit(orderDocument({ reference: `${run}-${reference}`, number: 1, place, lines: [{ sku: item.sku, quantity: 1 }] }), `${run}-${reference}`)).body;
const delivered = (id: string): Promise<OrderDocument> => shop.until(id, 'delivered', ({ status }) => status === 'delivered' || status === 'closed', stepMs);
const work = (): People => startPeople({ baseUrl: system.baseUrl, apiKey: system.apiKey, carrierUrl: system.carrierUrl });

beforeAll(async () => {
  system = await startRunningSystem(run);
  const connection = { baseUrl: system.baseUrl, apiKey: system.apiKey };
  sql = new pg.Client({ connectionString: system.databaseUrl });
  await sql.connect();
  await loadSampleWorld(connection);
  shop = new Shop(connection);
  people = work();
  const ended = await delivered((await submit('ended')).id);
  await people.stop();
  const { id: restingOrder } = await submit('resting');
  await shop.until(restingOrder, 'at its center', ({ fulfillments }) => fulfillments.length > 0, stepMs);
  const [fulfillment] = ended.fulfillments;
  victims = { ...nobody, endedOrder: ended.id, restingOrder, fulfillmentOrder: fulfillment?.id ?? '', packageId: fulfillment?.packages[0]?.id ?? '' };
  before = await quiet();
}, 180_000);

afterAll(async () => {
  await people.stop();
  await shop.close();
  await sql.end();
  await system.stop();
}, 60_000);

type Problem = { readonly type: string; readonly status: number; readonly errors?: readonly { readonly pointer: string }[] };

const send = async ({ name, method, path, body, headers }: BadRequest): Promise<{ readonly status: number; readonly type: string; readonly problem: Problem }> => {
  const sent: Record<string, string | undefined> = {
    authorization: `Bearer ${system.apiKey}`,
    'content-type': body === undefined ? undefined : 'application/json',
    // Not the name itself: keys are visible ASCII.
    'idempotency-key': Buffer.from(`${run} ${name}`).toString('base64url').slice(-128),
    ...headers,
  };
  const answer = await request(new URL(path, system.baseUrl), {
    method,
    headers: Object.fromEntries(Object.entries(sent).flatMap(([header, value]) => (value === undefined ? [] : [[header, value]]))),
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: answer.statusCode, type: String(answer.headers['content-type']), problem: (await answer.body.json()) as Problem };
};

describe('bad input over HTTP', () => {
  // The table is made again when the orders are known: names and numbers are the same.
  it.each(badRequests(nobody).map(({ name, method, path, status, slug }, n) => [name, method, path.split('?', 1)[0]?.slice(0, 40), status, slug, n] as const))(
    '%s: %s %s is answered %i %s',
    async (_name, _method, _path, status, slug, n) => {
      const bad = badRequests(victims)[n];
      if (bad === undefined) throw new Error('there is no such request');
      const answer = await send(bad);
      expect(answer).toMatchObject({ status, type: 'application/problem+json; charset=utf-8', problem: { type: `urn:orderlog:problem:${slug}`, status } });
      if (bad.pointer !== undefined) expect(answer.problem.errors?.[0]?.pointer).toBe(bad.pointer);
    },
  );

  it('a key that was used is not given another body', async () => {
    const document = orderDocument({ reference: `${run}-resting`, number: 1, place, lines: [{ sku: item.sku, quantity: 2 }] });
    const bad: BadRequest = { name: '', method: 'POST', path: '/v1/orders', body: document, headers: { 'idempotency-key': `${run}-resting` }, status: 422, slug: '' };
    expect((await send(bad)).problem).toMatchObject({ type: 'urn:orderlog:problem:idempotency-key-reused', errors: [{ pointer: ':Idempotency-Key' }] });
  });

  it('a dry run says what would become of a document', async () => {
    const document = orderDocument({ reference: `${run}-dry`, number: 1, place, lines: [{ sku: item.sku, quantity: 1 }] });
    const dry = (body: unknown): Promise<object> => send({ name: 'dry', method: 'POST', path: '/v1/orders?dryRun=true', body, status: 200, slug: '' });
    expect(await dry(document)).toMatchObject({ status: 200, problem: { dryRun: true, known: false } });
    expect(await dry({ ...document, currency: 'EURO' })).toMatchObject({ status: 422 });
  });
});

describe('bad input over gRPC', () => {
  const refusal = async (call: (store: ReturnType<typeof grpcStorefront>) => Promise<unknown>, apiKey = system.apiKey): Promise<{ readonly code: number; readonly details: string }> => {
    const store = grpcStorefront({ address: system.grpc, apiKey });
    try {
      await call(store);
      throw new Error('was accepted');
    } catch (error) {
      const { code, metadata } = error as ServiceError;
      return { code, details: metadata.get('grpc-status-details-bin').map(String).join('') };
    } finally {
      store.close();
    }
  };

  it.each(badMessages(nobody))('$name is refused with the field', async ({ order, pointer, reason }) => {
    const { code, details } = await refusal((store) => store.submit(order as object, randomUUID()));
    expect(code).toBe(grpcStatus.INVALID_ARGUMENT);
    for (const part of ['google.rpc.ErrorInfo', reason, 'google.rpc.BadRequest', pointer]) expect(details).toContain(part);
  });

  it.each([
    ['an unknown order', (id: string) => id.replace(/^.{8}/, '00000000'), grpcStatus.NOT_FOUND, 'NOT_FOUND'],
    ['an id that is none', () => 'x\u0000y', grpcStatus.NOT_FOUND, 'NOT_FOUND'],
  ])('%s is not found', async (_what, idOf, expected, reason) => {
    const { code, details } = await refusal((store) => store.get(idOf(victims.restingOrder)));
    expect(code).toBe(expected);
    expect(details).toContain(reason);
  });

  it.each([
    ['a wrong key', 'guess', grpcStatus.UNAUTHENTICATED, 'UNAUTHENTICATED'],
    ['an empty key', '', grpcStatus.UNAUTHENTICATED, 'UNAUTHENTICATED'],
  ])('%s is turned away', async (_what, key, expected, reason) => {
    const { code, details } = await refusal((store) => store.get(victims.restingOrder), key);
    expect(code).toBe(expected);
    expect(details).toContain(reason);
  });

  it.each([
    ['no idempotency key', ''],
    ['one that is too long', 'x'.repeat(256)],
    ['one with a space', 'a b'],
  ])('%s is refused', async (_what, key) => {
    const { code, details } = await refusal((store) => store.submit(orderDocument({ reference: 'bad', number: 1, place, lines: [{ sku: item.sku, quantity: 1 }] }), key));
    expect(code).toBe(grpcStatus.INVALID_ARGUMENT);
    expect(details).toContain('/idempotencyKey');
  });
});

it('nothing has changed', async () => {
  expect(await quiet()).toStrictEqual(before);
});

/** What `orderlog` says and how it ends. */
const orderlog = (...args: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> =>
  new Promise((resolve) => {
    const main = fileURLToPath(new URL('../../dist/tools/cli/main.js', import.meta.url));
    execFile(process.execPath, [main, '--data', system.folder, ...args], (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
    });
  });

describe('the command line', () => {
  const file = (name: string, text: string): string => {
    writeFileSync(join(system.folder, name), text);
    return join(system.folder, name);
  };
  const document = (reference: string, sku = item.sku): object => orderDocument({ reference: `${run}-${reference}`, number: 1, place, lines: [{ sku, quantity: 1 }] });

  it.each([
    ['an unknown command', ['nonsense'], 2, 'unknown command'],
    ['a missing argument', ['order', 'show'], 2, 'missing required argument'],
    ['a URL that is none', ['--url', 'nonsense', 'order', 'show', 'x'], 2, 'is no URL'],
    ['a file that is not there', ['order', 'submit', '/nowhere.json'], 2, '/nowhere.json: there is no such file'],
    ['a mapping that is none', ['import', 'a.csv', '--map', 'x'], 2, 'is not field=column'],
    ['a quantity in words', ['stock', 'receive', 'FC-EAST', 'X', 'six'], 2, '<quantity> is a whole number'],
    ['an unknown order', ['order', 'show', 'x'], 3, 'the order x does not exist'],
    ['a wrong key', ['--key', 'guess', 'order', 'show', 'x'], 3, 'The key is not known'],
    ['an unknown item', ['stock', 'receive', 'FC-EAST', 'NO-SUCH-SKU', '1'], 3, '/lines/0/sku'],
    ['nobody at the other end', ['--url', 'http://127.0.0.1:1', 'order', 'show', 'x'], 4, 'is Orderlog running?'],
  ])('ends after %s with the right code', async (_what, args, code, says) => {
    const ended = await orderlog(...args);
    expect(ended.err).toContain(says);
    expect(ended.code).toBe(code);
  });

  it('submits once, whatever is repeated', async () => {
    const path = file('one.json', JSON.stringify(document('cli')));
    const submitOnce = () => orderlog('--json', 'order', 'submit', path, '--idempotency-key', run);
    const [first, second] = [await submitOnce(), await submitOnce()];
    expect((JSON.parse(first.out) as OrderDocument).id).toBe((JSON.parse(second.out) as OrderDocument).id);
    expect((await orderlog('order', 'submit', path)).out).toContain('known already');
  });

  it('imports row by row, and goes on where it was; a dry run judges alike', async () => {
    const good = [document('row-1'), document('row-2'), document('row-3', 'NO-SUCH-SKU')];
    const path = file('rows.ndjson', [...good, { ...document('row-4'), lines: [] }].map((row) => JSON.stringify(row)).concat('no JSON').join('\n'));
    const imported = async (...more: string[]): Promise<object> => JSON.parse((await orderlog('--json', 'import', path, ...more)).out) as object;
    const refused = [{ line: 4, why: expect.stringContaining('/lines') }, { line: 5, why: expect.stringContaining('not JSON') }];
    expect(await imported('--dry-run')).toMatchObject({ rows: 5, accepted: 3, held: 1, already: 0, refused });
    expect(await imported()).toMatchObject({ rows: 5, accepted: 3, held: 1, already: 0, refused });
    expect(await imported()).toMatchObject({ rows: 5, accepted: 0, skipped: 3, refused });
    // The journal of another system: none of its orders is known here.
    writeFileSync(`${path}.journal`, 'import-of-another-system\n');
    expect(await imported()).toMatchObject({ rows: 5, accepted: 0, already: 3, skipped: 0 });
  });
});

describe('poison', () => {
  beforeAll(() => {
    people = work();
  });

  const parked = async (): Promise<readonly { readonly streamId: string; readonly error: string }[]> =>
    (await shop.api.call<{ items: { streamId: string; error: string }[] }>('GET', '/v1/orders/ops/parked')).body.items;

  it('on any topic is set aside, and orders go on', async () => {
    const kafka = kafkajsClient({ brokers: system.brokers, clientId: 'poison' });
    const producer = await kafka.producer();
    const headers = (more: Readonly<Record<string, string>>) => ({ ce_id: randomUUID(), ce_type: 'OrderPlaced', orderlogshard: '3', orderlogseq: '1', ...more });
    const messages = [
      { key: '', value: '{"broken' },
      { key: 'x', headers: { any: 'thing' }, value: null },
      { key: 'x', headers: headers({ orderloglogid: randomUUID() }), value: '{}' },
      { key: 'x', headers: headers({ orderloglogid: randomUUID(), ce_type: 'NobodyKnows', orderlogseq: '9007199254740991' }), value: '[]' },
      { key: 'x\u0000', headers: headers({ orderlogseq: 'many' }), value: 'a\u0000\ud800b' },
    ];
    for (const service of services) await producer.send(`${system.topicPrefix}${eventsTopic(service)}`, [{ partition: 3, messages }]);
    for (const topic of compactedTopics) await producer.send(`${system.topicPrefix}${topic}`, [{ partition: 1, messages: ['{"broken', '7', '[]', '"x"', '{}'].map((value) => ({ key: 'x', value })) }]);
    await producer.close();
    // Four listeners on the order's topic, the order on four others; each message once for each of them.
    await eventually(async () => (await counts())['order.quarantined_message'] === 4 * messages.length, stepMs);
    await delivered((await submit('after-poison')).id);
    expect(await parked()).toStrictEqual([]);
  }, stepMs * 2);

  it('in a log parks its stream only; operators see it, drop it, and verify says exactly that', async () => {
    const order = await delivered((await submit('poisoned')).id);
    // A fact that breaks its contract, appended as routing would: no listener can make anything of it.
    await sql.query('set search_path to routing');
    await sql.query(
      `select append_events(true, e.stream_id, array[e.shard], array[s.version], array[s.version + 1], array[1], array[s.version + 1], array[gen_random_uuid()],
         'RoutingInfeasible', array[1::smallint], '', $2, e.meta::text, '[]', '[]')
       from event_log e join streams s using (stream_id) where e.stream_id = $1 and e.version = 1`,
      [`routing-${order.id}`, JSON.stringify({ orderId: order.id, attempt: 'one', reason: 7 })],
    );
    await eventually(async () => (await parked()).length === 1, stepMs);
    expect(await parked()).toMatchObject([{ streamId: `order-${order.id}`, error: expect.stringContaining('attempt') }]);
    await delivered((await submit('beside')).id);
    const findings = await verifySystem({ databaseUrl: system.databaseUrl, chain: true, connection: { baseUrl: system.baseUrl, apiKey: system.apiKey } });
    const wrong = findings.filter(({ violations }) => violations.length > 0);
    expect(new Set(wrong.map(({ id }) => id))).toStrictEqual(new Set(['nothing-parked', 'nothing-quarantined']));
    expect(wrong.find(({ id }) => id === 'nothing-parked')?.violations).toMatchObject([{ where: `order-${order.id}` }]);
    // Commands on the stream wait for an operator; a release does not help, a drop does.
    const feedback: BadRequest = { name: 'feedback', method: 'POST', path: `/v1/orders/${order.id}/feedback`, body: { score: 5 }, status: 0, slug: '' };
    await eventually(async () => (await send(feedback)).problem.type === 'urn:orderlog:problem:stream-parked', stepMs);
    const stream = `order-${order.id}`;
    expect((await send({ name: 'release', method: 'POST', path: `/v1/orders/ops/parked/${stream}/release`, status: 0, slug: '' })).problem).toMatchObject({ type: 'urn:orderlog:problem:release-failed' });
    expect(await orderlog('parked', 'list')).toMatchObject({ code: 1, out: expect.stringContaining(stream) });
    expect(await orderlog('parked', 'show', 'orders', stream)).toMatchObject({ code: 0, out: expect.stringContaining('RoutingInfeasible') });
    expect(await orderlog('parked', 'release', 'orders', stream)).toMatchObject({ code: 3, err: expect.stringContaining('attempt') });
    expect(await orderlog('parked', 'drop', 'orders', stream)).toMatchObject({ code: 0, out: `dropped ${stream}\n` });
    expect(await orderlog('parked', 'list')).toMatchObject({ code: 0 });
    expect(await parked()).toStrictEqual([]);
    await eventually(async () => (await send(feedback)).status === 200, stepMs);
  }, stepMs * 3);

  it('stays reported until an operator clears it', async () => {
    const { code, out } = await orderlog('--json', 'quarantined', 'list');
    const [one] = JSON.parse(out) as { service: string; id: string }[];
    expect([code, one?.id]).toStrictEqual([1, expect.stringMatching(/\.events-3@\d+$/)]);
    const [service, id] = [one?.service ?? '', one?.id ?? ''];
    expect(await orderlog('quarantined', 'show', service, id)).toMatchObject({ code: 0, out: expect.stringContaining('"reason"') });
    expect(await orderlog('quarantined', 'clear', service, id)).toMatchObject({ code: 0, out: 'cleared 1\n' });
    expect(await orderlog('quarantined', 'show', service, id)).toMatchObject({ code: 3 });
    expect(await orderlog('quarantined', 'clear', service)).toMatchObject({ code: 2 });
    const reported = async () => (await verifySystem({ databaseUrl: system.databaseUrl })).filter(({ violations }) => violations.length > 0).map(({ id: check }) => check);
    expect(new Set(await reported())).toStrictEqual(new Set(['nothing-quarantined']));
    for (const each of ['orders', 'stock', 'routing', 'warehouse', 'shipments']) expect(await orderlog('quarantined', 'clear', each, '--all')).toMatchObject({ code: 0 });
    expect(await orderlog('quarantined', 'list')).toMatchObject({ code: 0 });
    expect(await reported()).toStrictEqual([]);
  }, stepMs);
});

describe('a topic that lost its records', () => {
  it('is published again by one command, and orders go on', async () => {
    const topic = `${system.topicPrefix}${eventsTopic('order')}`;
    const admin = await kafkajsClient({ brokers: system.brokers, clientId: 'emptying' }).admin();
    const count = async (): Promise<number> => (await admin.ends(topic)).reduce((sum, { low, high }) => sum + high - low, 0);
    try {
      const ends = await admin.ends(topic);
      await admin.deleteRecords(topic, ends.filter(({ low, high }) => high > low).map(({ partition, high }) => ({ partition, offset: high })));
      expect(await count()).toBeLessThan(10);
      expect(await orderlog('republish', 'orders', '--shard', '16')).toMatchObject({ code: 2 });
      const again = JSON.parse((await orderlog('--json', 'republish', 'orders')).out) as { fromSeq: number; toSeq: number }[];
      const rows = again.reduce((sum, { fromSeq, toSeq }) => sum + toSeq - fromSeq + 1, 0);
      expect(rows).toBeGreaterThan(50);
      await eventually(async () => (await count()) >= rows, stepMs);
      await delivered((await submit('after-republish')).id);
    } finally {
      await admin.close();
    }
  }, stepMs * 2);
});
