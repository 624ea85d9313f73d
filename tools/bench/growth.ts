import pg from 'pg';
import { acceptingOf } from './accept.js';
import { startBenchSystem } from './bench-system.js';
import type { BenchOptions } from './main.js';
import { figure, median, type Figure } from './report.js';
import { storedOrders } from './stored-orders.js';

/** Orders the service places itself; all others are copies of them. */
const templatesMax = 2_000;
const largestDefault = 1_000_000;
/** The smallest size is the largest divided by that, twice. */
const step = 10;
const portions = 5;

/**
 * CPU of the order service and PostgreSQL an order at three sizes of what is stored. The service is started anew for each size and accepts the same
 * number of orders before it is measured, so that its compiler's work is the same at each. Other services stand still; the broker stands still
 * while it is measured.
 */
export const growth = async ({ orders: largest = largestDefault, ...options }: BenchOptions): Promise<readonly Figure[]> => {
  const { say, keep } = options;
  const smallest = largest / step ** 2;
  const templates = Math.min(templatesMax, smallest / 5);
  const warm = smallest - templates;
  const measured = smallest / 5;
  if (![templates, warm, measured].every(Number.isInteger)) throw new Error(`${largest} orders do not divide into sizes`);
  const bench = await startBenchSystem(options);
  const { system, stack } = bench;
  const sql = new pg.Client({ connectionString: stack.databaseUrl });
  await sql.connect();
  try {
    for (const part of ['inventory', 'routing', 'warehouse', 'shipping', 'carrier', 'front-door'] as const) system.signal(part, 'SIGSTOP');
    const { submit, alone, published, folded } = acceptingOf(bench, sql);
    await submit('template', templates);
    await published();
    await folded();
    const store = await storedOrders(sql, 'template');
    const sizes = [smallest, smallest * step, largest];
    const figures: { readonly stored: number; readonly order: number[]; readonly postgres: number[] }[] = [];
    let stored = templates;
    for (const size of sizes) {
      // What is warmed up with counts too; copies come in whole sets of the templates.
      const more = Math.max(0, Math.floor((size - warm - stored) / templates)) * templates;
      if (more > 0) {
        say(`storing ${more} orders`);
        // All it accepted is published and folded. It does not wake up again: it would publish every copy. The restart below kills it.
        system.signal('order', 'SIGSTOP');
        await store(more);
        stored += more;
      }
      await sql.query('vacuum analyze');
      await sql.query('checkpoint');
      await system.restart('order');
      await submit(`warm-${size}`, warm);
      stored += warm;
      const at = { stored, order: [] as number[], postgres: [] as number[] };
      for (let portion = 1; portion <= portions; portion += 1) {
        await published();
        await folded();
        const { orderCpuMs, postgresCpuMs } = await alone(`growth-${size}-${portion}`, measured, folded);
        stored += measured;
        at.order.push(orderCpuMs);
        at.postgres.push(postgresCpuMs);
      }
      figures.push(at);
      keep('sizes', figures);
      say(`${at.stored} orders stored: ${median(at.order).toFixed(3)} ms of the order service and ${median(at.postgres).toFixed(3)} ms of PostgreSQL an order`);
    }
    const sum = ({ order, postgres }: (typeof figures)[number]): number[] => order.map((each, n) => each + (postgres[n] ?? 0));
    const base = figures[0] === undefined ? Number.NaN : median(sum(figures[0]));
    return figures.flatMap((at, n) => {
      const what = `CPU an order, order service and PostgreSQL, with ${at.stored} orders stored`;
      return [
        figure(`B11-${sizes[n]}`, n === 0 ? what : `${what} / with ${figures[0]?.stored}`, 'ms', sum(at), sum(at).map((each) => each / base)),
        figure(`B11-${sizes[n]}-postgres`, 'of this PostgreSQL', 'ms', at.postgres),
      ];
    });
  } finally {
    // The others stay as they are: they would ask for every copy now.
    await sql.end();
    await bench.stop();
  }
};
