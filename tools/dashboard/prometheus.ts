import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePort } from '../local-stack/ports.js';
import { spawnGuarded } from '../local-stack/guarded.js';

/** One line of an answer: its labels and its value now. */
export type Sample = { readonly metric: Readonly<Record<string, string>>; readonly value: readonly [number, string] };

/** A running Prometheus of this machine. */
export type Prometheus = {
  /** Answers an expression at this moment. */
  readonly query: (expr: string) => Promise<readonly Sample[]>;
  /** `/api/v1/<path>`, its `data`. */
  readonly ask: <T>(path: string) => Promise<T>;
  readonly stop: () => Promise<void>;
};

const readyMs = 20_000;

/** The configuration that compose mounts, with the addresses of a local system and a scrape a second. JSON is YAML. */
const configOf = (urls: Readonly<Record<string, string>>): string =>
  JSON.stringify({
    global: { scrape_interval: '1s', evaluation_interval: '2s' },
    rule_files: [resolve('deploy/prometheus/alerts.yml')],
    scrape_configs: [
      { job_name: 'orderlog', static_configs: Object.entries(urls).map(([service, url]) => ({ targets: [new URL(url).host], labels: { service } })) },
    ],
  });

/** Starts the installed `prometheus` on the services of a system; everything it keeps is below `folder`. */
export const startPrometheus = async (urls: Readonly<Record<string, string>>, folder: string): Promise<Prometheus> => {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'prometheus.yml');
  writeFileSync(config, configOf(urls));
  execFileSync('promtool', ['check', 'config', config], { stdio: ['ignore', 'ignore', 'inherit'] });
  const port = await freePort();
  const program = await spawnGuarded(
    'prometheus',
    [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'],
    { logFile: join(folder, 'prometheus.log') },
  );
  const base = `http://127.0.0.1:${port}`;
  const isReady = async (): Promise<boolean> => {
    try {
      return (await fetch(`${base}/-/ready`)).ok;
    } catch {
      // It does not listen yet.
      return false;
    }
  };
  const giveUpAt = Date.now() + readyMs;
  while (!(await isReady())) {
    if (program.exit !== undefined || Date.now() > giveUpAt) throw new Error(`prometheus did not start: ${join(folder, 'prometheus.log')}`);
    await new Promise((done) => setTimeout(done, 100));
  }
  const ask = async <T>(path: string): Promise<T> => {
    const answer = (await (await fetch(`${base}/api/v1/${path}`)).json()) as { readonly data?: T; readonly error?: string };
    if (answer.data === undefined) throw new Error(`${path}: ${answer.error ?? 'no answer'}`);
    return answer.data;
  };
  return {
    ask,
    query: async (expr) => (await ask<{ readonly result: readonly Sample[] }>(`query?query=${encodeURIComponent(expr)}`)).result,
    stop: async () => void (await program.stop()),
  };
};
