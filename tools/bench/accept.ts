import pg from 'pg';
import { startBenchSystem, type BenchSystem } from './bench-system.js';
import { openEmmett, type Document } from './emmett.js';
import type { BenchOptions } from './main.js';
import { startOtlpSink } from './otlp-sink.js';
import { plainOrders } from './plain-orders.js';
import { cpuMs } from './processes.js';
import { figure, quantile, type Figure } from './report.js';
import { measureRounds } from './rounds.js';
import { submitAll, submitAtRate } from './submit.js';
import { until } from './until.js';

const ordersDefault = 20_000;
const runsDefault = 5;
/**
 * Two full batches of the group commit, one a lane. With one batch (256) nobody asked while it was committed and nothing was committed while
 * the answers went out: 1.5 of 2 cores were busy, and 10 to 15 % fewer orders accepted.
 */
const connections = 512;

/**
 * What a service that has run for a minute no longer pays is the compiler's work: of ten runs of 10,000 in one process the first after 10,000 took the
 * order service 0.293 CPU-ms an order, of it 0.067 in V8's other thread, and the last five 0.263 and 0.040.
 */
const warmOrders = 30_000;
const halfLoadSeconds = 10;

const others = ['inventory', 'routing', 'warehouse', 'shipping', 'carrier', 'front-door'] as const;

const unpublished = `select count(*)::int as n from "order".shard_head h left join "order".relay_cursor c on c.shard = h.shard where coalesce(c.seq, 0) < h.seq`;

/** Events of a run's orders, found by the references it gave: '.' is what follows '-'. No look at the whole log, which may hold millions. */
const storedSql = `select count(*)::int as n from "order".external_references r
  join "order".event_log l on l.shard = ('x' || right(r.order_id::text, 2))::bit(8)::int % 16 and l.stream_id = 'order-' || r.order_id and l.version = 1 and l.type = 'OrderPlaced'
  where r.tenant_id = (select tenant_id from "order".external_references limit 1) and r.channel = 'bench'
    and r.external_reference >= $1 and r.external_reference < $2`;

const unfolded = `select count(*)::int as n from "order".shard_head h left join "order".projection_checkpoints c on c.shard = h.shard where coalesce(c.seq, 0) < h.seq`;

/** A transaction for each order. The number of lanes is not tuned yet (ADR 0018): the best one has to be found on a quiet machine. */
const oneEach = { PLACING_BATCH_MAX: '1', PLACING_LANES: '32', LOG_CONNECTIONS: '36' } as const;
/** As B3 is defined. */
const emmettAtOnce = 64;

/** What one measurement of accepting gave. */
export type Accepted = { readonly rate: number; readonly p50: number; readonly p99: number; readonly orderCpuMs: number; readonly postgresCpuMs: number };

/** The order service under orders, straight at it. */
export type Accepting = {
  /** Closed loop; every accepted order must be found in the log. CPU is counted until `settled`. */
  readonly submit: (run: string, count: number, settled?: () => Promise<void>) => Promise<Accepted>;
  /** The same with the broker standing still: the order service and PostgreSQL only. What waits is published before anything else is measured. */
  readonly alone: (run: string, count: number, settled?: () => Promise<void>) => Promise<Accepted>;
  /** Open loop. */
  readonly atRate: (run: string, perSecond: number) => Promise<{ readonly p50: number; readonly p99: number; readonly max: number }>;
  readonly published: () => Promise<void>;
  /** Every fact is in the read model. */
  readonly folded: () => Promise<void>;
};

