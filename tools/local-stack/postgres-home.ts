import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OnProgress } from './progress.js';
import { canReach, postgresUser, type RunAs } from './postgres-user.js';
import { codeOf, fileError, StackError } from './stack-error.js';

/** The folder of one PostgreSQL, and the user that owns and runs it. */
export interface PostgresHome {
  readonly folder: string;
  readonly runAs: RunAs;
}

const own = (path: string, { uid, gid }: RunAs): void => {
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
};

/** Where the database goes when its user cannot enter the data folder: outside, one folder for each data folder. */
const outsideFolders = (folder: string): readonly string[] => {
  const id = createHash('sha256').update(folder).digest('hex').slice(0, 12);
  return [join('/var/lib/orderlog', id), join(tmpdir(), `orderlog-data-${id}`)];
};

const makeOutside = (folder: string, runAs: RunAs): string | undefined => {
  for (const outside of outsideFolders(folder)) {
    try {
      mkdirSync(outside, { recursive: true, mode: 0o755 });
      if (lstatSync(outside).uid !== 0 && lstatSync(outside).uid !== runAs.uid) continue;
      own(outside, runAs);
      if (canReach(outside, runAs)) return outside;
    } catch (error) {
      if (!['EACCES', 'EPERM', 'EROFS'].includes(codeOf(error) ?? '')) throw fileError(error, outside);
    }
  }
  return undefined;
};

/**
 * `<data folder>/postgres`: a folder, or (started as root in a place that the postgres user cannot enter, such as /root) a link
 * to one outside. The link keeps the data folder the one place from which everything is found.
 */
export const openPostgresHome = (dataFolder: string, onProgress: OnProgress): PostgresHome => {
  const path = join(dataFolder, 'postgres');
  const runAs = ownerOf(path) ?? postgresUser();
  try {
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) {
      mkdirSync(path, { mode: 0o700 });
      own(path, runAs);
      if (!canReach(path, runAs)) {
        rmSync(path, { recursive: true });
        const outside = makeOutside(path, runAs);
        if (outside === undefined) throw new StackError(`the user that runs PostgreSQL cannot enter ${dataFolder}`, 'choose a folder that every user may enter with --data');
        symlinkSync(outside, path);
      }
    }
    if (lstatSync(path).isSymbolicLink()) {
      const folder = readlinkSync(path);
      if (!existsSync(folder)) {
        mkdirSync(folder, { recursive: true, mode: 0o755 });
        own(folder, runAs);
      }
      onProgress({ part: 'postgres', text: `database kept in ${folder}, because its user cannot enter ${dataFolder}` });
      return { folder, runAs };
    }
    return { folder: path, runAs };
  } catch (error) {
    throw fileError(error, path);
  }
};

/** As root an existing database goes on under the user that owns it, whatever users the machine has got since. */
const ownerOf = (path: string): RunAs | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined || found.uid === 0 ? undefined : { uid: found.uid, gid: found.gid };
};

/** The superuser's password: random, made once, readable by the database's own user only (and root). */
export const superuserSecret = ({ folder, runAs }: PostgresHome): { readonly file: string; readonly password: string } => {
  const file = join(folder, 'superuser.secret');
  try {
    if (!existsSync(file)) {
      writeFileSync(file, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
      chmodSync(file, 0o600);
      own(file, runAs);
    }
    return { file, password: readFileSync(file, 'utf8').trim() };
  } catch (error) {
    throw fileError(error, file);
  }
};

/** Where the database of this data folder is or will be, without making anything. */
export const postgresFolder = (dataFolder: string): string => {
  const path = join(dataFolder, 'postgres');
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(path) : path;
};

/** Deletes the database of this data folder, also one kept outside. */
export const removePostgresHome = (dataFolder: string): void => {
  const path = join(dataFolder, 'postgres');
  try {
    rmSync(postgresFolder(dataFolder), { recursive: true, force: true });
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    throw fileError(error, path);
  }
};
