import { readdirSync, readFileSync } from 'node:fs';

const ticksPerSecond = 100; // USER_HZ of every Linux that Node runs on

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process ended between listing and reading.
    return undefined;
  }
};

type Stat = { pid: number; parent: number; ticks: number; ownTicks: number };

const statOf = (pid: number): Stat | undefined => {
  const text = read(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The command name stands in brackets and may hold anything; what counts follows the last bracket.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const sum = (indexes: readonly number[]): number => indexes.reduce((total, index) => total + Number(fields[index]), 0);
  // user + system, and those of children that ended (PostgreSQL's backends).
  return { pid, parent: Number(fields[1]), ticks: sum([11, 12, 13, 14]), ownTicks: sum([11, 12]) };
};

const all = (): Stat[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => statOf(Number(name)) ?? []);

/** A process and everything it started. */
const family = (root: number, stats: readonly Stat[]): Stat[] => {
  const members = stats.filter((stat) => stat.pid === root);
  for (const member of members) members.push(...stats.filter((stat) => stat.parent === member.pid));
  return members;
};

/** Processes whose children count with them: PostgreSQL's backends come and go. */
export type Root = { readonly pid: number; readonly withChildren: boolean };

/** CPU milliseconds used so far, by name. */
export const cpuMs = (roots: Readonly<Record<string, Root>>): Record<string, number> => {
  const stats = all();
  return Object.fromEntries(
    Object.entries(roots).map(([name, { pid, withChildren }]) => {
      const members = withChildren ? family(pid, stats) : stats.filter((stat) => stat.pid === pid);
      // Ended children are in the parent's own figures; of a parent that does not count its children only its own two are taken.
      const ticks = members.reduce((sum, stat) => sum + (withChildren ? stat.ticks : stat.ownTicks), 0);
      return [name, (ticks * 1000) / ticksPerSecond];
    }),
  );
};

const memoryMb = (roots: Readonly<Record<string, Root>>, line: 'VmHWM' | 'VmRSS'): Record<string, number> =>
  Object.fromEntries(
    Object.entries(roots).map(([name, { pid }]) => [name, Math.round(Number(new RegExp(`${line}:\\s+(\\d+) kB`).exec(read(`/proc/${pid}/status`) ?? '')?.[1] ?? Number.NaN) / 1024)]),
  );

/** Peak resident memory of each process alone, in MB. PostgreSQL's backends share most of theirs, so its family is not summed. */
export const peakMb = (roots: Readonly<Record<string, Root>>): Record<string, number> => memoryMb(roots, 'VmHWM');

/** What of each process alone is in memory now, in MB. */
export const residentMb = (roots: Readonly<Record<string, Root>>): Record<string, number> => memoryMb(roots, 'VmRSS');

/** A process that this one started, directly or not, with these words in its command line; undefined when there is none. */
export const startedByUs = (pattern: RegExp): number | undefined =>
  family(process.pid, all())
    .map((stat) => stat.pid)
    .filter((pid) => pattern.test((read(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ')))
    .sort((a, b) => a - b)[0];
