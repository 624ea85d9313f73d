import { mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { commandOf } from './left-over.js';
import { codeOf, fileError, StackError } from './stack-error.js';

const freeBytesMin = 300_000_000;

/** Makes the folder and proves that it can be written and that its disk has room; answers its absolute path. */
export const openDataFolder = (folder: string): string => {
  const path = resolve(folder);
  const probe = join(path, `.probe-${process.pid}`);
  try {
    mkdirSync(path, { recursive: true });
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (error) {
    throw fileError(error, path);
  }
  checkRoom(path);
  return path;
};

type Owner = { readonly pid: number; readonly command: string };

const ownerOf = (file: string): Owner | undefined => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Owner;
  } catch (error) {
    // Half written counts as not written: its launcher died in that very moment.
    if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw fileError(error, file);
  }
};

/** Makes this process the only launcher on the folder, until it ends or calls the answered function; refuses while another one runs there. */
export const takeDataFolder = (folder: string): (() => void) => {
  const file = join(folder, 'launcher.pid.json');
  for (;;) {
    try {
      writeFileSync(file, JSON.stringify({ pid: process.pid, command: commandOf(process.pid) } satisfies Owner), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw fileError(error, file);
    }
    const owner = ownerOf(file);
    if (owner !== undefined && owner.pid !== process.pid && owner.command !== '' && commandOf(owner.pid) === owner.command) {
      throw new StackError(`the data folder ${folder} is in use by another running Orderlog (process ${owner.pid})`, 'stop that one, or choose another folder with --data');
    }
    rmSync(file, { force: true });
  }
};

/** Refuses to start on a disk that is about to be full: a database that dies half way is harder to read than one line. */
export const checkRoom = (path: string): void => {
  const { bavail, bsize } = statfsSync(path);
  const free = bavail * bsize;
  if (free >= freeBytesMin) return;
  throw new StackError(
    `the disk of ${path} has only ${Math.floor(free / 1e6)} MB free, ${freeBytesMin / 1e6} MB are needed`,
    'free some space, or choose a folder on another disk with --data',
  );
};

/** Ports used last time, so that addresses stay the same over a restart where they can. */
export const rememberedPorts = (file: string): readonly number[] => {
  try {
    const kept: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(kept) ? kept.filter((port): port is number => Number.isInteger(port)) : [];
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError) return [];
    throw fileError(error, file);
  }
};

/** Keeps the ports for the next start. */
export const rememberPorts = (file: string, ports: readonly number[]): void => {
  try {
    writeFileSync(file, JSON.stringify(ports));
  } catch (error) {
    throw fileError(error, file);
  }
};

/** The last lines a process wrote to its log: what it died of. */
export const lastLines = (file: string, count = 3): string => {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join(' | ').trim();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw fileError(error, file);
  }
};
