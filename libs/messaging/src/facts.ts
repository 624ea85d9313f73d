import type { EventBody, RecordedEvent, ServiceName } from '@orderlog/contracts';
import type { LogTransaction } from '@orderlog/event-log';

/** An event of another service as it came from its topic, with where it stood. */
export type Fact<E extends EventBody = EventBody> = RecordedEvent<E> & { readonly source: ServiceName };

/** A service whose topic is listened to, and the event types that are handled; all others are passed over. */
export type Heard = { readonly source: ServiceName; readonly types: readonly string[] };

/**
 * What a service does with others' facts. It is given whole batches, inside the transaction that also moves the positions: source by source,
 * in the order of `hears`, each source's facts in theirs. Facts that act on the same streams belong to one listener: two of them would
 * wait for the database twice.
 */
export type FactsListener = {
  readonly hears: readonly Heard[];
  /** The own stream a fact acts on: what is parked if it fails. Undefined: the fact concerns nothing of ours. */
  readonly target: (fact: Fact) => string | undefined;
  /**
   * Acts on a batch. Locks streams before other rows (`tx.load`, `tx.decide`), appends own events through `tx`, makes no network call.
   * A refusal of a decider is an answer, not an error. Throwing means: retry (transient) or park (deterministic).
   */
  readonly handle: (facts: readonly Fact[], tx: LogTransaction) => Promise<void>;
};

/** A timer whose time has come; its stream is locked. */
export type FiredTimer = { readonly streamId: string; readonly kind: string; readonly dueAt: string };

/** What due timers mean: the commands they send to their streams. The decider judges whether one still matters. */
export type TimerHandler = {
  /** `TimerChange.set`. */
  readonly kind: string;
  /** Fires for a parked stream too, which otherwise keeps its timers waiting: for what only puts the stream on hold, so that people see it in time. */
  readonly passesParking?: boolean;
  /**
   * Acts on all timers of its kind that fire together: who locks rows beside the streams has to lock those of all timers at once, sorted.
   * Timer by timer they met the consumer's in the opposite order (three deadlocks in an import of 7,360 orders).
   */
  readonly handle: (timers: readonly FiredTimer[], tx: LogTransaction) => Promise<void>;
};

/** Makes a call to the outside that an event asked for, and records its result. Called at least once: the key makes it once. */
export type EffectHandler = {
  /** `EffectRequest.kind`. */
  readonly kind: string;
  /** How many may run at once. */
  readonly concurrencyMax: number;
  /**
   * `key` = `<streamId>/<version>` of the event. Resolving ends the effect; throwing has it retried with jittered back-off,
   * after `attemptsMax` of them `exhausted` is called instead.
   */
  readonly run: (effect: { readonly key: string; readonly streamId: string; readonly data: object; readonly attempt: number }) => Promise<void>;
  readonly attemptsMax: number;
  readonly exhausted: (effect: { readonly key: string; readonly streamId: string; readonly data: object }, error: unknown) => Promise<void>;
};
