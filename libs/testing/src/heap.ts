import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

// As the services run (ADR 0020), and from the beginning of the process: what V8 has once seen live long at a place it makes old there at once, and on a
// busy machine that may be what a test measures.
setFlagsFromString('--no-allocation-site-pretenuring');

const tries = 3;

/**
 * Bytes of heap that each of so many runs leaves behind when young collections have taken what they can. What is held by something that V8 made in its old
 * space is among them, though nobody has it any more: only a full collection would take it. The least of three tries: what a place leaves behind it
 * leaves each time, and what else was under way in the process (a compiler, a young collection in the middle of a run) it does not.
 */
export const leftToOldHeap = async (times: number, run: (n: number) => Promise<unknown>): Promise<number> => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void;
  const left: number[] = [];
  for (let attempt = 0; attempt < tries; attempt += 1) {
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < times; n += 1) await run(n);
    for (let n = 0; n < 2; n += 1) collect({ type: 'minor' });
    left.push((process.memoryUsage().heapUsed - before) / times);
  }
  return Math.min(...left);
};
