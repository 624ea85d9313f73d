import type { Refusal } from './refusal.js';

/** An intention. Imperative name; carries every input the decision needs, the clock included. */
export type Command<Type extends string, Data> = { readonly type: Type; readonly data: Readonly<Data> };

/** A fact. Past-tense name; `data` survives a JSON round trip. Id, time and version live in the envelope. */
export type Event<Type extends string, Data> = { readonly type: Type; readonly data: Readonly<Data> };

/**
 * Two pure functions and a beginning (Chassaing, "Functional Event Sourcing Decider", 2021).
 * `decide` answers a command with facts or a typed refusal; it never throws for a caller's mistake.
 */
export type Decider<C, E, S, Code extends string = never> = {
  readonly initialState: S;
  /** No events means "nothing to do": the usual answer to a redelivered command. */
  readonly decide: (command: C, state: S) => readonly E[] | Refusal<Code>;
  /** Total: every recorded event, however old, must be foldable for ever. */
  readonly evolve: (state: S, event: E) => S;
};

/** The state after a history, from the beginning or from `from`. */
export const fold = <E, S>(decider: Pick<Decider<never, E, S, never>, 'initialState' | 'evolve'>, events: readonly E[], from?: S): S =>
  events.reduce(decider.evolve, from ?? decider.initialState);
