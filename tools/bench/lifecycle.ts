import pg from 'pg';
import { startPeople } from '../sample-world/people.js';
import { verifySystem } from '../verify/verify-system.js';
import { startBenchSystem } from './bench-system.js';
import { appendsALife, openEmmett, type Document } from './emmett.js';
import { allDelivered, deliveryCounter, eventsStored, settled } from './lives.js';
import type { BenchOptions } from './main.js';
import { plainOrders } from './plain-orders.js';
import { cpuMs, peakMb } from './processes.js';
import { figure, quantile, type Figure } from './report.js';
import { measureRounds } from './rounds.js';
import { submitAll, submitAtRate } from './submit.js';

/**
 * A parcel is on its way for three to four seconds of the simulated carrier's clock, whatever we do: of 3,000 lives in 18 s those were 4 s at the
 * end in which two cores stood idle for three quarters. Rounds of 3,000 lives gave 160 to 180 a second, of 12,000 in the same hour 199 and 210.
 */
const ordersDefault = 12_000;
const runsDefault = 5;
const halfLoadSeconds = 20;
const emmettLivesAtOnce = 16;
/**
 * What a service that has run for a minute no longer pays: with 300 orders before them 5,000 lives took 28.1 CPU-ms each, with 2,000 they
 * took 26.5, with 4,000 26.1 (the compiler's work, some 13 CPU-s in all).
 */
const warmOrders = 2_000;
/** People who are quicker than any would ask so often that the asking is half of what is measured at half load. */
const restMs = 1_000;

/** Milliseconds between two facts of the same order, over all orders of a run. */
const between = async (sql: pg.Client, run: string, from: string, to: string): Promise<number[]> => {
  const { rows } = await sql.query<{ ms: number }>(
    `select extract(epoch from b.recorded_at - a.recorded_at)::float8 * 1000 as ms
     from "order".event_log a join "order".event_log b on b.stream_id = a.stream_id and b.shard = a.shard and b.type = $3
     where a.type = $2 and exists (select 1 from "order".external_references r where 'order-' || r.order_id = a.stream_id and r.external_reference like $1)`,
    [`${run}-%`, from, to],
  );
  return rows.map(({ ms }) => ms);
};

/** Milliseconds from a fact of another service to the order's event that it led to: from then on GET shows it, because GET folds the stream. */
const untilVisible = async (sql: pg.Client, since: string): Promise<number[]> => {
  const { rows } = await sql.query<{ ms: number }>(
    `with facts as (
       select event_id, recorded_at from inventory.event_log where recorded_at > $1 union all select event_id, recorded_at from routing.event_log where recorded_at > $1
       union all select event_id, recorded_at from warehouse.event_log where recorded_at > $1 union all select event_id, recorded_at from shipping.event_log where recorded_at > $1)
     select extract(epoch from o.recorded_at - f.recorded_at)::float8 * 1000 as ms
     from "order".event_log_json o join facts f on f.event_id = (o.meta->>'causationId')::uuid where o.recorded_at > $1 and o.meta->>'causationId' is not null`,
    [since],
  );
  return rows.map(({ ms }) => ms);
};

