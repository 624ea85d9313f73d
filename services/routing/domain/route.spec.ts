import { describe, expect, it } from '@jest/globals';
import { specification } from '@orderlog/testing';
import { chooseCenters } from './choose-centers.js';
import {
  center as centerDecider,
  distanceKm,
  planRoute,
  route,
  standardPolicy,
  type AvailabilityNow,
  type CenterNow,
  type CenterRecord,
  type RouteEvent,
  type RouteRequest,
} from './index.js';

const given = specification(route);
const north: CenterRecord = {
  centerId: 'north',
  name: 'North',
  kind: 'own',
  countryCode: 'DE',
  region: 'Nordmark',
  postalCode: '21001',
  city: 'Hafenau',
  latitude: 53.5,
  longitude: 10,
  timeZone: 'Europe/Berlin',
  cutOff: '14:00',
  capacityUnitsPerDay: 100,
  shipsTo: [],
  handlingCost: 60,
  stopped: false,
};
const now = (change: Partial<CenterNow> = {}): CenterNow => ({
  ...north,
  unitsPlanned: 0,
  isCutOffMissed: false,
  shipBy: '2026-03-02T13:00:00.000Z',
  arrivals: ['d0', 'd1', 'd2', 'd3'],
  ...change,
});
const south = (change: Partial<CenterNow> = {}): CenterNow => now({ centerId: 'south', latitude: 48.1, longitude: 11.6, kind: 'third_party', ...change });
const stock =
  (table: Record<string, Record<string, number>>) =>
  (sku: string, centerId: string): AvailabilityNow | undefined => {
    const available = table[centerId]?.[sku];
    return available === undefined ? undefined : { available, version: 5 };
  };
const request = (change: Partial<RouteRequest> = {}): RouteRequest => ({
  orderId: 'o',
  attempt: 1,
  lines: [{ lineId: '1', sku: 'cup', quantity: 2 }],
  countryCode: 'DE',
  destination: { point: { latitude: 53.6, longitude: 10.1 }, basis: 'postal_code' },
  serviceLevel: 'standard',
  isShipComplete: false,
  exclusions: [],
  policy: standardPolicy,
  policyHash: 'hash',
  centers: [now(), south()],
  availability: stock({ north: { cup: 5 }, south: { cup: 5 } }),
  weightGrams: () => 300,
  ...change,
});
const decided = (change: Partial<RouteRequest> = {}): Extract<RouteEvent, { type: 'RoutingDecided' }>['data'] => {
  const event = planRoute(request(change));
  if (event.type !== 'RoutingDecided') throw new Error(`infeasible: ${event.data.reason}`);
  return event.data;
};
const infeasible = (change: Partial<RouteRequest> = {}): Extract<RouteEvent, { type: 'RoutingInfeasible' }>['data'] => {
  const event = planRoute(request(change));
  if (event.type !== 'RoutingInfeasible') throw new Error('there is a plan');
  return event.data;
};
const reasons = (rejected: readonly { centerId: string; reason: string }[]) => Object.fromEntries(rejected.map((one) => [one.centerId, one.reason]));

