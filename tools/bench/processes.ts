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

type Stat = { pid: number; parent: number; ticks: number };

const statOf = (pid: number): Stat | undefined => {
  const text = read(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The command name stands in brackets and may hold anything; what counts follows the last bracket.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // user + system, and those of children that ended (PostgreSQL's backends).
  const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
  return { pid, parent: Number(fields[1]), ticks };
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

/** CPU milliseconds used so far, by name, each with its children. */
export const cpuMs = (roots: Readonly<Record<string, number>>): Record<string, number> => {
  const stats = all();
  return Object.fromEntries(Object.entries(roots).map(([name, pid]) => [name, (family(pid, stats).reduce((sum, stat) => sum + stat.ticks, 0) * 1000) / ticksPerSecond]));
};

/** Peak resident memory of each process alone (VmHWM), in MB. PostgreSQL's backends share most of theirs, so its family is not summed. */
export const peakMb = (roots: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(roots).map(([name, pid]) => [name, Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`) ?? '')?.[1] ?? Number.NaN) / 1024)]),
  );

/** The process of ours that listens or was started with these words in its command line; undefined when there is none. */
export const pidByCommand = (pattern: RegExp): number | undefined =>
  all()
    .filter((stat) => pattern.test((read(`/proc/${stat.pid}/cmdline`) ?? '').replaceAll('\0', ' ')))
    .map((stat) => stat.pid)
    .sort((a, b) => a - b)[0];
