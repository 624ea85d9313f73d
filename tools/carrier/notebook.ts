import { appendFile, readFile } from 'node:fs/promises';
import type { SoldLabel } from './label.js';

/** What the carrier has to remember over a restart. */
export type Entry =
  | { readonly kind: 'label'; readonly label: SoldLabel }
  | { readonly kind: 'pickup'; readonly trackingNumber: string; readonly atMs: number }
  /** Every scan of the parcel was told and taken. */
  | { readonly kind: 'done'; readonly trackingNumber: string };

/** A file of lines; without a path it forgets. Entries are written before the answer that depends on them is given. */
export type Notebook = { readonly write: (entries: readonly Entry[]) => Promise<void>; readonly read: () => Promise<readonly Entry[]> };

/** Opens the notebook at a path, or one that keeps nothing. */
export const openNotebook = (path: string | undefined): Notebook => {
  if (path === undefined) return { write: async () => undefined, read: async () => [] };
  return {
    write: async (entries) => {
      if (entries.length > 0) await appendFile(path, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    },
    read: async () => {
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '';
        throw error;
      });
      const lines = text.split('\n');
      // The last line of a process that was killed may be half a line: it was never answered for.
      const whole = text.endsWith('\n') ? lines : lines.slice(0, -1);
      return whole.filter((line) => line !== '').map((line) => JSON.parse(line) as Entry);
    },
  };
};
