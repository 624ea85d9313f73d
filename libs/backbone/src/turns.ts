import type { LifecycleStep } from '@orderlog/edge';

/** A piece of work that is done again whenever it is asked for, and now and then unasked. */
export type Turns = {
  /** Asks for a turn soon; asked for many times at once, there is one. */
  readonly wake: () => void;
  readonly start: () => void;
  /** Ends after the turn under way. */
  readonly stop: () => Promise<void>;
};

/**
 * Runs `turn` one at a time. It answers true when there is more to do at once; after an error it comes back after `idleMs`.
 * `gatherMs` lets wishes gather before a turn, so that a burst becomes one.
 */
export const takeTurns = (options: {
  readonly turn: () => Promise<boolean>;
  readonly idleMs: number;
  readonly gatherMs: number;
  readonly onError: (error: unknown) => void;
}): Turns => {
  let isRunning = false;
  let isWanted = false;
  let ended: Promise<void> = Promise.resolve();
  let wakeUp: () => void = () => undefined;
  let timer: NodeJS.Timeout | undefined;

  const rest = (ms: number): Promise<void> =>
    new Promise<void>((resolve) => {
      wakeUp = resolve;
      timer = setTimeout(resolve, ms);
    }).finally(() => clearTimeout(timer));

  const run = async (): Promise<void> => {
    while (isRunning) {
      isWanted = false;
      try {
        if (await options.turn()) isWanted = true;
      } catch (error) {
        options.onError(error);
      }
      if (!isRunning) return;
      if (!isWanted) await rest(options.idleMs);
      if (isRunning) await new Promise((resolve) => setTimeout(resolve, options.gatherMs));
    }
  };

  return {
    wake: () => {
      isWanted = true;
      wakeUp();
    },
    start: () => {
      isRunning = true;
      ended = run();
    },
    stop: async () => {
      isRunning = false;
      wakeUp();
      await ended;
    },
  };
};

/** Loops of a service as one step of its life: started when all else runs, ended before it goes. */
export const backgroundStep = (name: string, loops: readonly Turns[]): LifecycleStep => ({
  name,
  start: async () => {
    for (const loop of loops) loop.start();
  },
  stop: async () => {
    await Promise.all(loops.map((loop) => loop.stop()));
  },
});
