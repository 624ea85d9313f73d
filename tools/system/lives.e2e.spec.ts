import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@orderlog/testing';
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

it('verify finds nothing afterwards', async () => {
  await Promise.allSettled(lives.values());
  const findings = await verifySystem({ databaseUrl: system.databaseUrl, chain: true, connection: { baseUrl: system.baseUrl, apiKey: system.apiKey } });
  expect(findings.filter(({ violations }) => violations.length > 0)).toStrictEqual([]);
  expect(findings.find(({ id }) => id === 'orders-placed-once')?.looked).toBeGreaterThan(90);
}, 120_000);
