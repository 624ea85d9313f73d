import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { services, type ServiceName } from '@orderlog/contracts';
import { logger } from '@orderlog/observability';
import { openFrontDoor, type FrontDoor } from './front-door.js';
import { targetOf } from './routes.js';

describe('the split by path', () => {
  it.each([
    ['/v1/orders', 'order'],
    ['/v1/orders?cursor=a', 'order'],
    ['/v1/orders/7/timeline', 'order'],
    ['/v1/stock/A-1', 'inventory'],
    ['/v1/routing/centers/x', 'routing'],
    ['/v1/warehouse/tasks', 'warehouse'],
    ['/v1/shipments/1', 'shipping'],
    ['/track/abc', 'shipping'],
    ['/v1/ordersx', undefined],
    ['/order/secret', undefined],
    ['/', undefined],
  ])('sends %s to %s', (url, service) => {
    expect(targetOf(url)?.service).toBe(service);
  });

  it('asks a service for its document without the prefix', () => {
    expect(targetOf('/order/docs/swagger-ui.css')).toStrictEqual({ service: 'order', path: '/docs/swagger-ui.css' });
    expect(targetOf('/shipping/openapi.json')).toStrictEqual({ service: 'shipping', path: '/openapi.json' });
  });
});

describe('the front door', () => {
  const behind: Server[] = [];
  let door: FrontDoor;

  const echo = async (service: string): Promise<string> => {
    const server = createServer((request, response) => {
      if (request.url?.endsWith('/refused') === true) {
        response.writeHead(413).end();
        return;
      }
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (request.url?.endsWith('/gone') === true) request.socket.destroy();
        else response.writeHead(201, { 'x-service': service, 'set-cookie': ['a=1', 'b=2'] }).end(JSON.stringify({ headers: request.headers, body: Buffer.concat(chunks).toString() }));
      });
    });
    behind.push(server);
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  };

  beforeAll(async () => {
    const urls = Object.fromEntries(await Promise.all(services.map(async (service) => [service, await echo(service)] as const)));
    urls['warehouse'] = 'http://127.0.0.1:1';
    door = await openFrontDoor({ host: '127.0.0.1', port: 0, services: urls as Record<ServiceName, string>, log: logger('front-door') });
  });
  afterAll(async () => {
    await door.stop();
    for (const server of behind) server.close();
  });

  it('hands on method, headers, body and the whole answer', async () => {
    const body = 'x'.repeat(200_000);
    const response = await fetch(`${door.url}/v1/stock/receipts`, { method: 'POST', body, headers: { authorization: 'Bearer k', 'idempotency-key': 'i' } });
    expect(response.status).toBe(201);
    expect(response.headers.get('x-service')).toBe('inventory');
    expect(response.headers.getSetCookie()).toStrictEqual(['a=1', 'b=2']);
    const seen = (await response.json()) as { headers: Record<string, string>; body: string };
    expect(seen.body).toBe(body);
    expect(seen.headers).toMatchObject({ authorization: 'Bearer k', 'idempotency-key': 'i', host: new URL(door.url).host });
  });

  it.each([
    ['is down', '/v1/warehouse/tasks'],
    ['breaks off', '/v1/orders/gone'],
  ])('answers 503 when a service %s', async (_what, path) => {
    const response = await fetch(`${door.url}${path}`);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toMatchObject({ type: 'urn:orderlog:problem:unavailable' });
  });

  /** Says things over one connection to the door, and answers what came until the door ended it. */
  const conversation = (said: readonly string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(door.url);
      let heard = '';
      const socket = connect(Number(port), hostname, () => said.forEach((text) => socket.write(text)));
      socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
      socket.once('error', reject).once('close', () => resolve(heard));
    });

  it.each([
    ['its length', 'content-length: 400000', 'x'.repeat(400_000)],
    ['no length', 'transfer-encoding: chunked', `61a80\r\n${'x'.repeat(400_000)}\r\n0\r\n\r\n`],
  ])('hands on the answer to a body with %s that the service would not read, and hears the next request', async (_what, header, body) => {
    const heard = await conversation([`POST /v1/stock/refused HTTP/1.1\r\nhost: x\r\n${header}\r\n\r\n`, body, 'GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n']);
    expect(heard).toContain('HTTP/1.1 413');
    expect(heard).toContain('"live":true');
  });

  it.each([
    ['headers over 16 KB', `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, '431', 'headers-too-large'],
    ['what is no HTTP', 'hello\r\n\r\n', '400', 'bad-request'],
  ])('answers %s with its problem', async (_what, sent, status, slug) => {
    const heard = await conversation([sent]);
    expect(heard).toContain(`HTTP/1.1 ${status}`);
    expect(heard).toContain(`"type":"urn:orderlog:problem:${slug}"`);
  });

  it('knows no other path', async () => {
    expect((await fetch(`${door.url}/admin`)).status).toBe(404);
  });

  it('lists what the services say of themselves, and its own health', async () => {
    expect(await (await fetch(`${door.url}/docs`)).text()).toContain('/shipping/openapi.json');
    expect((await fetch(`${door.url}/readyz`)).status).toBe(200);
    expect((await fetch(`${door.url}/healthz`)).status).toBe(200);
  });
});
