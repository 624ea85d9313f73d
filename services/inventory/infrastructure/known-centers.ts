import type { CenterCopy } from '@orderlog/contracts';
import type { Centers } from '../application/ports.js';

/** The copy of routing's centers, as far as inventory needs it: their ids. */
export type KnownCenters = Centers & { readonly apply: (record: { readonly key: string; readonly value: CenterCopy | undefined }) => void };

/** Routing answers for a center before it has published it; whoever books stock for it right away is kept waiting so long. */
const patienceMs = 2_000;

/** Keeps the copy. Only what is not in it costs anything: patience first, then a look at the topic's end. */
export const knownCenters = (isCurrent: () => Promise<boolean>): KnownCenters => {
  const known = new Set<string>();
  const waiting = new Map<string, Set<() => void>>();

  const arrival = async (centerId: string): Promise<void> => {
    const waiters = waiting.get(centerId) ?? new Set();
    waiting.set(centerId, waiters);
    let timer: NodeJS.Timeout | undefined;
    let come: () => void = () => undefined;
    await new Promise<void>((resolve) => {
      come = resolve;
      waiters.add(come);
      timer = setTimeout(resolve, patienceMs);
    });
    clearTimeout(timer);
    waiters.delete(come);
    if (waiters.size === 0) waiting.delete(centerId);
  };

  return {
    apply: ({ key, value }) => {
      if (value === undefined) return void known.delete(key);
      known.add(key);
      for (const come of waiting.get(key) ?? []) come();
    },
    judge: async (centerId) => {
      if (known.has(centerId)) return 'known';
      await arrival(centerId);
      if (known.has(centerId)) return 'known';
      const isAll = await isCurrent();
      if (known.has(centerId)) return 'known';
      // None at all: before the first was defined, or after the topic was lost.
      return isAll && known.size > 0 ? 'unknown' : 'behind';
    },
  };
};