/** Whole lives a second, from placed to delivered, through all five services with simulated staff and carrier; everything on this machine counts. */
export const lifecycle = async ({ orders = ordersDefault, runs = runsDefault, ...options }: BenchOptions): Promise<readonly Figure[]> => {
  const { say, keep } = options;
  const bench = await startBenchSystem(options);
  const { system, stack } = bench;
  const sql = new pg.Client({ connectionString: stack.databaseUrl });
  await sql.connect();
  const { apiKey } = system.secrets;
  const people = startPeople({ baseUrl: system.baseUrl, urls: system.urls, restMs, apiKey, carrierUrl: system.carrierUrl });
  try {
    const warmed = await deliveryCounter(sql);
    const warm = await submitAll(system.urls.order, apiKey, plainOrders(bench.parts, warmOrders, 'warm'), 'warm', 16);
    if (warm.firstOther !== undefined) throw new Error(`an order was not accepted: ${warm.firstOther}`);
    await allDelivered(warmed, warmOrders, say);
    const emmett = await openEmmett(stack.databaseUrl);
    let placed = warmOrders;
    const rounds = await measureRounds({
      databaseUrl: stack.databaseUrl,
      runs,
      say,
      keep,
      driftMax: options.driftMax,
      measure: async (run) => {
        const name = `life${run}`;
        await settled(sql);
        const delivered = await deliveryCounter(sql);
        const before = cpuMs(bench.pids());
        const startedAt = performance.now();
        const submitted = await submitAll(system.urls.order, apiKey, plainOrders(bench.parts, orders, name), name, 64);
        if (submitted.firstOther !== undefined) throw new Error(`an order was not accepted: ${submitted.firstOther}`);
        placed += orders;
        await allDelivered(delivered, orders, say);
        const seconds = (performance.now() - startedAt) / 1000;
        const cpu = Object.fromEntries(Object.entries(cpuMs(bench.pids())).map(([part, used]) => [part, (used - (before[part] ?? 0)) / orders]));
        // Neither the reference nor the library shall pay for the end of ours.
        await settled(sql);
        const documents = plainOrders(bench.parts, orders, `emmett-${run}`).map((body) => JSON.parse(body) as Document);
        const bare = await emmett.live(documents, `life-${run}`, emmettLivesAtOnce);
        const measured = { lives: orders / seconds, emmettLives: orders / bare.seconds, cpu, cpuMs: Object.values(cpu).reduce((sum, each) => sum + each, 0) };
        say(`life ${run}: ${measured.lives.toFixed(1)} lives/s, ${measured.cpuMs.toFixed(2)} CPU-ms a life, emmett ${measured.emmettLives.toFixed(1)} lives/s`);
        return measured;
      },
    });
    const rates = rounds.map(({ measured }) => measured.lives);
    const half = figure('', '', '', rates).median / 2;
    await settled(sql);
    const { rows: clock } = await sql.query<{ now: string }>('select now()::text as now');
    const delivered = await deliveryCounter(sql);
    const halfOrders = Math.round(half * halfLoadSeconds);
    const open = await submitAtRate(system.urls.order, apiKey, plainOrders(bench.parts, halfOrders, 'half'), 'half', half);
    if (open.firstOther !== undefined) throw new Error(`an order was not accepted: ${open.firstOther}`);
    await allDelivered(delivered, halfOrders, say);
    // Tables as young as these have no statistics yet, and without them the next two joins can take minutes.
    await sql.query('analyze');
    const released = await between(sql, 'half', 'OrderPlaced', 'OrderReleased');
    const visible = await untilVisible(sql, clock[0]?.now ?? '');
    const memory = peakMb(bench.pids());
    await settled(sql);
    const events = await eventsStored(sql);
    const findings = await verifySystem({ databaseUrl: stack.databaseUrl });
    const wrong = findings.filter(({ violations }) => violations.length > 0);
    if (wrong.length > 0) throw new Error(`verify found: ${wrong.map(({ service, id }) => `${service} ${id}`).join(', ')}`);
    const all = placed + halfOrders;
    const fiveServices = ['order', 'inventory', 'routing', 'warehouse', 'shipping'].reduce((sum, name) => sum + (memory[name] ?? 0), 0);
    return [
      figure('B8', 'whole lives a second, placed to delivered, all five services / durable one-row inserts a second', 'lives/s', rates, rounds.map(({ measured, insertsPerSecond }) => measured.lives / insertsPerSecond)),
      figure('B8e', `the same / lives a second of emmett-postgresql (${appendsALife} one-event appends to a stream, ${emmettLivesAtOnce} lives at a time)`, 'lives/s', rates, rounds.map(({ measured }) => measured.lives / measured.emmettLives)),
      figure('B8c', 'CPU of all processes a life, PostgreSQL, broker and load generator included', 'ms', rounds.map(({ measured }) => measured.cpuMs)),
      ...Object.keys(bench.pids()).map((part) => figure(`cpu-${part}`, `CPU of ${part} a life`, 'ms', rounds.map(({ measured }) => measured.cpu[part] ?? Number.NaN))),
      figure('inserts', 'durable one-row inserts, the better of 16 and 32 connections', 'rows/s', rounds.map(({ insertsPerSecond }) => insertsPerSecond)),
      figure('emmett-lives', 'lives of emmett-postgresql', 'lives/s', rounds.map(({ measured }) => measured.emmettLives)),
      figure('events-a-life', 'stored events of all services an order (all counted)', 'events', [events / all]),
      figure('released-p99', '2xx to OrderReleased, p99 at half load', 'ms', [quantile(released, 0.99)]),
      figure('released-p50', '2xx to OrderReleased, median at half load', 'ms', [quantile(released, 0.5)]),
      figure('visible-p99', 'fact to visible in GET, p99 at half load', 'ms', [quantile(visible, 0.99)]),
      figure('visible-p50', 'fact to visible in GET, median at half load', 'ms', [quantile(visible, 0.5)]),
      ...Object.entries(memory).map(([part, mb]) => figure(`rss-${part}`, `peak RSS of ${part}`, 'MB', [mb])),
      figure('rss-services', 'peak RSS of the five services together', 'MB', [fiveServices]),
    ];
  } finally {
    await people.stop();
    await sql.end();
    await bench.stop();
  }
};
