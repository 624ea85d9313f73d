import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { verifySystem } from '../verify/verify-system.js';
import type { AttackedSystem } from './attacked-system.js';

/** What is not as it must be, with the smallest history that shows it. */
export type Violation = { readonly invariant: string; readonly what: string; readonly history: readonly unknown[] };

/** What a judge found, and how many things it looked at, by name. */
export type Verdict = { readonly violations: readonly Violation[]; readonly looked: Readonly<Record<string, number>> };

/** Judges a dump, away from the system. */
type CheckDump = (folder: string) => Promise<Verdict>;

/** `orderlog verify` on what is stored. Quarantined messages are what poison is meant to become. */
export const verified = async ({ databaseUrl }: AttackedSystem): Promise<Verdict> => {
  const findings = (await verifySystem({ databaseUrl, chain: true })).filter(({ id }) => id !== 'nothing-quarantined');
  return {
    violations: findings.flatMap(({ service, id, violations }) => violations.map(({ where, why }) => ({ invariant: `verify:${id}`, what: `${service}: ${where}: ${why}`, history: [] }))),
    looked: Object.fromEntries(findings.map(({ service, id, looked }) => [`${service} ${id}`, looked])),
  };
};

/** What the offline checker says of a dump. */
export const checked = async (folder: string): Promise<Verdict> => {
  const checker = new URL('./checker/check-dump.js', import.meta.url);
  if (!existsSync(fileURLToPath(checker))) return { violations: [], looked: {} };
  const { checkDump } = (await import(checker.href)) as { readonly checkDump: CheckDump };
  return checkDump(folder);
};
