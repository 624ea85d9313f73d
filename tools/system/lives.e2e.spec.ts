import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { services } from '@orderlog/contracts';
import { eventually } from '@orderlog/testing';
import { apiClient } from '../cli/client.js';
import { goBack, listProjections, rebuildProjection } from '../cli/projections.js';
import { fiftyBuyersLife, plain, specialLives, type Life, type LifeContext } from '../sample-world/lives.js';
import { orderDocument } from '../sample-world/order-documents.js';
import { startPeople, type People } from '../sample-world/people.js';
import { Shop } from '../sample-world/shop.js';
import { loadSampleWorld, sampleWorld } from '../sample-world/world.js';
import { verifySystem } from '../verify/verify-system.js';
import { startRunningSystem, type RunningSystem } from './test/running-system.js';

const stepTimeoutMs = 90_000;
const run = `e2e-${process.pid}`;
const world = sampleWorld();
const plainSkus = world.items.map(({ sku }) => sku);
let system: RunningSystem;
let people: People;
let shop: Shop;
const lives = new Map<Life, Promise<string>>();

const context = (id: string, number: number): LifeContext => {
  const place = world.coordinates[number % world.coordinates.length];
  if (place === undefined) throw new Error('the sample world has no places');
  return { shop, id, number, place, plainSkus, timeoutMs: stepTimeoutMs, random: () => 0.4 };
};

beforeAll(async () => {
  // A short lease, so that one can expire while a test looks on.
  system = await startRunningSystem(run, { RESERVATION_LEASE_MS: '6000' });
  const connection = { baseUrl: system.baseUrl, apiKey: system.apiKey };
  await loadSampleWorld(connection);
  people = startPeople({ ...connection, carrierUrl: system.carrierUrl });
  shop = new Shop(connection);
  // All at once, as in a shop; each test then looks at its own.
  [plain, ...specialLives].forEach((life, number) => {
    const living = life.run(context(`${run}-${number}`, number));
    living.catch(() => undefined);
    lives.set(life, living);
  });
}, 180_000);

afterAll(async () => {
  await shop.close();
  await people.stop();
  await system.stop();
}, 60_000);

describe('lives that must end right', () => {
  for (const life of [plain, ...specialLives]) {
    it(life.name, async () => {
      expect(await lives.get(life)).toMatch(/^[0-9a-f-]{36}$/);
    }, stepTimeoutMs * 3);
  }
});

describe('probes that broke others', () => {
  it(fiftyBuyersLife.name, async () => {
    await fiftyBuyersLife.run(context(`${run}-crowd`, 0));
  }, stepTimeoutMs * 2);

  for (const service of ['routing', 'warehouse'] as const) {
    it(`an order accepted while ${service} is paused for 20 s still ends`, async () => {
      system.signal(service, 'SIGSTOP');
      const resumeAt = Date.now() + 20_000;
      const place = world.coordinates[0];
      if (place === undefined) throw new Error('the sample world has no places');
      const { body } = await shop.submit(orderDocument({ reference: `${run}-paused-${service}`, number: 1, place, lines: [{ sku: plainSkus[0] ?? '', quantity: 1 }] }), `${run}-paused-${service}`);
      await eventually(() => Date.now() >= resumeAt, 30_000);
      system.signal(service, 'SIGCONT');
      await shop.until(body.id, 'delivered', ({ status }) => status === 'delivered' || status === 'closed', stepTimeoutMs);
    }, stepTimeoutMs * 2);
  }

  it('a service that is killed in the middle changes nothing', async () => {
    const living = Array.from({ length: 20 }, (_, number) => plain.run(context(`${run}-killed-${number}`, number)));
    await Promise.race(living);
    system.signal('inventory', 'SIGKILL');
    expect(await Promise.all(living)).toHaveLength(20);
  }, stepTimeoutMs * 2);
});

