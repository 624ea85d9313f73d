import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { StackError } from './stack-error.js';

/** The user a process is started as. Empty: as whoever started the launcher. */
export type RunAs = { readonly uid?: number; readonly gid?: number };

/**
 * PostgreSQL refuses to run as root. As root we run it as the machine's `postgres` user, else as `nobody`: one of them exists
 * everywhere, so no user has to be created on somebody's machine (initdb wants a passwd entry, a bare number will not do).
 */
export const postgresUser = (): RunAs => {
  if (process.getuid?.() !== 0) return {};
  const users = new Map(
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .map(([name = '', , uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }]),
  );
  const user = users.get('postgres') ?? users.get('nobody');
  if (user === undefined) throw new StackError('PostgreSQL cannot run as root and this machine has no user postgres', 'create it (useradd --system postgres), or run as a normal user');
  return user;
};

/** Can that user read and enter this path? Asked of the kernel, by a process of that user: modes alone do not tell (parents, ACLs). */
export const canReach = (path: string, { uid, gid }: RunAs): boolean => {
  if (uid === undefined || gid === undefined) return true;
  return spawnSync('/bin/sh', ['-c', 'test -r "$0" && test -x "$0"', path], { uid, gid, cwd: '/', stdio: 'ignore' }).status === 0;
};
