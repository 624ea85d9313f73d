import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AvailabilityCopy } from '@orderlog/contracts';
import { eventually } from '@orderlog/testing';
import { call, keys, runRouting, type RunningRouting } from './running-service.js';

let routing: RunningRouting;
beforeAll(async () => {
  routing = await runRouting();
  await call(routing.url, 'POST', 'coordinates', {
    coordinates: [
      { countryCode: 'DE', postalCode: '20001', city: 'Falkenhafen', region: 'Nordmark', latitude: 53.5, longitude: 10 },
      { countryCode: 'DE', postalCode: '20002', city: 'Falkenhafen', region: 'Nordmark', latitude: 53.6, longitude: 10.1 },
      { countryCode: 'DE', postalCode: '80-001', city: 'Ahornburg', region: 'Südtal', latitude: 48.1, longitude: 11.6 },
    ],
  });
  await call(routing.url, 'PUT', 'centers/north', center('Falkenhafen', 'Nordmark', '20001'));
  await call(routing.url, 'PUT', 'centers/south', center('Ahornburg', 'Südtal', '80001'));
});
afterAll(() => routing.close());

const center = (city: string, region: string, postalCode: string) => ({
  name: city,
  kind: 'own',
  countryCode: 'DE',
  region,
  postalCode,
  city,
  timeZone: 'Europe/Berlin',
  cutOff: '14:00',
  capacityUnitsPerDay: 1000,
  handlingCost: 100,
});
const copy = (sku: string, centerId: string, available: number, version = 1): AvailabilityCopy => ({ sku, centerId, available, version });
const near = { countryCode: 'DE', region: 'Nordmark', postalCode: '20 002', city: 'Falkenhafen' };

type Decision = {
  outcome: string;
  attempt: number;
  reason?: string;
  legs?: { centerId: string; lines: object[]; distanceBasis: string; distanceKm: number; shipBy: string }[];
  uncovered: object[];
  rejected: { centerId: string; reason: string }[];
};
const decisionsOf = (orderId: string, count = 1) =>
  eventually(async () => {
    const { status, body } = await call<{ decisions: Decision[] }>(routing.url, 'GET', `decisions/${orderId}`);
    return status === 200 && body.decisions.length >= count ? body.decisions : undefined;
  });
/** Copies come on their own topic: an order that was planned without them is planned again. */
const decided = (request: Parameters<RunningRouting['ask']>[0]) =>
  eventually(async () => {
    const [decision] = await decisionsOf(await routing.ask(request));
    return decision?.outcome === 'decided' ? decision : undefined;
  });
const asking = (sku: string, quantity: number, more: object = {}) => ({
  attempt: 1,
  lines: [{ lineId: '1', sku, quantity }],
  destination: near,
  serviceLevel: 'standard',
  policy: { split: 'allow' },
  ...more,
});

describe('routing accepted orders', () => {
  it('chooses the near center and says why not the other', async () => {
    await routing.stock(copy('cup', 'north', 50), copy('cup', 'south', 50));
    const decision = await decided(asking('cup', 2));
    expect(decision).toMatchObject({
      attempt: 1,
      legs: [{ centerId: 'north', lines: [{ lineId: '1', sku: 'cup', quantity: 2 }], distanceBasis: 'postal_code' }],
      uncovered: [],
    });
    // Two copies of two partitions: the other center may not be known to have stock yet.
    expect(['DOMINATED', 'NO_STOCK']).toContain(decision.rejected[0]?.reason);
  });

  it('routes again without what was excluded', async () => {
    await routing.stock(copy('pot', 'north', 50), copy('pot', 'south', 50));
    await decided(asking('pot', 1, { attempt: 1, exclusions: [{ centerId: 'north', sku: 'pot' }] }));
    const orderId = await routing.ask(asking('pot', 1));
    await decisionsOf(orderId);
    await routing.ask({ ...asking('pot', 1, { exclusions: [{ centerId: 'north', sku: 'pot' }] }), orderId, attempt: 2 });
    const decisions = await decisionsOf(orderId, 2);
    expect(decisions[1]?.legs?.map(({ centerId }) => centerId)).toStrictEqual(['south']);
    expect(decisions[1]?.rejected).toMatchObject([{ centerId: 'north', reason: 'EXCLUDED' }]);
  });

  it('falls back to the city, then the region, and says when it knows nothing of the place', async () => {
    await routing.stock(copy('mug', 'north', 50));
    const basisOf = async (destination: object) => (await decided(asking('mug', 1, { destination: { ...near, ...destination } }))).legs?.[0]?.distanceBasis;
    expect(await basisOf({ postalCode: '29999', city: 'FALKENHAFEN' })).toBe('city');
    expect(await basisOf({ postalCode: '29999', city: 'Nowhere' })).toBe('region');
    const [decision] = await decisionsOf(await routing.ask(asking('mug', 1, { destination: { countryCode: 'DE', postalCode: '99999', city: 'Nowhere', region: '' } })));
    expect(decision).toMatchObject({ outcome: 'infeasible', reason: 'UNKNOWN_DESTINATION' });
  });

  it('counts what it planned a moment ago as taken', async () => {
    await routing.stock(copy('jar', 'north', 10));
    await decided(asking('jar', 1));
    const orders = await Promise.all(Array.from({ length: 12 }, () => routing.ask(asking('jar', 1))));
    const outcomes = (await Promise.all(orders.map((orderId) => decisionsOf(orderId)))).map(([decision]) => decision?.outcome);
    expect(outcomes.filter((outcome) => outcome === 'decided').length).toBeLessThanOrEqual(9);
  });

  it('counts the units planned for a center, and says them with it', async () => {
    await eventually(async () => {
      const { body } = await call<{ items: { centerId: string; plannedUnits: Record<string, number> }[] }>(routing.url, 'GET', 'centers');
      const north = body.items.find(({ centerId }) => centerId === 'north');
      return Object.values(north?.plannedUnits ?? {}).some((units) => units > 5);
    });
  });

  it('publishes centers and stops sending from one that is stopped', async () => {
    await eventually(() => routing.centers.get('south')?.version === 1);
    expect(routing.centers.get('south')).toMatchObject({ latitude: 48.1, longitude: 11.6, stopped: false });
    await call(routing.url, 'PUT', 'centers/south', { ...center('Ahornburg', 'Südtal', '80001'), stopped: true });
    await eventually(() => routing.centers.get('south')?.stopped);
    await routing.stock(copy('lid', 'south', 5));
    await routing.stock(copy('lid', 'north', 5));
    expect(await decided(asking('lid', 1))).toMatchObject({ rejected: [{ centerId: 'south', reason: 'STOP_SHIP' }] });
    expect((await call(routing.url, 'GET', 'centers/south')).body).toMatchObject({ version: 2, stopped: true });
  });
});

