import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Edit, PlantedBug } from './bug.js';

/** The built tree this runs in. */
export const builtTree = fileURLToPath(new URL('../../../', import.meta.url));

/** The text with one change made; throws unless the change fits in exactly one place. */
export const edited = (text: string, { file, find, replace }: Edit): string => {
  const places = text.split(find).length - 1;
  if (places !== 1) throw new Error(`${file} has ${places} places for a planted change, not one: ${find}`);
  return text.replace(find, () => replace);
};

/** The changed files of a bug, by their path in the built tree. */
export const changedFiles = ({ edits }: PlantedBug, tree = builtTree): ReadonlyMap<string, string> => {
  const texts = new Map<string, string>();
  for (const edit of edits) texts.set(edit.file, edited(texts.get(edit.file) ?? readFileSync(join(tree, edit.file), 'utf8'), edit));
  return texts;
};

/** Runs something with a copy of the built tree that has the bug; the copy is gone afterwards. */
export const withPlanted = async <T>(bug: PlantedBug, work: (dist: string) => Promise<T>): Promise<T> => {
  const folder = mkdtempSync(join(tmpdir(), `orderlog-planted-${bug.id}-`));
  try {
    const dist = join(folder, 'dist');
    cpSync(builtTree, dist, { recursive: true });
    // Packages are found above the tree, as from the tree itself.
    symlinkSync(join(dirname(builtTree.replace(/[\\/]$/, '')), 'node_modules'), join(folder, 'node_modules'), 'dir');
    for (const [file, text] of changedFiles(bug)) writeFileSync(join(dist, file), text);
    return await work(dist);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
