import pg from 'pg';
import { startBenchSystem } from './bench-system.js';
import { durableInsertRate } from './insert-rate.js';
import type { BenchOptions } from './main.js';
import { plainOrders } from './plain-orders.js';
import { cpuMs } from './processes.js';
import { figure, quantile, type Figure } from './report.js';
import { submitAll, submitAtRate } from './submit.js';
import { until } from './until.js';

const ordersDefault = 20_000;
const runsDefault = 5;
const driftMax = 0.2;
/**
 * Two full batches of the group commit, one a lane. With one batch (256) nobody asked while it was committed and nothing was committed while
 * the answers went out: 1.5 of 2 cores were busy, and 10 to 15 % fewer orders accepted.
 */
const connections = 512;

/** A rate still rises after that many by the compiler's work alone (runs of 8,000 after 3,000: 1,432, 1,557 and 1,711/s). */
const warmOrders = 10_000;

const others = ['inventory', 'routing', 'warehouse', 'shipping', 'carrier', 'front-door'] as const;

const unpublished = `select count(*)::int as n from "order".shard_head h left join "order".relay_cursor c on c.shard = h.shard where coalesce(c.seq, 0) < h.seq`;

/** What the runs of one kind gave. */
type Rates = { readonly rates: number[]; readonly ratios: number[]; readonly p99s: number[]; readonly cpus: number[] };

const noRates = (): Rates => ({ rates: [], ratios: [], p99s: [], cpus: [] });

/**
 * Orders accepted durably a second over HTTP, straight at the order service: validation, authentication, idempotency and metrics on (log level `warn`, no collector of traces).
 * Each round measures twice: with the order service and PostgreSQL alone (the broker stands still, and what waits for it is published before
 * anything else is measured), and with its relay publishing to the broker meanwhile, on the same two cores.
 */
export const accept = async ({ orders = ordersDefault, runs = runsDefault, cpuProf, say }: BenchOptions): Promise<readonly Figure[]> => {
  const bench = await startBenchSystem(say, cpuProf);
  const { system, stack } = bench;
  const sql = new pg.Client({ connectionString: stack.databaseUrl });
  await sql.connect();
  try {
    // The others would route and reserve meanwhile.
    for (const part of others) system.signal(part, 'SIGSTOP');
    const cpuOfOrder = (): number => cpuMs(bench.pids())['order'] ?? 0;
    const submit = async (run: string, count: number) => {
      const cpuBefore = cpuOfOrder();
      const result = await submitAll(system.urls.order, system.secrets.apiKey, plainOrders(bench.parts, count, run), run, connections);
      if (result.firstOther !== undefined) throw new Error(`an order was not accepted: ${result.firstOther}`);
      const { rows } = await sql.query<{ n: number }>(`select count(*)::int as n from "order".event_log where type = 'OrderPlaced' and data->>'externalReference' like $1`, [`${run}-%`]);
      if (rows[0]?.n !== count) throw new Error(`${count} orders were accepted, ${rows[0]?.n} are stored`);
      return { rate: result.accepted / result.seconds, p99: quantile(result.milliseconds, 0.99), cpu: (cpuOfOrder() - cpuBefore) / count };
    };
    const published = (): Promise<void> => until('every fact of the order service is published', async () => (await sql.query<{ n: number }>(unpublished)).rows[0]?.n === 0);
    const alone = async (run: string) => {
      bench.signalBroker('SIGSTOP');
      try {
        return await submit(run, orders);
      } finally {
        bench.signalBroker('SIGCONT');
      }
    };
    await submit('warm', warmOrders);
    const [bare, relayed]: [Rates, Rates] = [noRates(), noRates()];
    for (let run = 1; bare.rates.length < runs && run <= runs * 2; run += 1) {
      await published();
      const before = await durableInsertRate(stack.databaseUrl);
      const withoutRelay = await alone(`bare${run}`);
      await published();
      const withRelay = await submit(`relayed${run}`, orders);
      await published();
      const after = await durableInsertRate(stack.databaseUrl);
      const drift = Math.abs(after.rowsPerSecond / before.rowsPerSecond - 1);
      say(
        `accept ${run}: ${withoutRelay.rate.toFixed(0)}/s, ${withRelay.rate.toFixed(0)}/s with the relay, inserts ${before.rowsPerSecond.toFixed(0)} and ${after.rowsPerSecond.toFixed(0)}/s${drift > driftMax ? ' (drifted, not counted)' : ''}`,
      );
      if (drift > driftMax) continue;
      const reference = Math.max(before.rowsPerSecond, after.rowsPerSecond);
      for (const [kind, { rate, p99, cpu }] of [[bare, withoutRelay], [relayed, withRelay]] as const) {
        kind.rates.push(rate);
        kind.ratios.push(rate / reference);
        kind.p99s.push(p99);
        kind.cpus.push(cpu);
      }
    }
    const half = figure('', '', '', relayed.rates).median / 2;
    const reference = await durableInsertRate(stack.databaseUrl);
    const open = await submitAtRate(system.urls.order, system.secrets.apiKey, plainOrders(bench.parts, Math.round(half * 10), 'half'), 'half', half);
    const p99 = quantile(open.milliseconds, 0.99);
    return [
      figure('accept', 'orders accepted a second, order service and PostgreSQL only / durable one-row inserts a second', 'orders/s', bare.rates, bare.ratios),
      figure('accept-relayed', 'the same with the relay and the broker at work', 'orders/s', relayed.rates, relayed.ratios),
      figure('accept-p99', `accept p99, closed loop of ${connections}`, 'ms', bare.p99s),
      figure('accept-relayed-p99', 'the same with the relay and the broker at work', 'ms', relayed.p99s),
      figure('accept-p99-half', 'accept p99 at half load with the relay at work, open loop / commit median at that connection count', 'ms', [p99], [p99 / reference.medianMs]),
      figure('accept-p50-half', 'accept median at half load with the relay at work, open loop', 'ms', [quantile(open.milliseconds, 0.5)]),
      figure('accept-cpu', 'CPU of the order service an order', 'ms', bare.cpus),
      figure('accept-relayed-cpu', 'the same with the relay and the broker at work', 'ms', relayed.cpus),
    ];
  } finally {
    for (const part of others) system.signal(part, 'SIGCONT');
    await sql.end();
    await bench.stop();
  }
};
