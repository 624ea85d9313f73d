import { expect } from '@jest/globals';
import type { Decider } from '@orderlog/decider';

/** Reads as a sentence: given(past).when(command).thenEvents(…) | .thenNothing() | .thenRefused(code). Exact match, in order. */
export const specification =
  <C, E, S, Code extends string>(decider: Decider<C, E, S, Code>) =>
  (...past: readonly E[]) => ({
    when: (command: C) => {
      const outcome = decider.decide(command, past.reduce(decider.evolve, decider.initialState));
      return {
        thenEvents: (...events: readonly E[]) => expect(outcome).toStrictEqual(events),
        thenNothing: () => expect(outcome).toStrictEqual([]),
        thenRefused: (code: Code) => expect(outcome).toMatchObject({ refused: code }),
      };
    },
  });
