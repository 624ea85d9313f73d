/** Lifts a payload by one schema version. Pure: the same bytes give the same payload for ever. */
export type Upcaster = (data: object) => object;

/** By event type: the n-th upcaster (from 0) lifts schema version n + 1 to n + 2. Today's version is their number + 1. */
export type Upcasters = Readonly<Record<string, readonly Upcaster[]>>;

/** The schema version that is written today. */
export const schemaVersionOf = (upcasters: Upcasters, type: string): number => (upcasters[type]?.length ?? 0) + 1;

/** Brings a payload to today's schema. A newer writer's payload is passed on as it is: changes within a type are additive. */
export const upcast = (upcasters: Upcasters, type: string, schemaVersion: number, data: object): object => {
  const steps = upcasters[type];
  if (steps === undefined || schemaVersion > steps.length) return data;
  return steps.slice(schemaVersion - 1).reduce((lifted, step) => step(lifted), data);
};
