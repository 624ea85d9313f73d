import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { writePidFile } from './left-over.js';
import { codeOf, fileError } from './stack-error.js';

/** How a process ended: an exit code, or 128 + the number of the signal that ended it. */
export type Exit = { readonly code: number; readonly signal: NodeJS.Signals | null };

/** How to start a process and how to end it. */
export interface GuardedOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
  readonly gid?: number;
  /** Output goes to the end of this file; without it, to the launcher's own output. A file and not a pipe, so that the process can still speak when the launcher is gone. */
  readonly logFile?: string;
  /** Keeps the pid, so that the next launcher finds a process that outlived this one. */
  readonly pidFile?: string;
  /** First signal (SIGTERM), how long to wait (5,000 ms), and what follows then (SIGKILL). */
  readonly signal?: NodeJS.Signals;
  readonly graceMs?: number;
  readonly lastSignal?: NodeJS.Signals;
}

/** A process that cannot outlive its launcher. */
export interface GuardedProcess {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Undefined while it runs. */
  readonly exit: Exit | undefined;
  /** Asks it to end, then makes it. Harmless when it has ended. */
  stop(): Promise<Exit>;
}

const guardFile = fileURLToPath(new URL('./guard.mjs', import.meta.url));
const watched = new Map<number, string>();
let guard: ChildProcess | undefined;

/** Starts the guard, and again should somebody end it; it gets all that it has to watch. */
const startGuard = (): ChildProcess => {
  // Detached: Ctrl-C in the terminal reaches the launcher only, which then stops everything in order.
  const started = spawn(process.execPath, ['--max-old-space-size=16', guardFile], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  const forgetGuard = (): void => {
    if (guard !== started) return;
    guard = undefined;
    if (watched.size > 0) guard = startGuard();
  };
  started.once('exit', forgetGuard);
  // A write to a guard that has just died fails; its exit, seen above, is what counts.
  started.stdin.on('error', forgetGuard);
  started.unref();
  // The pipe must not keep the launcher alive either; the type hides that it is a socket.
  if ('unref' in started.stdin && typeof started.stdin.unref === 'function') started.stdin.unref();
  for (const line of watched.values()) started.stdin.write(line);
  return started;
};

const tellGuard = (line: string): void => {
  guard ??= startGuard();
  guard.stdin?.write(line);
};

const signalGroup = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
};

const openLog = (path: string): number => {
  try {
    return openSync(path, 'a', 0o640);
  } catch (error) {
    throw fileError(error, path);
  }
};

const spawned = (child: ChildProcess): Promise<number> =>
  new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve(child.pid ?? 0));
  });

/** Starts a process in a group of its own and sees to it that it ends with the launcher, however that ends. */
export const spawnGuarded = async (command: string, args: readonly string[], options: GuardedOptions = {}): Promise<GuardedProcess> => {
  const { cwd, env, uid, gid, logFile, pidFile, signal = 'SIGTERM', graceMs = 5000, lastSignal = 'SIGKILL' } = options;
  const log = logFile === undefined ? undefined : openLog(logFile);
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', log ?? 'inherit', log ?? 'inherit'],
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  if (log !== undefined) closeSync(log);
  let exit: Exit | undefined;
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, by) => {
      exit = { code: code ?? 128 + (by === null ? 0 : constants.signals[by]), signal: by };
      if (child.pid !== undefined && watched.delete(child.pid)) tellGuard(`${JSON.stringify({ forget: child.pid })}\n`);
      resolve(exit);
    });
  });
  const pid = await watchFrom(child, { signal, graceMs, lastSignal }, () => exit === undefined);
  if (pidFile !== undefined) writePidFile(pidFile, pid);
  return {
    pid,
    exited,
    get exit() {
      return exit;
    },
    async stop() {
      if (exit !== undefined) return exit;
      signalGroup(pid, signal);
      signalGroup(pid, 'SIGCONT');
      const timer = setTimeout(() => exit ?? signalGroup(pid, lastSignal), graceMs);
      const end = await exited;
      clearTimeout(timer);
      return end;
    },
  };
};

type Ending = { readonly signal: NodeJS.Signals; readonly graceMs: number; readonly lastSignal: NodeJS.Signals };

const watchFrom = async (child: ChildProcess, ending: Ending, isAlive: () => boolean): Promise<number> => {
  const register = (pid: number): void => {
    const line = `${JSON.stringify({ watch: pid, ...ending })}\n`;
    watched.set(pid, line);
    tellGuard(line);
  };
  // The pid is there at once; waiting for 'spawn' first would leave a moment in which nobody watches.
  if (child.pid !== undefined && isAlive()) register(child.pid);
  return spawned(child);
};
