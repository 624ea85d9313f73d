import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../cli/output.js';
import { StackError } from '../local-stack/stack-error.js';
import { accept } from './accept.js';
import { consume } from './consume.js';
import { disturbed } from './disturbed.js';
import { endurance } from './endurance.js';
import { growth } from './growth.js';
import { lifecycle } from './lifecycle.js';
import { recovery } from './recovery.js';
import { relay } from './relay.js';
import { replay } from './replay.js';
import type { Figure } from './report.js';

/** What every benchmark is given. */
export type BenchOptions = {
  readonly orders: number | undefined;
  readonly runs: number | undefined;
  readonly minutes: number | undefined;
  /** Where a figure is measured in rounds: how far the reference may move within one that counts. */
  readonly driftMax: number | undefined;
  readonly cpuProf: string | undefined;
  readonly say: (text: string) => void;
  /** Keeps numbers as they were measured, for `--raw`; what is kept last under a name stays. */
  readonly keep: (name: string, numbers: unknown) => void;
};

const benchmarks: Readonly<Record<string, (options: BenchOptions) => Promise<readonly Figure[]>>> = {
  accept,
  lifecycle,
  growth,
  recovery,
  endurance,
  relay,
  consume,
  disturbed,
  replay,
};

/** Which benchmark gives a figure of that id (those that begin with one of these too): figures that are divided by each other are measured in turn. */
const benchmarkOf: Readonly<Record<string, string>> = { B1: 'accept', B2: 'accept', B3: 'accept', B4: 'accept', B8: 'lifecycle', B8e: 'lifecycle', B8c: 'lifecycle', B5: 'relay', B6: 'consume', B9: 'replay', B11: 'growth', B12: 'disturbed', B13: 'recovery', B14: 'endurance' };

const usage = `npm run bench -- <${[...Object.keys(benchmarks), ...Object.keys(benchmarkOf)].join('|')}|all>
  [--json FILE] [--raw DIR] [--orders N] [--runs N] [--minutes N] [--drift PERCENT] [--cpu-prof DIR]
  Ratios within one run on this machine; the reference is measured before and after each. Nothing else should run meanwhile.`;

const numberOf = (value: string | undefined): number | undefined => (value === undefined ? undefined : Number(value));

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      raw: { type: 'string' },
      orders: { type: 'string' },
      runs: { type: 'string' },
      minutes: { type: 'string' },
      drift: { type: 'string' },
      'cpu-prof': { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const asked = positionals.length === 0 ? [''] : positionals;
  const chosen = asked.includes('all') ? Object.keys(benchmarks) : [...new Set(asked.map((id) => benchmarkOf[id] ?? id))];
  if (values.help === true || chosen.some((id) => !Object.hasOwn(benchmarks, id))) {
    console.error(usage);
    return values.help === true ? 0 : 2;
  }
  const raw = values.raw === undefined ? undefined : resolve(values.raw);
  if (raw !== undefined) mkdirSync(raw, { recursive: true });
  const figures: Figure[] = [];
  for (const id of chosen) {
    const benchmark = benchmarks[id];
    if (benchmark === undefined) continue;
    const kept: Record<string, unknown> = {};
    kept['asked'] = values;
    const keep = (name: string, numbers: unknown): void => {
      kept[name] = numbers;
      // At once: what was measured stays, also when the run is broken off.
      if (raw !== undefined) writeFileSync(join(raw, `${id}.json`), `${JSON.stringify(kept, null, 2)}\n`);
    };
    const given = await benchmark({
      orders: numberOf(values.orders),
      runs: numberOf(values.runs),
      minutes: numberOf(values.minutes),
      driftMax: values.drift === undefined ? undefined : Number(values.drift) / 100,
      cpuProf: values['cpu-prof'] === undefined ? undefined : resolve(values['cpu-prof']),
      say: (text) => console.error(text),
      keep,
    });
    keep('figures', given);
    figures.push(...given);
  }
  console.log(table(figures, ['id', 'what', 'ratio', 'median', 'min', 'max', 'unit', 'runs'], 90));
  const json = `${JSON.stringify(figures, null, 2)}\n`;
  if (values.json === undefined) console.log(json);
  else writeFileSync(resolve(values.json), json);
  return 0;
};

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof StackError ? `orderlog: ${error.message}` : error);
    process.exit(1);
  },
);