/** Ways of having orders accepted, each with its counts checked. */
export const acceptingOf = (bench: BenchSystem, sql: pg.Client): Accepting => {
  const { system } = bench;
  const mustBeStored = async (run: string, count: number): Promise<void> => {
    const { rows } = await sql.query<{ n: number }>(storedSql, [`${run}-`, `${run}.`]);
    if (rows[0]?.n !== count) throw new Error(`${count} orders were accepted, ${rows[0]?.n} are stored`);
  };
  const published = (): Promise<void> => until('every fact of the order service is published', async () => (await sql.query<{ n: number }>(unpublished)).rows[0]?.n === 0);
  const submit: Accepting['submit'] = async (run, count, settled = () => Promise.resolve()) => {
    const before = cpuMs(bench.pids());
    const result = await submitAll(system.urls.order, system.secrets.apiKey, plainOrders(bench.parts, count, run), run, connections);
    await settled();
    const after = cpuMs(bench.pids());
    const cpuOf = (part: string): number => ((after[part] ?? 0) - (before[part] ?? 0)) / count;
    if (result.firstOther !== undefined) throw new Error(`an order was not accepted: ${result.firstOther}`);
    await mustBeStored(run, count);
    return { rate: result.accepted / result.seconds, p50: quantile(result.milliseconds, 0.5), p99: quantile(result.milliseconds, 0.99), orderCpuMs: cpuOf('order'), postgresCpuMs: cpuOf('postgres') };
  };
  return {
    submit,
    published,
    folded: () => until('every fact of the order service is in its read model', async () => (await sql.query<{ n: number }>(unfolded)).rows[0]?.n === 0),
    alone: async (run, count, settled) => {
      await published();
      bench.signalBroker('SIGSTOP');
      try {
        return await submit(run, count, settled);
      } finally {
        bench.signalBroker('SIGCONT');
        await published();
      }
    },
    atRate: async (run, perSecond) => {
      const count = Math.round(perSecond * halfLoadSeconds);
      const result = await submitAtRate(system.urls.order, system.secrets.apiKey, plainOrders(bench.parts, count, run), run, perSecond);
      if (result.firstOther !== undefined) throw new Error(`an order was not accepted: ${result.firstOther}`);
      await mustBeStored(run, count);
      return { p50: quantile(result.milliseconds, 0.5), p99: quantile(result.milliseconds, 0.99), max: Math.max(...result.milliseconds) };
    },
  };
};

/**
 * Orders accepted durably a second over HTTP, straight at the order service: validation, authentication, idempotency and metrics on. In each round,
 * one after the other: the service as it runs (log level `warn`, no collector of traces) alone with PostgreSQL, with its relay publishing, and at
 * half of that rate; another library's appends; the service with a transaction an order; the service with its log at `info` and 1 % of traces sent.
 */
