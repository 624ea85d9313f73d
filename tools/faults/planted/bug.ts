import type { Invariant } from '../checker/findings.js';
import type { AttackedSystem } from '../attacked-system.js';
import type { Mix } from '../buyers.js';
import type { Injector } from '../inject.js';

/** One textual change of a built file; `find` is there exactly once. */
export type Edit = { readonly file: string; readonly find: string; readonly replace: string };

/** What is done to the system while orders come: what brings the bug to light. */
export type Attack = (attacked: AttackedSystem, injector: Injector) => Promise<void>;

/** A bug as somebody might have written it, put into a copy of the built tree: what runs in production carries no switches for it. */
export type PlantedBug = {
  readonly id: string;
  readonly what: string;
  readonly edits: readonly Edit[];
  /** Any of these has to be violated. */
  readonly expected: readonly Invariant[];
  readonly attack?: Attack;
  readonly env?: Readonly<Record<string, string>>;
  /** Other buyers than the usual ones of a planted run. */
  readonly mix?: Mix;
};
