import { Overloaded } from './event-log.js';

/** Runs tasks of one key after each other, of different keys beside each other. */
export type Turns = { take<T>(key: string, task: () => Promise<T>): Promise<T> };

/**
 * Commands for one stream would only lose races against each other; in turn each is decided on what its predecessor left.
 * More than `waitingMax` (256) for one key are refused with `Overloaded`.
 */
export const createTurns = (waitingMax = 256): Turns => {
  const lines = new Map<string, { last: Promise<unknown>; waiting: number }>();
  return {
    take: async (key, task) => {
      const line = lines.get(key) ?? { last: Promise.resolve(), waiting: 0 };
      if (line.waiting >= waitingMax) throw new Overloaded();
      lines.set(key, line);
      line.waiting += 1;
      const mine = line.last.then(task, task);
      // The line goes on after a failure, whose error is the caller's business.
      line.last = mine.then(
        () => undefined,
        () => undefined,
      );
      try {
        return await mine;
      } finally {
        line.waiting -= 1;
        if (line.waiting === 0) lines.delete(key);
      }
    },
  };
};
