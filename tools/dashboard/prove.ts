import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runScenarios } from '../sample-world/run-scenarios.js';
import { rows } from './dashboard.js';
import type { Panel } from './grafana.js';
import { startPrometheus, type Prometheus } from './prometheus.js';
import { withoutVariables } from './promql.js';

// Asks a real Prometheus every question of the dashboard while orders flow through a system that `npm start` runs. See README.md.

type Target = { readonly health: string; readonly lastError: string; readonly labels: Readonly<Record<string, string>> };
type Rules = { readonly groups: readonly { readonly rules: readonly { readonly name: string; readonly health: string; readonly state: string }[] }[] };

const { values: options } = parseArgs({ options: { data: { type: 'string', default: '.orderlog' }, orders: { type: 'string', default: '300' } } });
const system = JSON.parse(readFileSync(join(options.data, 'system.json'), 'utf8')) as {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly urls: Readonly<Record<string, string>>;
};

/** Rates need two scrapes within their interval of 15 s; the first scrape of a new target comes within one. */
const settleMs = 5_000;

const flow = async (): Promise<void> => {
  const results = await runScenarios({ baseUrl: system.baseUrl, apiKey: system.apiKey, orders: Number(options.orders), leaseMs: Infinity, onProgress: () => undefined });
  const wrong = results.filter(({ problem }) => problem !== undefined);
  console.log(`${results.length} orders lived${wrong.length === 0 ? '' : `, ${wrong.length} not as they must: ${wrong[0]?.problem}`}`);
};

const shown = (value: number): string => (Math.abs(value) >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toPrecision(3));

/** Asks until every line of a panel was seen at least once, since some come and go with the orders. */
const seen = new Map<string, { readonly series: number; readonly least: number; readonly most: number }>();
const look = async (prometheus: Prometheus): Promise<void> => {
  for (const { expr } of rows.flatMap((row) => row.panels.flatMap((panel) => panel.queries))) {
    const values = (await prometheus.query(withoutVariables(expr))).map(({ value }) => Number(value[1])).filter((value) => !Number.isNaN(value));
    const before = seen.get(expr) ?? { series: 0, least: Infinity, most: -Infinity };
    seen.set(expr, { series: Math.max(before.series, values.length), least: Math.min(before.least, ...values), most: Math.max(before.most, ...values) });
  }
};

/** One line a panel; answers whether it has what it must have. */
const judged = ({ title, queries, emptyWhenHealthy }: Panel): boolean => {
  const answers = queries.map(({ expr }) => seen.get(expr) ?? { series: 0, least: 0, most: 0 });
  const series = answers.reduce((sum, answer) => sum + answer.series, 0);
  const ranges = answers.map((answer) => (answer.series === 0 ? '-' : `${shown(answer.least)}..${shown(answer.most)}`)).join(' | ');
  const word = series > 0 ? 'ok   ' : emptyWhenHealthy === undefined ? 'EMPTY' : 'none ';
  console.log(`  ${word} ${title.padEnd(38)} ${String(series).padStart(3)} series  ${series === 0 && emptyWhenHealthy !== undefined ? `empty when healthy: ${emptyWhenHealthy}` : ranges}`);
  return series > 0 || emptyWhenHealthy !== undefined;
};

for (const file of ['alerts.yml', 'alerts.test.yml']) {
  const what = file === 'alerts.yml' ? 'check' : 'test';
  execFileSync('promtool', [what, 'rules', `deploy/prometheus/${file}`], { stdio: ['ignore', 'ignore', 'inherit'] });
  console.log(`promtool ${what} rules ${file}: ok`);
}

const folder = mkdtempSync(join(tmpdir(), 'orderlog-dashboard-'));
const prometheus = await startPrometheus(system.urls, folder);
let isWell = true;
try {
  await new Promise((done) => setTimeout(done, settleMs));
  let isFlowing = true;
  const flowing = flow().finally(() => (isFlowing = false));
  do {
    await look(prometheus);
    await new Promise((done) => setTimeout(done, 1_000));
  } while (isFlowing);
  await flowing;
  await look(prometheus);
  const { activeTargets } = await prometheus.ask<{ readonly activeTargets: readonly Target[] }>('targets');
  for (const { health, lastError, labels } of activeTargets.filter((target) => target.health !== 'up')) {
    console.log(`  ${labels['service']} is ${health}: ${lastError}`);
    isWell = false;
  }
  console.log(`${activeTargets.length} targets scraped every second`);
  for (const row of rows) {
    console.log(row.title);
    isWell = row.panels.map(judged).every(Boolean) && isWell;
  }
  const { groups } = await prometheus.ask<Rules>('rules');
  const rules = groups.flatMap((group) => group.rules);
  for (const { name, health } of rules.filter((rule) => rule.health !== 'ok')) {
    console.log(`  the rule ${name} could not be evaluated: ${health}`);
    isWell = false;
  }
  const raised = rules.filter(({ state }) => state !== 'inactive').map(({ name, state }) => `${name} (${state})`);
  console.log(`${rules.length} alert rules evaluated; ${raised.length === 0 ? 'none is raised' : `raised: ${raised.join(', ')}`}`);
} finally {
  await prometheus.stop();
  rmSync(folder, { recursive: true, force: true });
}
console.log(isWell ? 'every panel has what it must have' : 'NOT every panel has what it must have');
process.exit(isWell ? 0 : 1);
