import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { Body, Controller, Get, Module, Param, Post, Query, Req } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OutcomeUnknown, Overloaded, VersionConflict } from '@orderlog/event-log';
import { startTelemetry } from '@orderlog/observability';
import type { FastifyRequest } from 'fastify';
import {
  BodyLimit,
  bringUp,
  contextOf,
  Currency,
  Day,
  decodeCursor,
  Email,
  encodeCursor,
  found,
  Instant,
  KeepRawBody,
  MinorUnits,
  Nested,
  NestedList,
  OneOf,
  Operation,

  Public,
  rawBodyOf,
  refusalToProblem,
  Roles,
  Sku,
  StreamParked,
  Text,
  TextMap,
  validated,
  validatedQuery,
  WholeNumber,
  type StartedService,
} from './index.js';

class LineRequest {
  @Sku() sku!: string;
  @WholeNumber({ min: 1, max: 100_000 }) quantity!: number;
  @MinorUnits() unitPrice!: number;
}
class PolicyRequest {
  @OneOf(['allow', 'ship_complete']) split!: string;
}
class PlaceRequest {
  @Text({ max: 64 }) channel!: string;
  @Currency() currency!: string;
  @NestedList(() => LineRequest, { min: 1, max: 500, uniqueBy: 'sku' }) lines!: LineRequest[];
  @Nested(() => PolicyRequest, { optional: true }) policy?: PolicyRequest;
  @TextMap({ max: 2, optional: true }) metadata?: Record<string, string>;
  @Instant({ optional: true }) at?: string;
  @Day({ optional: true }) day?: string;
  @Email({ optional: true }) email?: string;
}
class ListQuery {
  @Text({ max: 200, optional: true }) cursor?: string;
  @WholeNumber({ min: 1, max: 200, optional: true }) limit?: number;
  @Text({ max: 20, optional: true }) state?: string;
}

const failures: Record<string, () => unknown> = {
  overloaded: () => new Overloaded(),
  unknown: () => new OutcomeUnknown(new Error('gone')),
  conflict: () => new VersionConflict('order-1', 3),
  parked: () => new StreamParked('order-1'),
  bug: () => new Error('select secret from passwords'),
};

@Controller('/v1/things')
class ThingsController {
  @Post()
  @Roles('storefront')
  @Operation({ summary: 'Places a thing', answers: { 201: 'placed' } })
  place(@Body(validated(PlaceRequest)) body: PlaceRequest, @Req() request: FastifyRequest) {
    return { body, instance: body.lines[0] instanceof LineRequest, context: contextOf(request, { correlationId: 'thing-1' }) };
  }
  @Get()
  list(@Query(validatedQuery(ListQuery)) query: ListQuery) {
    return query;
  }
  @Get('refused')
  refused() {
    throw refusalToProblem({ refused: 'AlreadyShipped' }, { AlreadyShipped: { slug: 'already-shipped', status: 409, title: 'It has been shipped' } }, { extensions: { orderId: '7' } });
  }
  @Get('fails/:how')
  fails(@Param('how') how: string) {
    throw found(failures[how], `a failure ${how}`)();
  }
  @Post('hook')
  @Public()
  @KeepRawBody()
  hook(@Req() request: FastifyRequest) {
    return { raw: rawBodyOf(request) };
  }
  @Post('bulk')
  @BodyLimit(1_000_000)
  bulk(@Body() body: { list: unknown[] }) {
    return { count: body.list.length };
  }
}

@Module({ controllers: [ThingsController] })
class ThingsModule {}

const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');
const variables = {
  PORT: '0',
  GRPC_PORT: '0',
  SERVICE_TOKEN: 'between-services',
  API_KEYS: JSON.stringify([
    { id: 'shop', sha256: sha256('shop-key'), tenantId: 'acme', roles: ['storefront'] },
    { id: 'floor', sha256: sha256('floor-key'), tenantId: 'acme', roles: ['warehouse'] },
  ]),
};
const order = { channel: 'shop', currency: 'EUR', lines: [{ sku: 'A-1', quantity: 2, unitPrice: 500 }] };

