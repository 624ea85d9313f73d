import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@orderlog/testing';
import { startCarrier, type RunningCarrier } from '../carrier/carrier.js';
import { runDock } from './carrier.js';

let carrier: RunningCarrier;
/** Answers as the shipping service does, for one package. */
let shop: Server;
let shopUrl: string;
let status: 'ready' | 'handed_over';
let trackingNumber: string;
/** How many hand-overs are recorded without an answer. */
let silent: number;
/** How often the list of what was handed over is behind. */
let behind: number;

const listening = (server: Server): Promise<string> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`);
    });
  });
const collected = async (): Promise<string | undefined> => /^carrier_parcels_collected_total (\d+)$/m.exec(await (await fetch(`${carrier.url}/metrics`)).text())?.[1];

beforeEach(async () => {
  [status, silent, behind] = ['ready', 0, 0];
  shop = createServer((request, response) => {
    const asked = new URL(request.url ?? '', 'http://shop').searchParams.get('status');
    request.resume().on('end', () => {
      if (request.method === 'POST') {
        status = 'handed_over';
        silent -= 1;
        if (silent >= 0) request.socket.destroy();
        else response.end(JSON.stringify({ packages: [{ packageId: 'p1', status }] }));
      } else if (asked === 'handed_over' && status === asked && behind > 0) {
        behind -= 1;
        response.end(JSON.stringify({ items: [] }));
      } else response.end(JSON.stringify({ items: asked === status ? [{ id: 'p1', centerId: 'FC-1', trackingNumber }] : [] }));
    });
  });
  shopUrl = await listening(shop);
  carrier = await startCarrier({ port: 0, webhookUrl: `${shopUrl}/scans`, webhookSecret: `whsec_${Buffer.from('a secret of thirty-two bytes ...').toString('base64')}`, speed: 1, currency: 'EUR' });
  const label = await fetch(`${carrier.url}/labels`, {
    method: 'POST',
    headers: { 'idempotency-key': 'k1' },
    body: JSON.stringify({ carrier: 'simpost', serviceLevel: 'standard', weightGrams: 800, description: 'MUG-1', to: { city: 'Lyon', postalCode: '69001', countryCode: 'FR' } }),
  });
  ({ trackingNumber } = (await label.json()) as { trackingNumber: string });
});
afterEach(async () => {
  await carrier.stop();
  shop.closeAllConnections();
  await new Promise((resolve) => shop.close(resolve));
});

describe('the dock', () => {
  const work = async (check: () => Promise<unknown>): Promise<void> => {
    const shift = new AbortController();
    const dock = runDock({ baseUrl: shopUrl, apiKey: 'key', carrierUrl: carrier.url, isStaffed: () => true, signal: shift.signal, restMs: 10, listedWithinMs: 100 });
    try {
      await check();
    } finally {
      shift.abort();
      await dock;
    }
  };

  it('tells the driver what was handed over', async () => {
    await work(() => eventually(async () => (await collected()) === '1'));
    expect(status).toBe('handed_over');
  });

  it('tells him too when the hand-over was recorded but not answered', async () => {
    silent = 1;
    await work(() => eventually(async () => (await collected()) === '1'));
    expect(silent).toBe(0);
  });

  it('tells him also when the list did not have it yet', async () => {
    [silent, behind] = [1, 1];
    await work(() => eventually(async () => (await collected()) === '1'));
    expect(behind).toBe(0);
  });
});
