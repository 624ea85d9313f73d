import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../cli/output.js';
import { StackError } from '../local-stack/stack-error.js';
import { accept } from './accept.js';
import { consume } from './consume.js';
import { disturbed } from './disturbed.js';
import { lifecycle } from './lifecycle.js';
import { relay } from './relay.js';
import { replay } from './replay.js';
import type { Figure } from './report.js';

/** What every benchmark is given. */
export type BenchOptions = { readonly orders: number | undefined; readonly runs: number | undefined; readonly cpuProf: string | undefined; readonly say: (text: string) => void };

const benchmarks: Readonly<Record<string, (options: BenchOptions) => Promise<readonly Figure[]>>> = { accept, lifecycle, relay, consume, disturbed, replay };

const usage = `npm run bench -- <${Object.keys(benchmarks).join('|')}|all> [--json FILE] [--orders N] [--runs N] [--cpu-prof DIR]
  Ratios within one run on this machine; the reference is measured before and after each. Nothing else should run meanwhile.`;

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'string' }, orders: { type: 'string' }, runs: { type: 'string' }, 'cpu-prof': { type: 'string' }, help: { type: 'boolean' } },
  });
  const [name = ''] = positionals;
  const chosen = name === 'all' ? Object.keys(benchmarks) : [name];
  if (values.help === true || chosen.some((id) => !Object.hasOwn(benchmarks, id))) {
    console.error(usage);
    return values.help === true ? 0 : 2;
  }
  const figures: Figure[] = [];
  for (const id of chosen) {
    const benchmark = benchmarks[id];
    if (benchmark === undefined) continue;
    figures.push(
      ...(await benchmark({
        orders: values.orders === undefined ? undefined : Number(values.orders),
        runs: values.runs === undefined ? undefined : Number(values.runs),
        cpuProf: values['cpu-prof'] === undefined ? undefined : resolve(values['cpu-prof']),
        say: (text) => console.error(text),
      })),
    );
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