/** Says things over one connection, whatever comes back, and answers what came until the other side ended it. */
const conversation = (url: string, said: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    let heard = '';
    const socket = connect(Number(port), hostname, () => said.forEach((text) => socket.write(text)));
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    socket.once('error', reject).once('close', () => resolve(heard));
  });

describe('a cursor', () => {
  it('names the place it was made of', () => {
    const place = ['2026-11-23T08:15:00.000Z', '01980000-0000-7000-8000-000000000000', 'A', 7];
    expect(decodeCursor(encodeCursor(place), 'instant', 'uuid', 'text', 'number')).toStrictEqual(place);
    expect(decodeCursor(undefined, 'text')).toBeUndefined();
  });

  it.each([
    ['no JSON', 'garbage'],
    ['of another length', encodeCursor(['a'])],
    ['a time that is none', encodeCursor(['infinity', 'a'])],
    ['a time in the year 0', encodeCursor(['0000-01-01T00:00:00Z', 'a'])],
    ['a text with a NUL', encodeCursor(['2026-11-23T08:15:00Z', '\u0000'])],
    ['a number for a text', encodeCursor(['2026-11-23T08:15:00Z', 1])],
    ['null', Buffer.from('null').toString('base64url')],
  ])('is refused: %s', (_what, cursor) => {
    expect(() => decodeCursor(cursor, 'instant', 'text')).toThrow('A query parameter is not valid');
  });
});

