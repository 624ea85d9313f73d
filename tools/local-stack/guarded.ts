import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { writePidFile } from './left-over.js';
import { codeOf, fileError, StackError } from './stack-error.js';

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
  /** Asks it to end, then makes it. Harmless when it has ended or is asked already: a second signal makes some programs drop everything. */
  stop(): Promise<Exit>;
}

const guardFile = fileURLToPath(new URL('./guard.mjs', import.meta.url));
const watched = new Map<number, string>();
let guard: ChildProcess | undefined;
/** What runs of this launcher, and how it is ended when there is no time left. */
const alive = new Map<GuardedProcess, () => void>();
let closed = false;

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
  if (closed) throw new StackError('Orderlog is being stopped', 'start it again');
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
  const running = guarded(child, { signal, graceMs, lastSignal });
  const pid = await spawned(child);
  if (pidFile !== undefined) writePidFile(pidFile, pid);
  return running;
};

/** True from the moment on when everything is being ended: what ends now did not crash. */
export const isEnding = (): boolean => closed;

/** Ends everything that this launcher started and lets nothing new start; what has not ended after so long is ended by force. */
export const endGuarded = async (withinMs: number): Promise<void> => {
  closed = true;
  const timer = setTimeout(() => {
    for (const force of alive.values()) force();
  }, withinMs);
  while (alive.size > 0) await Promise.all([...alive.keys()].map((running) => running.stop()));
  clearTimeout(timer);
};

type Ending = { readonly signal: NodeJS.Signals; readonly graceMs: number; readonly lastSignal: NodeJS.Signals };

/** Watches a child from the moment it has a pid; waiting for 'spawn' first would leave a moment in which nobody does. */
const guarded = (child: ChildProcess, ending: Ending): GuardedProcess => {
  const pid = child.pid ?? 0;
  let exit: Exit | undefined;
  let stopping: Promise<Exit> | undefined;
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, by) => {
      exit = { code: code ?? 128 + (by === null ? 0 : constants.signals[by]), signal: by };
      alive.delete(running);
      if (watched.delete(pid)) tellGuard(`${JSON.stringify({ forget: pid })}\n`);
      resolve(exit);
    });
  });
  const force = (): void => {
    if (exit === undefined) signalGroup(pid, ending.lastSignal);
  };
  const end = async (): Promise<Exit> => {
    if (exit !== undefined) return exit;
    signalGroup(pid, ending.signal);
    signalGroup(pid, 'SIGCONT');
    const timer = setTimeout(force, ending.graceMs);
    const how = await exited;
    clearTimeout(timer);
    return how;
  };
  const running: GuardedProcess = {
    pid,
    exited,
    get exit() {
      return exit;
    },
    stop: () => (stopping ??= end()),
  };
  if (child.pid !== undefined) {
    const line = `${JSON.stringify({ watch: pid, ...ending })}\n`;
    watched.set(pid, line);
    alive.set(running, force);
    tellGuard(line);
  }
  return running;
};
