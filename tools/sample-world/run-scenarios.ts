import { seededRandom } from '../olist/random.js';
import { fiftyBuyersLife, plain, specialLives, type Life } from './lives.js';
import { Shop } from './shop.js';
import { sampleWorld } from './world.js';

/** How one life ended. No `problem`: as it must. */
export type ScenarioResult = { readonly scenario: string; readonly orderId?: string; readonly problem?: string; readonly seconds: number };

const livesAtOnce = 48;
const stepTimeoutMs = 60_000;
const showEveryMs = 300;
/** From the first to the last, so that orders are seen moving to the right. */
const stageOrder: readonly string[] = [
  ...['accepted', 'on_hold', 'backordered', 'routed', 'allocated', 'in_fulfillment'],
  ...['partially_shipped', 'shipped', 'partially_delivered', 'delivered', 'closed', 'cancelled'],
];

/**
 * Which lives a demo of so many orders lives: each special one at least once where there is room, one in ten after that, the rest plain.
 * Without those that wait for a lease to expire where a lease lasts longer than a step may take.
 */
export const chooseLives = (orders: number, leaseMs = 0): readonly Life[] => {
  const possible = specialLives.filter(({ waitsForLease }) => waitsForLease !== true || leaseMs < stepTimeoutMs / 2);
  const specials = Math.min(orders, Math.max(possible.length, Math.floor(orders / 10)));
  const chosen = Array.from({ length: specials }, (_, index) => possible[index % possible.length] ?? plain);
  const withCrowd = orders >= 150 ? [...chosen, fiftyBuyersLife] : chosen;
  const rest = Math.max(0, orders - specials - (orders >= 150 ? 50 : 0));
  return [...withCrowd, ...Array.from({ length: rest }, () => plain)];
};

/** Lives `orders` orders through the public interfaces and says how each ended; the status line counts orders by stage. */
export const runScenarios = async (options: {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly orders: number;
  /** How long a reservation lasts, if it is not known to be short. */
  readonly leaseMs?: number;
  readonly onProgress: (text: string) => void;
}): Promise<readonly ScenarioResult[]> => {
  const statuses = new Map<string, string>();
  const shop = new Shop(options, (id, status) => statuses.set(id, status), livesAtOnce);
  const world = sampleWorld();
  const plainSkus = world.items.map(({ sku }) => sku);
  const run = Date.now().toString(36);
  const random = seededRandom(1);
  const lives = chooseLives(options.orders, options.leaseMs);
  const results: ScenarioResult[] = [];
  const startedAt = performance.now();
  const show = (): void => {
    const counts = new Map<string, number>();
    for (const status of statuses.values()) counts.set(status, (counts.get(status) ?? 0) + 1);
    const known = stageOrder.filter((status) => counts.has(status));
    const others = [...counts.keys()].filter((status) => !stageOrder.includes(status));
    const stages = [...known, ...others].map((status) => `${status.replaceAll('_', ' ')} ${counts.get(status)}`);
    options.onProgress(`${Math.round((performance.now() - startedAt) / 1000)} s: ${results.length} of ${lives.length} ended | ${stages.length === 0 ? 'placing orders' : stages.join(', ')}`);
  };
  const timer = setInterval(show, showEveryMs);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let number = next++; number < lives.length; number = next++) {
      const life = lives[number] ?? plain;
      const begunAt = performance.now();
      const place = world.coordinates[Math.floor(random() * world.coordinates.length)];
      if (place === undefined) throw new Error('the sample world has no places');
      const seconds = (): number => (performance.now() - begunAt) / 1000;
      try {
        const orderId = await life.run({ shop, id: `${run}-${number}`, number, place, plainSkus, timeoutMs: stepTimeoutMs, random });
        results.push({ scenario: life.name, orderId, seconds: seconds() });
      } catch (error) {
        results.push({ scenario: life.name, problem: error instanceof Error ? error.message : String(error), seconds: seconds() });
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(livesAtOnce, lives.length) }, lane));
    show();
  } finally {
    clearInterval(timer);
    await shop.close();
  }
  return results;
};

/** One line a scenario: how many ended right, and every one that did not. */
export const summaryOf = (results: readonly ScenarioResult[]): string => {
  const names = [...new Set(results.map((result) => result.scenario))];
  return names
    .map((name) => {
      const all = results.filter((result) => result.scenario === name);
      const wrong = all.filter((result) => result.problem !== undefined);
      return [`  ${wrong.length === 0 ? 'ok   ' : 'WRONG'} ${name} (${all.length})`, ...wrong.slice(0, 3).map((result) => `        ${result.orderId ?? ''} ${result.problem}`)].join('\n');
    })
    .join('\n');
};
