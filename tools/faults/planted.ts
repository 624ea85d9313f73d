import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCampaign, type CampaignResult } from './campaign.js';
import type { PlantedBug } from './planted/bug.js';
import { eventLogBugs } from './planted/event-log.js';
import { messagingBugs } from './planted/messaging.js';
import { withPlanted } from './planted/mutate.js';
import { serviceBugs } from './planted/services.js';

/** Every planted bug. */
export const plantedBugs: readonly PlantedBug[] = [...eventLogBugs, ...messagingBugs, ...serviceBugs];

/** What a run with a bug came to. */
export type PlantedResult = {
  readonly id: string;
  readonly what: string;
  readonly expected: readonly string[];
  /** The invariants of those expected that were found violated. */
  readonly caughtBy: readonly string[];
  readonly violations: Readonly<Record<string, number>>;
  readonly seed: number;
  readonly seconds: number;
  readonly orders: number;
  /** Why there is no result. */
  readonly failure?: string;
};

const [minutes, perSecond, orders, restMs] = [0.2, 12, 150, 40_000];
/** Full lives above all, and orders that wait for what nobody has. */
const mix = { shares: [['held', 0.03], ['missing', 0.2], ['hot', 0.12]], missingWait: true } as const;

/** One short campaign with a bug's attack, in this very tree: without the bug it has to find nothing. */
export const attackAs = (bug: PlantedBug, seed: number, say: (text: string) => void): Promise<CampaignResult> =>
  runCampaign({ seed, minutes, perSecond, orders, restMs, mix: bug.mix ?? mix, say, attack: bug.attack ?? (async () => undefined), ...(bug.env === undefined ? {} : { env: bug.env }) });

/** Runs the campaign of a bug from the tree that has it: services, migrations and all. */
const runOne = async (bug: PlantedBug, seed: number, say: (text: string) => void): Promise<PlantedResult> =>
  withPlanted(bug, async (dist) => {
    const report = join(tmpdir(), `orderlog-planted-${bug.id}-${process.pid}.json`);
    const startedAt = performance.now();
    const child = spawn(process.execPath, [join(dist, 'tools/faults/planted-run.js'), bug.id, String(seed), report], { stdio: ['ignore', 'inherit', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('utf8')).slice(-4_000);
    });
    await once(child, 'exit');
    const { id, what, expected } = bug;
    const result = existsSync(report) ? (JSON.parse(readFileSync(report, 'utf8')) as CampaignResult) : undefined;
    rmSync(report, { force: true });
    const found = Object.keys(result?.violations ?? {});
    for (const { invariant, what: how, history } of result?.histories ?? []) say(`  ${invariant}: ${how} (${history.length} rows)`);
    return {
      id,
      what,
      expected,
      caughtBy: expected.filter((invariant) => found.includes(invariant)),
      violations: result?.violations ?? {},
      seed,
      seconds: Math.round((performance.now() - startedAt) / 1000),
      orders: result?.orders ?? 0,
      ...(result === undefined ? { failure: said.split('\n').slice(-8).join('\n') } : {}),
    };
  });

/**
 * Plants bugs one after another; answers what caught each. `control` leaves the bugs out and does all the rest: what is caught then is the
 * attack, not the bug.
 */
export const runPlanted = async (options: {
  readonly ids: readonly string[];
  readonly seed: number;
  readonly control?: boolean;
  readonly json?: string;
  readonly say: (text: string) => void;
}): Promise<readonly PlantedResult[]> => {
  const { ids, seed, control = false, json, say } = options;
  const strangers = ids.filter((id) => id !== 'all' && !plantedBugs.some((bug) => bug.id === id));
  if (strangers.length > 0) throw new Error(`no planted bug is called ${strangers.join(', ')}; there are ${plantedBugs.map(({ id }) => id).join(', ')}`);
  const chosen = plantedBugs.filter(({ id }) => ids.includes('all') || ids.includes(id));
  const results: PlantedResult[] = [];
  for (const bug of chosen) {
    const result = await runOne(control ? { ...bug, edits: [] } : bug, seed, say);
    results.push(result);
    const caught = `${result.caughtBy.length > 0 ? 'caught' : 'NOT CAUGHT'} ${bug.id} by ${result.caughtBy.join(', ') || '-'}`;
    say(`${control ? `the attack of ${bug.id} without the bug` : caught} (${JSON.stringify(result.violations)}) in ${result.seconds} s${result.failure === undefined ? '' : `\n${result.failure}`}`);
    // After each: a run of an hour must not be lost with its last bug.
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(results, null, 2)}\n`);
  }
  return results;
};
