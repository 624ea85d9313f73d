import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Bytes of heap that each of so many runs leaves behind when young collections have taken what they can. What is held by something that V8 made in its old
 * space is among them, though nobody has it any more: only a full collection would take it.
 */
export const leftToOldHeap = async (times: number, run: (n: number) => Promise<unknown>): Promise<number> => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void;
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < times; n += 1) await run(n);
  for (let n = 0; n < 2; n += 1) collect({ type: 'minor' });
  return (process.memoryUsage().heapUsed - before) / times;
};