describe('the load of centers', () => {
  it('is the same when it is built again', async () => {
    const { projections } = routing;
    await projections.caughtUp('center-load');
    const before = await projections.digest('center-load');
    await projections.rebuild('center-load');
    await projections.caughtUp('center-load');
    expect(await projections.digest('center-load')).toBe(before);
  });
});

describe('the document of the API', () => {
  it('names every call', async () => {
    const { paths } = (await (await fetch(`${routing.url}/openapi.json`)).json()) as { paths: Record<string, object> };
    expect(Object.keys(paths).filter((path) => !path.includes('/ops/')).sort()).toStrictEqual([
      '/v1/routing/centers',
      '/v1/routing/centers/{id}',
      '/v1/routing/coordinates',
      '/v1/routing/decisions/{orderId}',
    ]);
  });
});

describe('bad input', () => {
  const put = (change: object) => call(routing.url, 'PUT', 'centers/west', { ...center('Falkenhafen', 'Nordmark', '20001'), ...change });
  it.each([
    ['no key', () => call(routing.url, 'GET', 'centers', undefined, 'nobody'), 401, 'unauthenticated'],
    ['a key of a shop', () => call(routing.url, 'PUT', 'centers/west', {}, keys.storefront), 403, 'forbidden'],
    ['an order nobody decided on', () => call(routing.url, 'GET', 'decisions/01939c5e-0000-7000-8000-000000000000'), 404, 'not-found'],
    ['a center nobody knows', () => call(routing.url, 'GET', 'centers/nowhere'), 404, 'not-found'],
    ['a center without a name', () => put({ name: '' }), 422, 'invalid-request'],
    ['a kind nobody knows', () => put({ kind: 'barn' }), 422, 'invalid-request'],
    ['a time zone nobody knows', () => put({ timeZone: 'Europe/Wien' }), 422, 'invalid-request'],
    ['a cut-off that is no time', () => put({ cutOff: '24:00' }), 422, 'invalid-request'],
    ['a latitude without longitude', () => put({ latitude: 50 }), 422, 'invalid-request'],
    ['a place nobody knows', () => put({ city: 'Nowhere', region: '', postalCode: '1' }), 422, 'center-location-unknown'],
    ['a capacity of zero', () => put({ capacityUnitsPerDay: 0 }), 422, 'invalid-request'],
    ['an unknown field', () => put({ hurry: true }), 422, 'invalid-request'],
    ['no coordinates', () => call(routing.url, 'POST', 'coordinates', { coordinates: [] }), 422, 'invalid-request'],
    ['a point off the map', () => call(routing.url, 'POST', 'coordinates', { coordinates: [{ countryCode: 'DE', postalCode: '1', latitude: 91, longitude: 0 }] }), 422, 'invalid-request'],
    ['a country of no list', () => call(routing.url, 'POST', 'coordinates', { coordinates: [{ countryCode: 'XX', postalCode: '1', latitude: 1, longitude: 0 }] }), 422, 'invalid-request'],
  ])('refuses %s', async (_, ask, status, slug) => {
    const answer = await ask();
    expect([answer.status, answer.body['type']]).toStrictEqual([status, `urn:orderlog:problem:${slug}`]);
  });

  it('changed nothing', async () => expect((await call(routing.url, 'GET', 'centers/west')).status).toBe(404));
});