describe('all five services at once, told to end while orders come,', () => {
  const log = (): string => readFileSync(join(system.folder, 'system.log'), 'utf8');
  /** How often each was said to have ended in good order. */
  const endedWell = (): Readonly<Record<string, number>> =>
    Object.fromEntries(services.map((service) => [service, log().split(`${service} ended (exit code 0)`).length - 1]));
  const isUnready = async (url: string): Promise<boolean> =>
    fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1_000) }).then(
      ({ ok }) => !ok,
      () => true,
    );

  it('are unready at once, end within 10 s with code 0, and lose nothing that was accepted', async () => {
    const place = world.coordinates[0];
    if (place === undefined) throw new Error('the sample world has no places');
    const accepted: string[] = [];
    let isOpen = true;
    const customer = async (lane: number): Promise<void> => {
      for (let n = 0; isOpen && accepted.length < 400; n += 1) {
        const reference = `${run}-term-${lane}-${n}`;
        // A service that is away for a moment is asked again with the same key.
        const { body } = await shop.submit(orderDocument({ reference, number: n, place, lines: [{ sku: plainSkus[n % plainSkus.length] ?? '', quantity: 1 }] }), reference);
        accepted.push(body.id);
      }
    };
    const customers = Promise.all(Array.from({ length: 8 }, (_, lane) => customer(lane)));
    await eventually(() => accepted.length >= 40, stepTimeoutMs);
    const [before, urls] = [endedWell(), system.urls];
    // The one that was killed before may still be starting.
    await eventually(async () => !(await Promise.all(services.map((service) => isUnready(urls[service] ?? '')))).includes(true), stepTimeoutMs);
    const after = Object.fromEntries(services.map((service) => [service, (before[service] ?? 0) + 1]));
    const toldAt = Date.now();
    let endedAt = toldAt;
    try {
      for (const service of services) system.signal(service, 'SIGTERM');
      // Drained first: before anything else is closed, whoever balances the load looks elsewhere.
      await Promise.all(services.map((service) => eventually(() => isUnready(urls[service] ?? ''), 2_000)));
      await eventually(() => Date.now() > toldAt + 15_000 || services.every((service) => endedWell()[service] === after[service]), 20_000);
      endedAt = Date.now();
    } finally {
      isOpen = false;
      await customers;
    }
    const late = services.filter((service) => endedWell()[service] !== after[service]);
    if (late.length > 0) throw new Error(late.map((service) => `${service} did not end well:\n${log()}\n${readFileSync(join(system.logs, `${service}.log`), 'utf8').slice(-3_000)}`).join('\n'));
    expect(endedAt - toldAt).toBeLessThan(10_000);
    expect(new Set(accepted).size).toBe(accepted.length);
    for (const id of accepted) await shop.until(id, 'delivered', ({ status }) => status === 'delivered' || status === 'closed', stepTimeoutMs);
  }, stepTimeoutMs * 3);
});

it('verify finds nothing afterwards', async () => {
  await Promise.allSettled(lives.values());
  const findings = await verifySystem({ databaseUrl: system.databaseUrl, chain: true, connection: { baseUrl: system.baseUrl, apiKey: system.apiKey } });
  expect(findings.filter(({ violations }) => violations.length > 0)).toStrictEqual([]);
  expect(findings.find(({ id }) => id === 'orders-placed-once')?.looked).toBeGreaterThan(90);
}, 120_000);

it('every read model is rebuilt beside the live one, switched to, gone back on and proven', async () => {
  const api = apiClient({ baseUrl: system.baseUrl, apiKey: system.apiKey });
  const all = await listProjections(api);
  expect(all.map(({ service, name }) => `${service} ${name}`).sort()).toStrictEqual([
    'inventory stock-ledger',
    'order order-summary',
    'routing center-load',
    'shipping parcel-tracking',
    'warehouse fulfillment-order-list',
  ]);
  const living = Array.from({ length: 5 }, (_, number) => plain.run(context(`${run}-rebuilding-${number}`, number)));
  let isKilled = false;
  for (const { service, name } of all) {
    const onProgress = (): void => {
      // In the middle of the first one its service is killed.
      if (!isKilled) system.signal(service, 'SIGKILL');
      isKilled = true;
    };
    const outcome = await rebuildProjection({ api, databaseUrl: system.databaseUrl, service, name, keepHours: 1, acceptDifference: false, onProgress });
    expect([service, outcome]).toMatchObject([service, { outcome: 'switched', number: 2, differences: [] }]);
  }
  expect(await Promise.all(living)).toHaveLength(5);
  expect(await goBack({ api, databaseUrl: system.databaseUrl, service: 'order', name: 'order-summary', keepHours: 1 })).toMatchObject({ outcome: 'switched', number: 1, differences: [] });
  const main = fileURLToPath(new URL('../../dist/tools/cli/main.js', import.meta.url));
  const said = await promisify(execFile)(process.execPath, [main, '--url', system.baseUrl, '--key', system.apiKey, '--json', 'projections', 'prove']);
  const proven = JSON.parse(said.stdout) as { service: string; events: number; live: string; rebuilt: string }[];
  expect(proven.map(({ service, live, rebuilt }) => [service, live === rebuilt])).toStrictEqual(all.map(({ service }) => [service, true]));
  const listed = await listProjections(api);
  expect(listed.map(({ service, proven: last, versions }) => [service, last?.events, versions.length])).toStrictEqual(proven.map(({ service, events }) => [service, events, 2]));
  await api.close();
}, 240_000);
