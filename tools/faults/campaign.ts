import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { shardsPerLog } from '@orderlog/contracts';
import { seededRandom } from '../olist/random.js';
import { startPeople } from '../sample-world/people.js';
import { stageDeadlineMs, startAttackedSystem, type AttackedSystem } from './attacked-system.js';
import type { Mix } from './buyers.js';
import { dump } from './dump.js';
import type { RunRecord } from './dump-format.js';
import { injectorOf, type Injector } from './inject.js';
import { checked, verified, type Violation } from './judge.js';
import { startLoad } from './load.js';
import { openOutcomes } from './outcomes.js';
import { countedAs, planOf, type Step } from './plan.js';
import { rest } from './rest.js';

/** What is done and how much of it. */
export type CampaignOptions = {
  readonly seed: number;
  /** For how long faults and orders come; healing, coming to rest and judging follow. */
  readonly minutes: number;
  readonly perSecond: number;
  /** No more than so many; the campaign goes on until they were sent. */
  readonly orders?: number;
  readonly killsMin?: number;
  /** Another built tree for the services to run. */
  readonly dist?: string;
  /** Done instead of the plan that the seed makes. */
  readonly attack?: (attacked: AttackedSystem, injector: Injector) => Promise<void>;
  /** Added to the environment of every process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly mix?: Mix;
  /** How long it may take to come to rest. */
  readonly restMs?: number;
  /** Keeps the dump in a folder that is said. */
  readonly keep?: boolean;
  readonly say: (text: string) => void;
};

/** What came of it: the shape of the JSON file. */
export type CampaignResult = {
  readonly seed: number;
  readonly minutes: number;
  readonly seconds: number;
  readonly orders: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly violations: Readonly<Record<string, number>>;
  readonly checked: Readonly<Record<string, number>>;
  /** The smallest history of each invariant that does not hold. */
  readonly histories: readonly Violation[];
};

const restMsDefault = 120_000;
const peopleRestMs = 1_000;

const byName = (names: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const name of [...names].sort()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
};

/** Of each invariant the violation with the shortest history. */
const smallest = (violations: readonly Violation[]): readonly Violation[] => {
  const shortest = new Map<string, Violation>();
  for (const violation of violations) {
    const known = shortest.get(violation.invariant);
    if (known === undefined || violation.history.length < known.history.length) shortest.set(violation.invariant, violation);
  }
  return [...shortest.values()];
};

/** Runs the steps of every track one after another, the tracks side by side; while everything is down nothing else is done. */
const attack = async (steps: readonly Step[], inject: (step: Step) => Promise<void>): Promise<void> => {
  let startedAt = performance.now();
  let gate: Promise<void> = Promise.resolve();
  const busy = new Set<Promise<void>>();
  const run = async (track: string): Promise<void> => {
    for (const step of steps.filter((candidate) => candidate.track === track)) {
      do {
        await pause(Math.max(0, startedAt + step.atMs - performance.now()));
        await gate;
      } while (performance.now() < startedAt + step.atMs);
      if (track === 'all') {
        const closedAt = performance.now();
        gate = Promise.all(busy).then(() => inject(step));
        await gate;
        // What was due meanwhile is not done all at once.
        startedAt += performance.now() - closedAt;
      } else {
        const one = inject(step).finally(() => busy.delete(one));
        busy.add(one);
        await one;
      }
    }
  };
  await Promise.all([...new Set(steps.map(({ track }) => track))].map(run));
};

