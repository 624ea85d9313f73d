import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@orderlog/testing';
import { Webhook } from 'standardwebhooks';
import { startCarrier, type RunningCarrier } from './carrier.js';
import type { Scan } from './journey.js';

const webhookSecret = `whsec_${Buffer.from('a secret of thirty-two bytes ...').toString('base64')}`;

/** A shipper that checks signatures and keeps the scans it is told. */
let shipper: { readonly server: Server; readonly url: string; readonly scans: Scan[]; readonly ids: string[]; refuses: number };
let carrier: RunningCarrier;
let folder: string;

const open = (): Promise<RunningCarrier> =>
  startCarrier({ port: 0, webhookUrl: shipper.url, webhookSecret, speed: 5_000_000, currency: 'BRL', stateFile: join(folder, 'carrier.ndjson') });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'carrier-'));
  const scans: Scan[] = [];
  const ids: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = new Webhook(webhookSecret).verify(Buffer.concat(chunks).toString(), request.headers as Record<string, string>) as { data: { scans: Scan[] } };
      ids.push(String(request.headers['webhook-id']));
      if (shipper.refuses > 0) {
        shipper.refuses -= 1;
        response.writeHead(503).end();
        return;
      }
      scans.push(...body.data.scans);
      response.writeHead(202).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  shipper = { server, url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/scans`, scans, ids, refuses: 0 };
  carrier = await open();
});
afterEach(async () => {
  await carrier.stop();
  shipper.server.closeAllConnections();
  await new Promise((resolve) => shipper.server.close(resolve));
  await rm(folder, { recursive: true });
});

const call = async (method: string, path: string, { body, headers = {} }: { readonly body?: unknown; readonly headers?: Record<string, string> } = {}) => {
  const response = await fetch(`${carrier.url}${path}`, { method, headers, ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }) });
  const text = await response.text();
  return { status: response.status, body: text.startsWith('{') ? (JSON.parse(text) as Record<string, never>) : text };
};
const request = (over: object = {}) => ({
  carrier: 'simpost',
  serviceLevel: 'standard',
  weightGrams: 800,
  description: 'MUG',
  to: { city: 'Rio de Janeiro', postalCode: '20040-002', countryCode: 'BR' },
  ...over,
});
const buy = async (key: string, over: object = {}) => call('POST', '/labels', { body: request(over), headers: { 'idempotency-key': key } });
const bought = async (key: string): Promise<{ id: string; trackingNumber: string; accountId: string }> => (await buy(key)).body as never;

describe('the simulated carrier', () => {
  it('sells one label a key', async () => {
    const first = await buy('k1');
    expect([first.status, (await buy('k1', { weightGrams: 9_000 })).body]).toStrictEqual([200, first.body]);
    expect((await call('GET', '/labels?key=k1&key=k2')).body).toMatchObject({ labels: [{ key: 'k1' }] });
  });

  it('sells a batch with an answer for each', async () => {
    const labels = [{ key: 'a', ...request() }, { key: 'b', ...request({ description: 'FAILLABEL-X' }) }, { key: 'c', ...request({ weightGrams: 31_000 }) }, { key: 'd', ...request({ weightGrams: 0 }) }];
    expect((await call('POST', '/labels/batch', { body: { labels } })).body).toMatchObject({
      labels: [{ key: 'a', label: {} }, { key: 'b', refused: { reason: 'not_accepted' } }, { key: 'c', refused: { reason: 'too_heavy' } }, { key: 'd', refused: { reason: 'invalid_request' } }],
    });
  });

  it('takes a label back from its own account, until the parcel is collected', async () => {
    const { id, accountId, trackingNumber } = await bought('k1');
    expect((await call('DELETE', `/labels/${id}`, { headers: { 'x-account-id': 'somebody-else' } })).status).toBe(404);
    const other = await bought('k2');
    for (let n = 0; n < 2; n += 1) expect((await call('DELETE', `/labels/${other.id}`, { headers: { 'x-account-id': accountId } })).status).toBe(204);
    expect((await call('POST', '/pickups', { body: { trackingNumbers: [trackingNumber, other.trackingNumber] } })).body).toStrictEqual({ collected: 1, unknown: [other.trackingNumber] });
    expect((await call('DELETE', `/labels/${id}`, { headers: { 'x-account-id': accountId } })).status).toBe(409);
  });

  it('tells signed scans in order, and again until they are taken', async () => {
    shipper.refuses = 2;
    const { trackingNumber } = await bought('k1');
    await call('POST', '/pickups', { body: { trackingNumbers: [trackingNumber] } });
    await call('POST', '/pickups', { body: { trackingNumbers: [trackingNumber] } });
    await eventually(() => shipper.scans.length >= 4);
    expect(shipper.scans.map(({ status }) => status)).toStrictEqual(['in_transit', 'in_transit', 'out_for_delivery', 'delivered']);
    expect((await call('GET', '/metrics')).body).toContain('carrier_scans_sent_total 4\n');
  });

  it('remembers labels and parcels under way over a restart', async () => {
    shipper.refuses = 1_000;
    const { trackingNumber } = await bought('k1');
    await call('POST', '/pickups', { body: { trackingNumbers: [trackingNumber] } });
    await eventually(() => shipper.ids.length > 0);
    await carrier.stop();
    shipper.refuses = 0;
    carrier = await open();
    expect((await bought('k1')).trackingNumber).toBe(trackingNumber);
    await eventually(() => shipper.scans.at(-1)?.status === 'delivered');
  });

  it.each([
    ['no key', {}, request()],
    ['no destination', { 'idempotency-key': 'k' }, request({ to: {} })],
  ])('refuses a request with %s', async (_, headers, body) => {
    expect((await call('POST', '/labels', { body, headers })).status).toBe(422);
  });

  it('answers rubbish with 400 and unknown paths with 404', async () => {
    expect((await call('POST', '/labels', { body: '{' })).status).toBe(400);
    expect((await call('POST', '/labels/batch', { body: { labels: [] } })).status).toBe(400);
    expect((await call('POST', '/pickups', { body: { trackingNumbers: 'x' } })).status).toBe(400);
    expect((await call('GET', '/nothing')).status).toBe(404);
    expect((await call('GET', '/healthz')).status).toBe(200);
  });
});
