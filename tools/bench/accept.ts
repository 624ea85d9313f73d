import pg from 'pg';
import { startBenchSystem } from './bench-system.js';
import { durableInsertRate } from './insert-rate.js';
import type { BenchOptions } from './main.js';
import { plainOrders } from './plain-orders.js';
import { cpuMs } from './processes.js';
import { figure, quantile, type Figure } from './report.js';
import { submitAll, submitAtRate } from './submit.js';

const ordersDefault = 20_000;
const runsDefault = 5;
const driftMax = 0.2;
/**
 * Two full batches of the group commit, one a lane. With one batch (256) nobody asked while it was committed and nothing was committed while
 * the answers went out: 1.5 of 2 cores were busy, and 10 to 15 % fewer orders accepted.
 */
const connections = 512;

/** Orders accepted durably a second over HTTP, straight at the order service: validation, authentication, idempotency and relay on. */
export const accept = async ({ orders = ordersDefault, runs = runsDefault, cpuProf, say }: BenchOptions): Promise<readonly Figure[]> => {
  const bench = await startBenchSystem(say, cpuProf);
  const { system, stack } = bench;
  const sql = new pg.Client({ connectionString: stack.databaseUrl });
  await sql.connect();
  try {
    // Only the order service and PostgreSQL count here: the others would route and reserve meanwhile.
    for (const part of ['inventory', 'routing', 'warehouse', 'shipping', 'carrier', 'front-door'] as const) system.signal(part, 'SIGSTOP');
    const [rates, ratios, p99s, cpus]: [number[], number[], number[], number[]] = [[], [], [], []];
    const cpuOfOrder = (): number => cpuMs(bench.pids())['order'] ?? 0;
    const warm = await submitAll(system.urls.order, system.secrets.apiKey, plainOrders(bench.parts, 2_000, 'warm'), 'warm');
    if (warm.firstOther !== undefined) throw new Error(`an order was not accepted: ${warm.firstOther}`);
    for (let run = 1; rates.length < runs && run <= runs * 2; run += 1) {
      const before = await durableInsertRate(stack.databaseUrl);
      const cpuBefore = cpuOfOrder();
      const result = await submitAll(system.urls.order, system.secrets.apiKey, plainOrders(bench.parts, orders, `run${run}`), `run${run}`, connections);
      const cpu = cpuOfOrder() - cpuBefore;
      const after = await durableInsertRate(stack.databaseUrl);
      if (result.firstOther !== undefined) throw new Error(`an order was not accepted: ${result.firstOther}`);
      const { rows } = await sql.query<{ n: number }>(`select count(*)::int as n from "order".event_log where type = 'OrderPlaced' and data->>'externalReference' like $1`, [`run${run}-%`]);
      if (rows[0]?.n !== orders) throw new Error(`${orders} orders were accepted, ${rows[0]?.n} are stored`);
      const drift = Math.abs(after.rowsPerSecond / before.rowsPerSecond - 1);
      const rate = result.accepted / result.seconds;
      const reference = Math.max(before.rowsPerSecond, after.rowsPerSecond);
      say(`accept ${run}: ${rate.toFixed(0)}/s, inserts ${before.rowsPerSecond.toFixed(0)} and ${after.rowsPerSecond.toFixed(0)}/s${drift > driftMax ? ' (drifted, not counted)' : ''}`);
      if (drift > driftMax) continue;
      rates.push(rate);
      ratios.push(rate / reference);
      p99s.push(quantile(result.milliseconds, 0.99));
      cpus.push(cpu / orders);
    }
    const half = figure('', '', '', rates).median / 2;
    const reference = await durableInsertRate(stack.databaseUrl);
    const open = await submitAtRate(system.urls.order, system.secrets.apiKey, plainOrders(bench.parts, Math.round(half * 10), 'half'), 'half', half);
    const p99 = quantile(open.milliseconds, 0.99);
    return [
      figure('accept', 'orders accepted a second / durable one-row inserts a second', 'orders/s', rates, ratios),
      figure('accept-p99', `accept p99, closed loop of ${connections}`, 'ms', p99s),
      figure('accept-p99-half', 'accept p99 at half load, open loop / commit median at that connection count', 'ms', [p99], [p99 / reference.medianMs]),
      figure('accept-p50-half', 'accept median at half load, open loop', 'ms', [quantile(open.milliseconds, 0.5)]),
      figure('accept-cpu', 'CPU of the order service an order', 'ms', cpus),
    ];
  } finally {
    for (const part of ['inventory', 'routing', 'warehouse', 'shipping', 'carrier', 'front-door'] as const) system.signal(part, 'SIGCONT');
    await sql.end();
    await bench.stop();
  }
};