/** One campaign: start, orders and faults, heal, rest, dump, judge. */
export const runCampaign = async (options: CampaignOptions): Promise<CampaignResult> => {
  const { seed, minutes, perSecond, dist, mix, restMs: restMsMax = restMsDefault, say } = options;
  const begunAt = performance.now();
  const at = (): string => `${Math.round((performance.now() - begunAt) / 1000)} s`;
  const startedAt = new Date().toISOString();
  const random = seededRandom(seed ^ 0x5bd1e995);
  const ms = minutes * 60_000;
  const steps = planOf({ seed, ms, shards: shardsPerLog, ...(options.killsMin === undefined ? {} : { killsMin: options.killsMin }) });
  const folder = mkdtempSync(join(tmpdir(), `orderlog-dump-${seed}-`));
  const attacked = await startAttackedSystem({ random, say, env: options.env ?? {}, ...(dist === undefined ? {} : { dist }) });
  const { system } = attacked;
  const people = startPeople({ baseUrl: system.baseUrl, urls: system.urls, apiKey: system.secrets.apiKey, carrierUrl: system.carrierUrl, restMs: peopleRestMs });
  try {
    const outcomes = openOutcomes(join(folder, 'outcomes.ndjson'));
    const load = startLoad({ attacked, outcomes, seed, perSecond, ordersMax: options.orders ?? Number.MAX_SAFE_INTEGER, ...(mix === undefined ? {} : { mix }) });
    const done: string[] = [];
    const raw = injectorOf(attacked, random);
    const injector: Injector = {
      ...raw,
      inject: async (fault) => {
        const name = await raw.inject(fault);
        done.push(name);
        return name;
      },
    };
    const planned = attack(options.attack === undefined ? steps : [], async ({ fault }) => {
      try {
        await injector.inject(fault);
      } catch (error) {
        // It met another one: nobody to talk to. It does not count.
        say(`${at()} ${countedAs(fault)} could not be done: ${error instanceof Error ? error.message : String(error)}`);
      }
      say(`${at()} ${done.length} of ${steps.length} faults, ${load.begun()} orders, last ${JSON.stringify(fault)}`);
    });
    await (options.attack?.(attacked, injector) ?? planned);
    while (options.orders !== undefined && load.begun() < options.orders) await pause(100);
    await injector.heal().catch((error: unknown) => {
      // With a bug in it a system may never be ready again; what it has stored is to be judged all the same.
      if (options.attack === undefined) throw error;
      say(`${at()} not healed: ${error instanceof Error ? error.message : String(error)}`);
    });
    const healedAt = new Date().toISOString();
    await load.stop();
    await outcomes.close();
    say(`${at()} healed; ${load.begun()} orders`);
    const { restedAt, moving } = await rest(attacked.databaseUrl, restMsMax, (text) => say(`${at()} ${text}`));
    say(`${at()} ${restedAt === null ? 'not at rest' : 'at rest'}; writing down what is stored`);
    const faults = byName(done);
    const run: RunRecord = { seed, startedAt, healedAt, quiescedAt: restedAt, stageDeadlineMs, orders: load.begun(), faults };
    await dump(attacked, folder, run);
    say(`${at()} judging`);
    const verdicts = [await checked(folder), await verified(attacked)];
    const overrun: readonly Violation[] = restedAt === null ? [{ invariant: 'rest', what: `after ${restMsMax / 1000} s still moving: ${JSON.stringify(moving)}`, history: [] }] : [];
    const violations = [...overrun, ...verdicts.flatMap((verdict) => verdict.violations)];
    return {
      seed,
      minutes,
      seconds: Math.round((performance.now() - begunAt) / 1000),
      orders: load.begun(),
      outcomes: outcomes.counts,
      faults,
      violations: byName(violations.map(({ invariant }) => invariant)),
      checked: Object.assign({}, ...verdicts.map(({ looked }) => looked)) as Record<string, number>,
      histories: smallest(violations),
    };
  } finally {
    await people.stop();
    // What the processes said of it, for whoever has to find out why.
    if (options.keep === true) cpSync(join(attacked.dataDir, 'logs'), join(folder, 'logs'), { recursive: true });
    await attacked.stop();
    if (options.keep === true) say(`the dump is in ${folder}`);
    else rmSync(folder, { recursive: true });
  }
};
