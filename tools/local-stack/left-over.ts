import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { codeOf, fileError, StackError } from './stack-error.js';

/** Who runs, and which launcher started it: what a later launcher needs to know about an earlier one. */
type PidFile = { readonly pid: number; readonly launcher: { readonly pid: number; readonly command: string } };

/** The command line of a process; empty when there is none (a zombie has none either). */
export const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch (error) {
    if (process.platform === 'linux') return '';
    return psCommandOf(pid, error);
  }
};

const psCommandOf = (pid: number, cause: unknown): string => {
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch (error) {
    // ps answers 1 for "no such process"; anything else would make us blind, which must be said.
    if (typeof error === 'object' && error !== null && 'status' in error && error.status === 1) return '';
    throw new StackError('cannot look at the running processes', 'install ps (package procps)', { cause });
  }
};

/** Remembers a process that has just been started. */
export const writePidFile = (path: string, pid: number): void => {
  const launcher = { pid: process.pid, command: commandOf(process.pid) };
  try {
    writeFileSync(path, `${JSON.stringify({ pid, launcher } satisfies PidFile)}\n`, { mode: 0o644 });
  } catch (error) {
    throw fileError(error, path);
  }
};

const readPidFile = (path: string): PidFile | undefined => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as PidFile;
  } catch (error) {
    // Half written counts as not written: the launcher died in that very moment.
    if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw fileError(error, path);
  }
};

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (codeOf(error) === 'EPERM') throw new StackError(`process ${pid} still uses the data folder and belongs to another user`, 'end it as that user, or choose another folder with --data');
    if (codeOf(error) !== 'ESRCH') throw error;
  }
};

const ended = async (isOurs: () => boolean, limitMs: number): Promise<boolean> => {
  for (const until = Date.now() + limitMs; Date.now() < until; await wait(50)) if (!isOurs()) return true;
  return !isOurs();
};

/**
 * Ends the process that an earlier, killed launcher left behind; answers its pid if there was one. A process counts as
 * ours only if its command line holds `mark` (a path in the data folder), because a pid is used again by strangers.
 */
export const endLeftOver = async (pidFile: string, mark: string, how: { signal: NodeJS.Signals; lastSignal: NodeJS.Signals }): Promise<number | undefined> => {
  const left = readPidFile(pidFile);
  if (left === undefined) return undefined;
  const { pid, launcher } = left;
  const isOurs = (): boolean => commandOf(pid).includes(mark);
  if (!isOurs()) {
    rmSync(pidFile, { force: true });
    return undefined;
  }
  if (launcher.pid !== process.pid && launcher.command !== '' && commandOf(launcher.pid) === launcher.command) {
    throw new StackError(`the data folder is in use by another running Orderlog (process ${launcher.pid})`, 'stop that one, or choose another folder with --data');
  }
  signal(pid, how.signal);
  signal(pid, 'SIGCONT');
  if (!(await ended(isOurs, 5000))) signal(pid, how.lastSignal);
  if (!(await ended(isOurs, 10_000))) throw new StackError(`process ${pid} of an earlier run does not end`, `end it with: kill -9 ${pid}`);
  rmSync(pidFile, { force: true });
  return pid;
};
