import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { table } from '../cli/output.js';
import { StackError } from '../local-stack/stack-error.js';
import { runCampaign } from './campaign.js';
import { runPlanted } from './planted.js';

const usage = `npm run faults -- [--seed N] [--minutes M] [--rate ORDERS_A_SECOND] [--orders N] [--kills N] [--json FILE] [--keep] [--dist DIR]
       npm run faults -- --planted all|ID[,ID…] [--control] [--seed N] [--json FILE]
  Kills, pauses, cuts and starves a system of its own while orders come, then judges what is stored. Ends with 1 when anything is wrong.
  --planted: puts bugs into copies of the built tree, one a run, and ends with 1 when one of them is not caught.
  --control: the same attacks without the bugs; ends with 1 when anything is violated.`;

const whole = (name: string, text: string | undefined, fallback: number): number => {
  const value = Number(text ?? fallback);
  if (!(value >= 0)) throw new StackError(`--${name} ${text ?? ''} is no number`, usage);
  return value;
};

const main = async (): Promise<number> => {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { seed: text, minutes: text, rate: text, orders: text, kills: text, json: text, dist: text, planted: text, control: { type: 'boolean' }, keep: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help === true) {
    console.error(usage);
    return 0;
  }
  if (values.planted !== undefined) {
    const results = await runPlanted({
      ids: values.planted.split(','),
      seed: whole('seed', values.seed, 1),
      control: values.control === true,
      ...(values.json === undefined ? {} : { json: resolve(values.json) }),
      say: (line) => console.error(line),
    });
    if (values.control === true) {
      console.log(table(results.map(({ id, violations, seconds }) => ({ id, violations: Object.keys(violations).join(' ') || 'none', seconds })), ['id', 'violations', 'seconds'], 160));
      return results.every(({ violations, failure }) => failure === undefined && Object.keys(violations).length === 0) ? 0 : 1;
    }
    console.log(table(results.map(({ id, caughtBy, seconds, what }) => ({ id, 'caught by': caughtBy.join(' ') || 'NOTHING', seconds, what })), ['id', 'caught by', 'seconds', 'what'], 160));
    return results.every(({ caughtBy }) => caughtBy.length > 0) ? 0 : 1;
  }
  const minutes = whole('minutes', values.minutes, 3);
  const orders = values.orders === undefined ? undefined : whole('orders', values.orders, 0);
  const result = await runCampaign({
    seed: whole('seed', values.seed, Math.floor(Date.now() / 1000) % 100_000),
    minutes,
    perSecond: whole('rate', values.rate, orders === undefined ? 150 : Math.max(1, Math.ceil(orders / (minutes * 60)))),
    ...(orders === undefined ? {} : { orders }),
    killsMin: whole('kills', values.kills, 0),
    ...(values.dist === undefined ? {} : { dist: resolve(values.dist) }),
    keep: values.keep === true,
    say: (line) => console.error(line),
  });
  const counted = (what: string, counts: Readonly<Record<string, number>>): void => console.log(table(Object.entries(counts).map(([name, n]) => ({ [what]: name, n })), [what, 'n'], 90));
  const { histories, ...figures } = result;
  console.log(`seed ${result.seed}: ${result.orders} orders in ${result.seconds} s`);
  counted('answers', result.outcomes);
  counted('fault', result.faults);
  counted('checked', result.checked);
  counted('violations', result.violations);
  for (const { invariant, what, history } of histories) console.log(`${invariant}: ${what}${history.map((event) => `\n  ${JSON.stringify(event)}`).join('')}`);
  const count = Object.values(result.violations).reduce((sum, n) => sum + n, 0);
  console.log(`${count} violations, seed ${result.seed}`);
  if (values.json !== undefined) writeFileSync(resolve(values.json), `${JSON.stringify({ ...figures, histories: histories.map(({ history, ...rest }) => ({ ...rest, history: history.slice(0, 50) })) }, null, 2)}\n`);
  return count === 0 ? 0 : 1;
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  main().then(
    (code) => process.exit(code),
    (error: unknown) => {
      console.error(error instanceof StackError ? `orderlog: ${error.message}` : error);
      process.exit(1);
    },
  );
}