describe('the edge of a service', () => {
  let service: StartedService;
  const call = async (path: string, init: RequestInit & { key?: string } = {}) => {
    const { key = 'shop-key', headers, ...rest } = init;
    const response = await fetch(`${service.url}${path}`, { ...rest, headers: { ...(key === '' ? {} : { authorization: `Bearer ${key}` }), ...headers } });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : undefined };
  };
  const post = (path: string, body: unknown, init: RequestInit & { key?: string } = {}) =>
    call(path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), ...init, headers: { 'content-type': 'application/json', ...init.headers } });

  beforeAll(async () => {
    service = await bringUp({ name: 'things', module: ThingsModule, variables, telemetry: await startTelemetry('things') });
  });
  afterAll(() => service.stop());

  it('hands a checked body to the handler as instances, and tells who asks', async () => {
    const { status, body } = await post('/v1/things', { ...order, policy: null }, { headers: { 'idempotency-key': 'k-1', 'x-request-id': 'r-1' } });
    expect(status).toBe(201);
    expect(body.body).toStrictEqual(order);
    expect(body.instance).toBe(true);
    expect(body.context).toMatchObject({ tenantId: 'acme', actor: { type: 'channel', id: 'shop' }, commandId: 'k-1', correlationId: 'thing-1' });
    expect(body.context.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
  });

  it('names every offending place by a JSON pointer and refuses unknown fields', async () => {
    const { status, headers, body } = await post(
      '/v1/things',
      { channel: 'a\u0000b', currency: 'XXY', colour: 1, lines: [{ sku: 'A@1', quantity: 1.5, unitPrice: -1, 'a/b': 1 }], policy: { split: 'no' }, metadata: { a: 1 } },
      { headers: { 'x-request-id': 'r-2' } },
    );
    expect(status).toBe(422);
    expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(headers.get('x-request-id')).toBe('r-2');
    expect(body).toMatchObject({ type: 'urn:orderlog:problem:invalid-request', status: 422, instance: 'urn:orderlog:request:r-2' });
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toStrictEqual(
      ['/channel', '/colour', '/currency', '/lines/0/a~1b', '/lines/0/quantity', '/lines/0/sku', '/lines/0/unitPrice', '/metadata', '/policy/split'].sort(),
    );
  });

  it.each([
    ['no lines', { ...order, lines: [] }, '/lines'],
    ['501 lines', { ...order, lines: Array.from({ length: 501 }, (_, n) => ({ sku: `S${n}`, quantity: 1, unitPrice: 1 })) }, '/lines'],
    ['the same SKU twice', { ...order, lines: [order.lines[0], order.lines[0]] }, '/lines'],
    ['a huge quantity', { ...order, lines: [{ sku: 'A', quantity: 1e9, unitPrice: 1 }] }, '/lines/0/quantity'],
    ['lines that are no list', { ...order, lines: 'x' }, '/lines'],
    ['a line that is no object', { ...order, lines: [7] }, '/lines'],
    ['a missing field', { ...order, currency: undefined }, '/currency'],
    ['a list as body', [], ''],
    ['a field that every object inherits', { ...order, constructor: 1 }, '/constructor'],
    ['one that hides a method', { ...order, hasOwnProperty: 'x' }, '/hasOwnProperty'],
    ['one in a line', { ...order, lines: [{ ...order.lines[0], toString: 1 }] }, '/lines/0/toString'],
    ['one in an object', { ...order, policy: { split: 'allow', constructor: { a: 1 } } }, '/policy/constructor'],
    ['a time in the year 0', { ...order, at: '0000-01-01T00:00:00Z' }, '/at'],
    ['a time that its offset takes out of the calendar', { ...order, at: '9999-12-31T23:59:59-00:01' }, '/at'],
    ['a time without an offset', { ...order, at: '2026-01-01T00:00:00' }, '/at'],
    ['a day that is none', { ...order, day: '2026-02-30' }, '/day'],
    ['a day in the year 0', { ...order, day: '0000-01-01' }, '/day'],
    ['half a character in an address', { ...order, email: '\ud800@example.org' }, '/email'],
    ['a control character of ISO 6429', { ...order, channel: 'a\u0085' }, '/channel'],
  ])('refuses %s', async (_what, body, pointer) => {
    const answer = await post('/v1/things', body);
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toStrictEqual([pointer]);
  });

  it.each([
    ['malformed JSON', '{"a":', {}, 400, 'malformed-json'],
    ['a prototype in the JSON', '{"__proto__": {"a": 1}}', {}, 400, 'malformed-json'],
    ['another content type', 'a=1', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'unsupported-media-type'],
    ['a body over 256 KB', JSON.stringify({ a: 'x'.repeat(300_000) }), {}, 413, 'body-too-large'],
    ['an idempotency key that is none', JSON.stringify(order), { 'idempotency-key': 'with space' }, 400, 'invalid-header'],
    ['an idempotency key that is too long', JSON.stringify(order), { 'idempotency-key': 'x'.repeat(256) }, 400, 'invalid-header'],
  ])('answers %s with its problem', async (_what, body, headers, status, slug) => {
    const answer = await post('/v1/things', body, { headers });
    expect(answer.status).toBe(status);
    expect(answer.body.type).toBe(`urn:orderlog:problem:${slug}`);
  });

  it.each([
    ['no key', '', 401, 'unauthenticated'],
    ['a wrong key', 'guess', 401, 'unauthenticated'],
    ['a key without the role', 'floor-key', 403, 'forbidden'],
  ])('turns %s away', async (_what, key, status, slug) => {
    const answer = await post('/v1/things', order, { key });
    expect(answer.status).toBe(status);
    expect(answer.body.type).toBe(`urn:orderlog:problem:${slug}`);
    expect(answer.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer realm="orderlog"' : null);
  });

  it('answers who is still sending a body that is too large, and reads the next request of the same connection', async () => {
    const head = 'POST /v1/things HTTP/1.1\r\nhost: x\r\nauthorization: Bearer shop-key\r\ncontent-type: application/json\r\ncontent-length: 400000\r\n\r\n';
    const answers = await conversation(service.url, [head, 'x'.repeat(400_000), 'GET /v1/things?limit=7 HTTP/1.1\r\nhost: x\r\nx-api-key: shop-key\r\nconnection: close\r\n\r\n']);
    expect(answers).toContain('HTTP/1.1 413');
    expect(answers).toContain('{"limit":7}');
  });

  it.each([
    ['headers over 16 KB', `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, '431', 'headers-too-large'],
    ['what is no HTTP', 'hello\r\n\r\n', '400', 'bad-request'],
  ])('answers %s with its problem', async (_what, sent, status, slug) => {
    const answer = await conversation(service.url, [sent]);
    expect(answer).toContain(`HTTP/1.1 ${status}`);
    expect(answer).toContain(`"type":"urn:orderlog:problem:${slug}"`);
  });

  it('takes the key from X-Api-Key as well', async () => {
    expect((await call('/v1/things', { key: '', headers: { 'x-api-key': 'shop-key' } })).status).toBe(200);
  });

  it('reads numbers from a query and refuses what is not known there', async () => {
    expect((await call('/v1/things?limit=20&state=open')).body).toStrictEqual({ limit: 20, state: 'open' });
    const wrong = await call('/v1/things?limit=none&colour=red');
    expect(wrong.status).toBe(400);
    expect(wrong.body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toStrictEqual(['?colour', '?limit']);
  });

  it.each([
    ['fails/overloaded', 503, 'overloaded'],
    ['fails/unknown', 503, 'outcome-unknown'],
    ['fails/conflict', 409, 'version-conflict'],
    ['fails/parked', 409, 'stream-parked'],
    ['fails/nothing', 404, 'not-found'],
    ['refused', 409, 'already-shipped'],
    ['nowhere/at/all', 404, 'not-found'],
    ['fails/a%00b', 400, 'bad-request'],
    ['fails/%ff', 400, 'bad-request'],
    [`fails/${'x'.repeat(201)}`, 414, 'address-too-long'],
  ])('answers %s with %i %s', async (path, status, slug) => {
    const answer = await call(`/v1/things/${path}`);
    expect(answer.status).toBe(status);
    expect(answer.body.type).toBe(`urn:orderlog:problem:${slug}`);
    if (slug === 'overloaded') expect(answer.headers.get('retry-after')).toBe('1');
    if (slug === 'already-shipped') expect(answer.body.orderId).toBe('7');
  });

  it('tells nobody what a bug said', async () => {
    const answer = await call('/v1/things/fails/bug');
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('secret');
  });

  it('keeps the body as it came where a signature is made over it', async () => {
    const raw = '{ "b":1,\n"a": 2 }';
    expect((await post('/v1/things/hook', raw, { key: '' })).body).toStrictEqual({ raw });
  });

  it('lets a bulk route have a larger body', async () => {
    expect((await post('/v1/things/bulk', { list: Array.from({ length: 3_000 }, () => 'x'.repeat(100)) })).body).toStrictEqual({ count: 3_000 });
  });

  it('reports health, readiness and metrics without a key', async () => {
    expect((await call('/healthz', { key: '' })).body).toMatchObject({ live: true });
    expect((await call('/readyz', { key: '' })).body).toStrictEqual({ ready: true, parts: { start: 'ok' } });
    expect((await call('/metrics', { key: '' })).text).toContain('http_server_request_duration_seconds_count{');
  });

  it('documents itself from its own decorators', async () => {
    const { body } = await call('/openapi.json', { key: '' });
    expect(body.paths['/v1/things'].post.summary).toBe('Places a thing');
    expect(body.components.schemas.PlaceRequest.required).toStrictEqual(['channel', 'currency', 'lines']);
    expect(body.components.schemas.LineRequest.properties.quantity).toMatchObject({ type: 'integer', minimum: 1, maximum: 100_000 });
    expect((await call('/docs', { key: '' })).text).toContain('docs/swagger-ui-bundle.js');
    expect((await call('/docs/swagger-ui-bundle.js', { key: '' })).status).toBe(200);
  });

  it('says all faults of an environment at once', async () => {
    await expect(bringUp({ name: 'things', module: ThingsModule, variables: { PORT: 'x', API_KEYS: '[{}]' } })).rejects.toMatchObject({
      faults: ['PORT is not a whole number from 0 to 65535', expect.stringContaining('GRPC_PORT is missing'), 'API_KEYS is not right: entry 0: id is missing', expect.stringContaining('SERVICE_TOKEN')],
    });
  });
});
