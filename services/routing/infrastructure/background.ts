import type { LifecycleStep } from '@orderlog/edge';
import type { Turns } from './turns.js';

/** Loops of this service as one step of its life: started when all else runs, ended before it goes. */
export const backgroundStep = (name: string, loops: readonly Turns[]): LifecycleStep => ({
  name,
  start: async () => {
    for (const loop of loops) loop.start();
  },
  stop: async () => {
    await Promise.all(loops.map((loop) => loop.stop()));
  },
});