describe('routing an order', () => {
  it('plans the near center and says what the other would have cost', () =>
    expect(decided()).toStrictEqual({
      orderId: 'o',
      attempt: 1,
      policyId: 'standard-1',
      policyHash: 'hash',
      legs: [
        {
          fulfillmentOrderId: 'o.1.1',
          centerId: 'north',
          centerKind: 'own',
          lines: [{ lineId: '1', sku: 'cup', quantity: 2 }],
          shipBy: '2026-03-02T13:00:00.000Z',
          expectedDelivery: 'd1',
          distanceKm: 13,
          distanceBasis: 'postal_code',
          parcels: 1,
        },
      ],
      uncovered: [],
      cost: { shipping: 390, handling: 60, split: 0, lateness: 0, load: 0, total: 450 },
      candidates: [
        { centerIds: ['north'], cost: { shipping: 390, handling: 60, split: 0, lateness: 0, load: 0, total: 450 } },
        { centerIds: ['south'], cost: { shipping: 710, handling: 60, split: 0, lateness: 0, load: 0, total: 770 } },
      ],
      rejected: [{ centerId: 'south', reason: 'DOMINATED', dominatedBy: 'north', costDifference: 320 }],
      inputs: [
        { centerId: 'north', sku: 'cup', available: 5, version: 5 },
        { centerId: 'south', sku: 'cup', available: 5, version: 5 },
      ],
      plansConsidered: 2,
      serviceLevel: 'standard',
    }));

  it('decides an attempt once', () =>
    given(planRoute(request())).when({ type: 'PlanRoute', data: request() }).thenNothing());

  it('decides the next attempt anew, without what was excluded', () =>
    given(planRoute(request()))
      .when({ type: 'PlanRoute', data: request({ attempt: 2, exclusions: [{ centerId: 'north', sku: 'cup' }] }) })
      .thenEvents(planRoute(request({ attempt: 2, exclusions: [{ centerId: 'north', sku: 'cup' }] }))));

  it('splits, and leaves uncovered what nobody has', () => {
    const plan = decided({
      lines: [
        { lineId: '1', sku: 'cup', quantity: 2 },
        { lineId: '2', sku: 'pot', quantity: 1 },
        { lineId: '3', sku: 'cup', quantity: 2 },
      ],
      availability: stock({ north: { cup: 1 }, south: { cup: 2 } }),
    });
    expect(plan.legs.map(({ centerId, lines }) => [centerId, lines])).toStrictEqual([
      ['north', [{ lineId: '1', sku: 'cup', quantity: 1 }]],
      [
        'south',
        [
          { lineId: '1', sku: 'cup', quantity: 1 },
          { lineId: '3', sku: 'cup', quantity: 1 },
        ],
      ],
    ]);
    expect(plan.uncovered).toStrictEqual([
      { lineId: '2', sku: 'pot', quantity: 1 },
      { lineId: '3', sku: 'cup', quantity: 1 },
    ]);
  });

  it('gives every rejected center its reason', () => {
    const plan = decided({
      centers: [
        now(),
        now({ centerId: 'stopped', stopped: true }),
        now({ centerId: 'abroad', shipsTo: ['AT'] }),
        now({ centerId: 'full', unitsPlanned: 100 }),
        now({ centerId: 'empty' }),
        now({ centerId: 'tried' }),
        now({ centerId: 'late', isCutOffMissed: true, handlingCost: 10 }),
      ],
      exclusions: [{ centerId: 'tried', sku: '' }],
      availability: stock(Object.fromEntries(['north', 'stopped', 'abroad', 'full', 'tried', 'late'].map((id) => [id, { cup: 5 }]))),
    });
    expect(reasons(plan.rejected)).toStrictEqual({
      late: 'CUTOFF_MISSED',
      full: 'CAPACITY_FULL',
      tried: 'EXCLUDED',
      stopped: 'STOP_SHIP',
      abroad: 'ZONE_EXCLUDED',
      empty: 'NO_STOCK',
    });
  });

  it('says that a place is unknown, that nobody has stock, that no center may send, that all must go together', () => {
    expect(infeasible({ destination: undefined }).reason).toBe('UNKNOWN_DESTINATION');
    expect(infeasible({ availability: stock({}) }).reason).toBe('NO_STOCK');
    expect(infeasible({ centers: [] }).reason).toBe('NO_CENTER');
    expect(infeasible({ centers: [now({ stopped: true })] }).reason).toBe('NO_CENTER');
    expect(infeasible({ isShipComplete: true, availability: stock({ north: { cup: 1 } }) }).reason).toBe('SHIP_COMPLETE');
  });

  it('stays below 2 KB with as many centers as one likes', () => {
    const orderId = '0191d5a0-7c00-7000-8000-000000000007';
    const centers = Array.from({ length: 40 }, (_, n) => now({ centerId: `center-${n}`, latitude: 48 + n / 10 }));
    const availability = (): AvailabilityNow => ({ available: 9, version: 123_456 });
    expect(JSON.stringify(decided({ orderId, centers, availability })).length).toBeLessThan(2048);
  });

  it('gives the same bytes for the same request', () => {
    const centers = [south(), now()];
    expect(JSON.stringify(planRoute(request({ centers })))).toBe(JSON.stringify(planRoute(request())));
  });

  it('looks at no more than the best centers of each line', () => {
    const centers = Array.from({ length: 40 }, (_, n) => now({ centerId: `c${String(n).padStart(2, '0')}`, handlingCost: n }));
    const availability = stock(Object.fromEntries(centers.map(({ centerId }, n) => [centerId, (n === 39 ? { pot: 1 } : { cup: 9 }) as Record<string, number>])));
    const plan = decided({ centers, availability, lines: [{ lineId: '1', sku: 'cup', quantity: 1 }, { lineId: '2', sku: 'pot', quantity: 1 }] });
    expect(plan.legs.map(({ centerId }) => centerId).sort()).toStrictEqual(['c00', 'c39']);
  });
});

describe('distance', () => {
  it('is the great circle', () => {
    expect(distanceKm({ latitude: 52.52, longitude: 13.405 }, { latitude: 48.137, longitude: 11.575 })).toBe(504);
    expect(distanceKm({ latitude: 0, longitude: 179.5 }, { latitude: 0, longitude: -179.5 })).toBe(111);
  });
});

describe('a center', () => {
  const about = specification(centerDecider);
  it('is defined once, and anew when anything differs', () => {
    about().when({ type: 'DefineCenter', data: north }).thenEvents({ type: 'CenterDefined', data: north });
    about({ type: 'CenterDefined', data: north }).when({ type: 'DefineCenter', data: { ...north } }).thenNothing();
    const stopped = { ...north, stopped: true };
    about({ type: 'CenterDefined', data: north }).when({ type: 'DefineCenter', data: stopped }).thenEvents({ type: 'CenterDefined', data: stopped });
  });
});

describe('speed', () => {
  it('chooses among eight centers in well under a millisecond', () => {
    const centers = Array.from({ length: 8 }, (_, n) => ({
      centerId: `c${n}`,
      shippingPerParcel: 390 + n * 40,
      handlingPerParcel: 60,
      lateness: 0,
      loadPerUnit: n % 3,
      capacityUnits: 1000,
      available: [n % 2 === 0 ? 3 : 0, n % 3 === 0 ? 2 : 0, n === 5 ? 4 : 1],
    }));
    const demands = [0, 1, 2].map((n) => ({ sku: `s${n}`, quantity: 2, weightGrams: 400 }));
    const problem = { demands, centers, splitPenalty: 250, parcelWeightMaxGrams: 20_000, candidatesMax: 3 };
    const times = Array.from({ length: 400 }, () => {
      const startedAt = performance.now();
      chooseCenters(problem);
      return performance.now() - startedAt;
    }).sort((a, b) => a - b);
    expect(times[200]).toBeLessThan(1);
  });
});
