import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { startPeople } from '../sample-world/people.js';
import { verifySystem } from '../verify/verify-system.js';
import { startBenchSystem } from './bench-system.js';
import { keepSubmitting } from './keep-submitting.js';
import { allDelivered, deliveryCounter, eventCounter, settled } from './lives.js';
import type { BenchOptions } from './main.js';
import { plainOrders } from './plain-orders.js';
import { figure, type Figure } from './report.js';
import { submitAll } from './submit.js';
import { until } from './until.js';

const ordersDefault = 2_000;
const restMs = 1_000;
/** What a dead owner keeps others out for. */
const leaseSeconds = 5;
/** Between two kills: the killed one has taken its part again. */
const betweenKillsMs = 8_000;
const downMs = 20_000;
const killedParts = ['order', 'inventory'] as const;
const killsEach = 3;
/** Backends of the killed process end within that; a replacement cannot be there yet, its supervisor waits for half a second. */
const lastWordsMs = 200;
const lookEveryMs = 10;
const countEveryMs = 100;
const giveUpMs = 60_000;

/** Seconds from kill -9 of a part to the first event that its replacement committed. */
const firstCommit = async (sql: pg.Client, service: string, kill: () => void): Promise<number> => {
  const head = async (): Promise<number> => Number((await sql.query<{ n: string }>(`select sum(seq) as n from "${service}".shard_head`)).rows[0]?.n ?? 0);
  const killedAt = performance.now();
  kill();
  await delay(lastWordsMs);
  const before = await head();
  while ((await head()) === before) {
    if (performance.now() - killedAt > giveUpMs) throw new Error(`${service} committed nothing in ${giveUpMs / 1000} s after it was killed`);
    await delay(lookEveryMs);
  }
  return (performance.now() - killedAt) / 1000;
};

/**
 * What a crash costs, while orders arrive at half of the rate of whole lives: seconds from kill -9 to the replacement's first commit; and how
 * fast routing, which stood still for 20 s and was then killed, decides on the orders that wait, while more arrive.
 */
export const recovery = async ({ orders = ordersDefault, ...options }: BenchOptions): Promise<readonly Figure[]> => {
  const { say, keep } = options;
  const bench = await startBenchSystem(options);
  const { system, stack } = bench;
  const sql = new pg.Client({ connectionString: stack.databaseUrl });
  await sql.connect();
  const { apiKey } = system.secrets;
  const people = startPeople({ baseUrl: system.baseUrl, urls: system.urls, restMs, apiKey, carrierUrl: system.carrierUrl });
  try {
    const delivered = await deliveryCounter(sql);
    const wave = async (run: string): Promise<number> => {
      const here = await deliveryCounter(sql);
      const startedAt = performance.now();
      const { firstOther } = await submitAll(system.urls.order, apiKey, plainOrders(bench.parts, orders, run), run, 64);
      if (firstOther !== undefined) throw new Error(`an order was not accepted: ${firstOther}`);
      await allDelivered(here, orders, say);
      return orders / ((performance.now() - startedAt) / 1000);
    };
    await wave('warm');
    await settled(sql);
    const lives = await wave('lives');
    await settled(sql);
    const arrivals = lives / 2;
    const [accepted, decided] = await Promise.all([eventCounter(sql, 'order', 'OrderAccepted'), eventCounter(sql, 'routing', 'RoutingDecided')]);
    const waiting = async (): Promise<number> => (await accepted()) - (await decided());
    const load = keepSubmitting({ url: system.urls.order, apiKey, perSecond: arrivals, bodiesOf: (minute, many) => plainOrders(bench.parts, many, `arrive-${minute}`) });
    const firsts: Record<string, number[]> = {};
    for (let n = 1; n <= killsEach; n += 1) {
      for (const part of killedParts) {
        await delay(betweenKillsMs);
        const seconds = await firstCommit(sql, part, () => system.signal(part, 'SIGKILL'));
        (firsts[part] ??= []).push(seconds);
        say(`${part} committed ${seconds.toFixed(2)} s after kill -9`);
        await system.ready(part);
      }
    }
    keep('firsts', firsts);
    // What waits from the kills is done before the backlog is made that is measured.
    await until('routing has decided on what was accepted', async () => (await waiting()) <= arrivals);
    system.signal('routing', 'SIGSTOP');
    await delay(downMs);
    system.signal('routing', 'SIGKILL');
    await system.ready('routing');
    const startedAt = performance.now();
    const backlog = await waiting();
    const before = await decided();
    // A second's arrivals are always on their way.
    while ((await waiting()) > arrivals) {
      if (performance.now() - startedAt > giveUpMs) throw new Error(`routing has not caught up in ${giveUpMs / 1000} s`);
      await delay(countEveryMs);
    }
    const seconds = (performance.now() - startedAt) / 1000;
    const after = await decided();
    const catchUp = (after - before) / seconds;
    say(`routing caught up ${after - before} orders (${backlog} waited) in ${seconds.toFixed(2)} s, ${arrivals.toFixed(1)} arrive a second`);
    keep('catch-up', { lives, arrivals, waiting: backlog, decided: after - before, seconds });
    const submitted = await load.stop();
    await allDelivered(delivered, 2 * orders + submitted.accepted, say);
    await settled(sql);
    if ((await delivered()) !== 2 * orders + submitted.accepted) throw new Error(`${2 * orders + submitted.accepted} orders were accepted, ${await delivered()} are delivered`);
    const wrong = (await verifySystem({ databaseUrl: stack.databaseUrl })).filter(({ violations }) => violations.length > 0);
    if (wrong.length > 0) throw new Error(`verify found: ${wrong.map(({ service, id }) => `${service} ${id}`).join(', ')}`);
    const all = Object.values(firsts).flat();
    return [
      figure('B13-first', `seconds from kill -9 of ${killedParts.join(' or ')} to its first new commit / lease of ${leaseSeconds} s`, 's', all, all.map((each) => each / leaseSeconds)),
      ...Object.entries(firsts).map(([part, each]) => figure(`B13-first-${part}`, `of this ${part}`, 's', each, each.map((one) => one / leaseSeconds))),
      figure('B13-catch-up', 'orders a second that routing decides on after it stood still for 20 s / orders that arrive (half of the rate of lives)', 'orders/s', [catchUp], [catchUp / arrivals]),
      figure('B13-arrivals', 'orders that arrive meanwhile', 'orders/s', [arrivals]),
    ];
  } finally {
    await people.stop();
    await sql.end();
    await bench.stop();
  }
};