export const accept = async ({ orders = ordersDefault, runs = runsDefault, ...options }: BenchOptions): Promise<readonly Figure[]> => {
  const { say, keep } = options;
  const bench = await startBenchSystem(options);
  const { system, stack } = bench;
  const sql = new pg.Client({ connectionString: stack.databaseUrl });
  await sql.connect();
  const sink = await startOtlpSink();
  const telling = { LOG_LEVEL: 'info', OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_TRACES_SAMPLER_ARG: '0.01' } as const;
  try {
    const emmett = await openEmmett(stack.databaseUrl);
    // The others would route and reserve meanwhile.
    for (const part of others) system.signal(part, 'SIGSTOP');
    const { submit, alone, atRate, published } = acceptingOf(bench, sql);
    const warm = Math.min(warmOrders, 3 * orders);
    /** Every setting is measured in a process that has accepted as many orders as the others'. */
    const restarted = async (run: string, env: Readonly<Record<string, string>>): Promise<void> => {
      await published();
      await system.restart('order', env);
      await submit(`${run}-warm`, warm);
      await published();
    };
    const rounds = await measureRounds({
      databaseUrl: stack.databaseUrl,
      runs,
      say,
      keep,
      driftMax: options.driftMax,
      measure: async (run, calibrate) => {
        await restarted(`as-is-${run}`, {});
        const bare = await alone(`bare-${run}`, orders);
        await calibrate();
        const relayed = await submit(`relayed-${run}`, orders);
        await published();
        const half = await atRate(`half-${run}`, relayed.rate / 2);
        await published();
        const documents = plainOrders(bench.parts, Math.ceil(orders / 2), `emmett-${run}`).map((body) => JSON.parse(body) as Document);
        const appended = await emmett.append(documents, `accept-${run}`, emmettAtOnce);
        await restarted(`one-each-${run}`, oneEach);
        const one = await alone(`one-${run}`, Math.ceil(orders / 2));
        await restarted(`telling-${run}`, telling);
        const bytesBefore = sink.bytes();
        const told = await alone(`told-${run}`, orders);
        await until('traces came to the collector', () => Promise.resolve(sink.bytes() > bytesBefore));
        const emmettRate = appended.events / appended.seconds;
        say(`accept ${run}: ${[bare, relayed, told, one].map(({ rate }) => rate.toFixed(0)).join(', ')} orders/s (alone, with the relay, with log and traces, one a transaction), emmett ${emmettRate.toFixed(0)}/s, at half load p50 ${half.p50.toFixed(1)} and p99 ${half.p99.toFixed(1)} ms`);
        return { bare, relayed, half, told, one, emmettRate };
      },
    });
    const of = (value: (round: (typeof rounds)[number]) => number): number[] => rounds.map(value);
    return [
      figure('B1', 'orders accepted a second, order service and PostgreSQL only, log level warn, no traces / durable one-row inserts a second', 'orders/s', of(({ measured }) => measured.bare.rate), of(({ measured, insertsPerSecond }) => measured.bare.rate / insertsPerSecond)),
      figure('B1-logged', 'the same with log level info to a file and 1 % of traces sent to a collector', 'orders/s', of(({ measured }) => measured.told.rate), of(({ measured, insertsPerSecond }) => measured.told.rate / insertsPerSecond)),
      figure('B1-relayed', 'as B1 with the relay and the broker at work', 'orders/s', of(({ measured }) => measured.relayed.rate), of(({ measured, insertsPerSecond }) => measured.relayed.rate / insertsPerSecond)),
      figure('B2', 'as B1 / the same endpoint with one transaction an order', 'orders/s', of(({ measured }) => measured.bare.rate), of(({ measured }) => measured.bare.rate / measured.one.rate)),
      figure('B3', 'as B1 / one-event appends of emmett-postgresql to new streams, 64 at a time', 'orders/s', of(({ measured }) => measured.bare.rate), of(({ measured }) => measured.bare.rate / measured.emmettRate)),
      figure('B4', 'accept p99 at half of B1-relayed, open loop / commit median at 16 connections', 'ms', of(({ measured }) => measured.half.p99), of(({ measured, commitMs }) => measured.half.p99 / commitMs)),
      figure('B4-spread', 'accept p99 at half of B1-relayed, open loop / its median', 'ms', of(({ measured }) => measured.half.p99), of(({ measured }) => measured.half.p99 / measured.half.p50)),
      figure('B1-p99', `accept p99, closed loop of ${connections}, as B1`, 'ms', of(({ measured }) => measured.bare.p99)),
      figure('B1-cpu', 'CPU of the order service an order, as B1', 'ms', of(({ measured }) => measured.bare.orderCpuMs)),
      figure('B1-relayed-cpu', 'the same with the relay and the broker at work', 'ms', of(({ measured }) => measured.relayed.orderCpuMs)),
      figure('inserts', 'durable one-row inserts, the better of 16 and 32 connections', 'rows/s', of(({ insertsPerSecond }) => insertsPerSecond)),
      figure('emmett-appends', 'one-event appends of emmett-postgresql, 64 at a time', 'events/s', of(({ measured }) => measured.emmettRate)),
    ];
  } finally {
    for (const part of others) system.signal(part, 'SIGCONT');
    await sink.stop();
    await sql.end();
    await bench.stop();
  }
};
