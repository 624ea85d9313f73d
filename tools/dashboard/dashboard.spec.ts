import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { dashboardFile, dashboardJson, rows } from './dashboard.js';
import { readExpression } from './promql.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const alerts = readFileSync(join(root, 'deploy/prometheus/alerts.yml'), 'utf8');
const panels = rows.flatMap((row) => row.panels);
const panelExpressions = panels.flatMap(({ queries }) => queries.map(({ expr }) => expr));

/** The expressions of the rules; a folded one goes on while lines are indented deeper than its key. */
const alertExpressions = [...alerts.matchAll(/^ {8}expr: (?:>-\n((?: {10}.*\n)+)|(.+)\n)/gm)].map(([, folded, plain]) => (folded ?? plain ?? '').trim());

function* sourcesBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sourcesBelow(path);
    else if (entry.name.endsWith('.ts') && !entry.name.endsWith('.spec.ts')) yield readFileSync(path, 'utf8');
  }
}

/** Every metric that is made here, by the name it is made with. */
const registered = new Set(
  ['libs', 'services', 'tools/front-door'].flatMap((folder) =>
    [...sourcesBelow(join(root, folder))].flatMap((source) => [...source.matchAll(/\b(?:counter|counted|durations|gauge|observedCounter)\(\s*'([a-z_]+)'/g)].map(([, name]) => name ?? '')),
  ),
);
// Made by Prometheus and by the instrumentation of the runtime.
const known = new Set(['up', 'nodejs_eventloop_delay_p99', 'v8js_gc_duration']);
const isMade = (metric: string): boolean => [metric, metric.replace(/_(bucket|count|sum)$/, '')].some((name) => registered.has(name) || known.has(name));

describe('the dashboard', () => {
  it('is what the script makes (node dist/tools/dashboard/write.js)', () => {
    expect(readFileSync(join(root, dashboardFile), 'utf8')).toBe(dashboardJson());
  });
  it('has a title of its own, a unit and a description in every panel', () => {
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    for (const { title, unit, description, queries } of panels) {
      expect({ title, unit, description }).toEqual({ title: expect.stringMatching(/\w/), unit: expect.stringMatching(/\w/), description: expect.stringMatching(/\w.*\.$/) });
      expect(queries.length).toBeGreaterThan(0);
    }
  });
  it('asks every question of the data source that is chosen above it, and lays panels out without overlap', () => {
    const { panels: placed } = JSON.parse(dashboardJson()) as {
      panels: { type: string; datasource?: { uid: string }; targets?: { datasource: { uid: string } }[]; gridPos: { x: number; y: number; w: number; h: number } }[];
    };
    for (const { type, datasource, targets = [] } of placed) {
      for (const uid of [...(type === 'row' ? [] : [datasource?.uid]), ...targets.map((target) => target.datasource.uid)]) expect(uid).toBe('${datasource}');
    }
    const cells = placed.flatMap(({ gridPos: { x, y, w, h } }) => Array.from({ length: w * h }, (_, n) => `${x + (n % w)}/${y + Math.floor(n / w)}`));
    expect(new Set(cells).size).toBe(cells.length);
  });
});

describe('the expressions of panels and alerts', () => {
  it.each([...panelExpressions, ...alertExpressions])('%s', (expr) => {
    const { faults, metrics } = readExpression(expr);
    expect(faults).toEqual([]);
    expect(metrics.length).toBeGreaterThan(0);
    expect(metrics.filter((metric) => !isMade(metric))).toEqual([]);
  });
  it('are all of the alerts', () => {
    expect(alertExpressions).toHaveLength(alerts.match(/- alert:/g)?.length ?? 0);
  });
  it('would be found wrong', () => {
    expect(readExpression('sum by (service (up)').faults).not.toEqual([]);
    expect(readExpression('sum(rate(up[$interval]))').faults).not.toEqual([]);
    expect(isMade('orderlog_consumer_lag')).toBe(false);
  });
});
