import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { describe, expect, it } from '@jest/globals';
import type { EventBody, ServiceName } from '@orderlog/contracts';
import { upcast, type Upcasters } from '@orderlog/event-log';

const folder = new URL('../../contracts/golden/', import.meta.url);

type Foldable<E extends EventBody, S> = {
  readonly category: string;
  readonly stateSchema: number;
  readonly decider: { readonly initialState: S; readonly evolve: (state: S, event: E) => S };
};

type GoldenEvent = { readonly name: string; readonly event: EventBody };

/** A kind of stream whose golden events are folded, with its event types in the order of a life. */
export type GoldenStream = {
  readonly category: string;
  readonly stateSchema: number;
  readonly types: readonly string[];
  /** The states after each event; between two events each state goes through `keep`. */
  readonly fold: (events: readonly EventBody[], keep?: <T>(state: T) => T) => readonly unknown[];
};

/** Names the golden events of an aggregate, in the order of a life. */
export const goldenStream = <E extends EventBody, S>({ category, stateSchema, decider }: Foldable<E, S>, types: readonly E['type'][]): GoldenStream => ({
  category,
  stateSchema,
  types,
  fold: (events, keep = (state) => state) => {
    let state = decider.initialState;
    return events.map((event) => (state = decider.evolve(keep(state), event as E)));
  },
});

const frozen = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
};

const kindOf = (value: unknown): string => Object.prototype.toString.call(value);

/** JSON that shows maps and sets, whatever the order in which they were filled. By their tag: those of a snapshot are of another realm than Jest's. */
const textOf = (state: unknown): string =>
  JSON.stringify(state, (_, value: unknown) => {
    if (kindOf(value) === '[object Map]') return { map: [...(value as ReadonlyMap<unknown, unknown>)].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)) };
    return kindOf(value) === '[object Set]' ? { set: [...(value as ReadonlySet<unknown>)].sort() } : value;
  });

/** The golden payloads are of many orders: here they are told of one, so that they meet. */
const ofOneOrder = (text: string): object => {
  const { orderId } = JSON.parse(text) as { readonly orderId?: string };
  return JSON.parse(orderId === undefined ? text : text.replaceAll(orderId, '01930000-0000-7000-8000-000000000003')) as object;
};

/** Every version of every event of these types, brought to today's schema as the log does on reading. */
const goldenOf = (service: ServiceName, types: readonly string[], upcasters: Upcasters): readonly GoldenEvent[] =>
  types.flatMap((type) =>
    readdirSync(new URL(`${service}/`, folder))
      .filter((file) => file.startsWith(`${type}.v`))
      .map((file) => Number(/\.v(\d+)\.json$/.exec(file)?.[1]))
      .sort((a, b) => a - b)
      .map((version) => {
        const data = frozen(ofOneOrder(readFileSync(new URL(`${service}/${type}.v${version}.json`, folder), 'utf8')));
        return { name: `${type}.v${version}`, event: frozen({ type, data: upcast(upcasters, type, version, data) }) };
      }),
  );

const digestOf = (state: unknown): string => createHash('sha256').update(textOf(state)).digest('hex').slice(0, 16);

/**
 * Folds every event version that was ever released through today's `evolve` and compares the states with those on file
 * (`libs/contracts/golden/folded/<service>.json`; UPDATE_GOLDEN=1 writes it). A difference means that old streams mean something else
 * now: raise `stateSchema`, so that snapshots are void, and let the review see the new file.
 */
export const describeGoldenFolds = (service: ServiceName, streams: readonly GoldenStream[], upcasters: Upcasters = {}): void => {
  const file = new URL(`folded/${service}.json`, folder);
  const eventsOf = ({ types }: GoldenStream): readonly GoldenEvent[] => goldenOf(service, types, upcasters);
  const folded = (stream: GoldenStream) => {
    const events = eventsOf(stream);
    const states = stream.fold(events.map(({ event }) => event));
    return {
      stateSchema: stream.stateSchema,
      after: Object.fromEntries(events.map(({ name }, n) => [name, digestOf(states[n])])),
      state: JSON.parse(textOf(states.at(-1) ?? null)) as unknown,
    };
  };

  describe(`golden events of ${service}`, () => {
    it('are all folded by one of its aggregates', () => {
      const kept = readdirSync(new URL(`${service}/`, folder)).map((name) => name.split('.')[0]);
      expect(streams.flatMap(({ types }) => types).sort()).toStrictEqual([...new Set(kept)].sort());
    });

    it('fold to the states on file', () => {
      const now = Object.fromEntries(streams.map((stream) => [stream.category, folded(stream)]));
      if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, `${JSON.stringify(now, null, 2)}\n`);
      expect(now).toStrictEqual(existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : 'there is no such file');
    });

    it.each(streams)('fold to the same state again, also over a snapshot between any two: $category', (stream) => {
      const events = eventsOf(stream).map(({ event }) => event);
      const once = stream.fold(events).map(textOf);
      expect(stream.fold(events).map(textOf)).toStrictEqual(once);
      expect(stream.fold(events, (state) => deserialize(serialize(state)) as typeof state).map(textOf)).toStrictEqual(once);
    });

    it.each(streams)('can each be the first that is known of a stream: $category', (stream) => {
      for (const { event } of eventsOf(stream)) expect(() => stream.fold([event])).not.toThrow();
    });
  });
};
