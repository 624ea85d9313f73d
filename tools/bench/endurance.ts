import { setTimeout as delay } from 'node:timers/promises';
import { services } from '@orderlog/contracts';
import pg from 'pg';
import { startPeople } from '../sample-world/people.js';
import { verifySystem } from '../verify/verify-system.js';
import { startBenchSystem } from './bench-system.js';
import { keepSubmitting } from './keep-submitting.js';
import { allDelivered, deliveryCounter, settled } from './lives.js';
import type { BenchOptions } from './main.js';
import { plainOrders } from './plain-orders.js';
import { residentMb } from './processes.js';
import { figure, median, type Figure } from './report.js';
import { submitAll } from './submit.js';

const minutesDefault = 20;
const ordersDefault = 2_000;
const restMs = 1_000;
const lookEveryMs = 5_000;
/** The first quarter (5 of 20 minutes) fills caches: it is load like the rest, and not judged. */
const settlingShare = 0.25;
const tenMinutes = 10;
/** A minute each in a run of twenty. */
const spansInARun = 20;

type Point = { readonly minute: number; readonly value: number };
type Sample = { readonly minute: number; readonly rssMb: Readonly<Record<string, number>>; readonly dead: number; readonly live: number };

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Percent of its mean that a series grows in ten minutes, by the straight line that fits it best. */
export const growthPercent = (points: readonly Point[]): number => {
  const [atMinute, atValue] = [mean(points.map(({ minute }) => minute)), mean(points.map(({ value }) => value))];
  const [over, under] = points.reduce(([a, b], { minute, value }) => [a + (minute - atMinute) * (value - atValue), b + (minute - atMinute) ** 2], [0, 0]);
  return ((over / under) * tenMinutes * 100) / atValue;
};

/**
 * The mean of every span of time. PostgreSQL looks for dead rows once a minute: what lies about is a saw of that period, and the line through
 * its single samples grows by 9 % in ten minutes where nothing grows at all.
 */
export const meansOf = (points: readonly Point[], spanMinutes: number): readonly Point[] => {
  const spans = new Map<number, number[]>();
  for (const { minute, value } of points) {
    const span = Math.floor(minute / spanMinutes);
    const known = spans.get(span);
    if (known === undefined) spans.set(span, [value]);
    else known.push(value);
  }
  return [...spans].map(([span, values]) => ({ minute: span * spanMinutes, value: mean(values) }));
};

const tuples = `select sum(n_dead_tup)::float8 as dead, sum(n_live_tup)::float8 as live from pg_stat_user_tables where schemaname = any ($1)`;

/** Twenty minutes of whole lives at half of the rate the system reaches: what grows that should not. */
export const endurance = async ({ orders = ordersDefault, minutes = minutesDefault, ...options }: BenchOptions): Promise<readonly Figure[]> => {
  const { say, keep } = options;
  const bench = await startBenchSystem(options);
  const { system, stack } = bench;
  const sql = new pg.Client({ connectionString: stack.databaseUrl });
  await sql.connect();
  const { apiKey } = system.secrets;
  const people = startPeople({ baseUrl: system.baseUrl, urls: system.urls, restMs, apiKey, carrierUrl: system.carrierUrl });
  try {
    const delivered = await deliveryCounter(sql);
    const startedAt = performance.now();
    const wave = await submitAll(system.urls.order, apiKey, plainOrders(bench.parts, orders, 'wave'), 'wave', 64);
    if (wave.firstOther !== undefined) throw new Error(`an order was not accepted: ${wave.firstOther}`);
    await allDelivered(delivered, orders, say);
    const arrivals = orders / ((performance.now() - startedAt) / 1000) / 2;
    await settled(sql);
    say(`${arrivals.toFixed(1)} orders a second for ${minutes} minutes`);
    const load = keepSubmitting({ url: system.urls.order, apiKey, perSecond: arrivals, bodiesOf: (set, many) => plainOrders(bench.parts, many, `set-${set}`) });
    const samples: Sample[] = [];
    const began = performance.now();
    const minute = (): number => (performance.now() - began) / 60_000;
    while (minute() < minutes) {
      await delay(lookEveryMs);
      const { rows } = await sql.query<{ dead: number; live: number }>(tuples, [services]);
      samples.push({ minute: minute(), rssMb: residentMb(bench.pids()), dead: rows[0]?.dead ?? 0, live: rows[0]?.live ?? 0 });
      keep('samples', samples);
    }
    const submitted = await load.stop();
    await allDelivered(delivered, orders + submitted.accepted, say);
    await settled(sql);
    const wrong = (await verifySystem({ databaseUrl: stack.databaseUrl })).filter(({ violations }) => violations.length > 0);
    if (wrong.length > 0) throw new Error(`verify found: ${wrong.map(({ service, id }) => `${service} ${id}`).join(', ')}`);
    const judged = samples.filter(({ minute: at }) => at >= minutes * settlingShare && at < minutes);
    const of = (valueOf: (sample: Sample) => number): { readonly median: number; readonly growth: number; readonly values: number[] } => {
      const values = judged.map(valueOf);
      return { values, median: median(values), growth: growthPercent(meansOf(judged.map((sample) => ({ minute: sample.minute, value: valueOf(sample) })), minutes / spansInARun)) };
    };
    const grows = (id: string, what: string, unit: string, valueOf: (sample: Sample) => number): Figure => {
      const { values, growth } = of(valueOf);
      return { ...figure(id, `${what}; ratio: percent it grows in 10 minutes`, unit, values, [growth]), runs: 1 };
    };
    return [
      grows('B14-rss', 'RSS of the five services', 'MB', ({ rssMb }) => services.reduce((sum, service) => sum + (rssMb[service] ?? 0), 0)),
      ...services.map((service) => grows(`B14-rss-${service}`, `RSS of ${service}`, 'MB', ({ rssMb }) => rssMb[service] ?? 0)),
      grows('B14-dead', 'dead tuples of all services', 'tuples', ({ dead }) => dead),
      figure('B14-dead-share', 'dead tuples of all', '%', judged.map(({ dead, live }) => (100 * dead) / (dead + live))),
      figure('B14-arrivals', 'orders that arrived', 'orders/s', [arrivals]),
      figure('B14-orders', 'orders that were accepted and delivered', 'orders', [orders + submitted.accepted]),
    ];
  } finally {
    await people.stop();
    await sql.end();
    await bench.stop();
  }
};
