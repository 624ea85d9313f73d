import { createHash } from 'node:crypto';
import { takeTurns, type Turns } from '@orderlog/backbone';
import type { ItemCopy } from '@orderlog/contracts';
import type { SqlExecutor } from '@orderlog/event-log';
import type { CopiesPublisher } from '@orderlog/messaging';
import { standardPolicy, type RoutingPolicy } from '@orderlog/routing-domain';
import type { Routing } from '../application/ports.js';
import { availabilityCopies, type AvailabilityCopies } from './availability-copy.js';
import { centerPublisher } from './center-publisher.js';
import { centerRegister, type CenterRegister } from './center-register.js';
import { postalPlaces } from './postal-places.js';

/** The copy of the items, as far as routing needs them. */
export type ItemWeights = {
  readonly gramsOf: (sku: string) => number | undefined;
  readonly apply: (record: { readonly key: string; readonly value: ItemCopy | undefined }) => void;
};

/** The service's parts on real PostgreSQL and Kafka. */
export type RoutingParts = {
  readonly routing: Routing;
  readonly centers: CenterRegister;
  readonly availability: AvailabilityCopies;
  readonly items: ItemWeights;
  /** Publishes centers. */
  readonly publishing: Turns;
  /** Reads centers and their load again. */
  readonly refreshing: Turns;
};

const itemWeights = (): ItemWeights => {
  const items = new Map<string, { readonly grams: number; readonly version: number }>();
  return {
    gramsOf: (sku) => items.get(sku)?.grams,
    apply: ({ key, value }) => {
      if (value === undefined) return void items.delete(key);
      if ((items.get(key)?.version ?? 0) < value.version) items.set(key, { grams: value.weightGrams, version: value.version });
    },
  };
};

/** Names the content of a policy, so that a decision says under which rules it was made. */
const hashOf = (policy: RoutingPolicy): string => createHash('sha256').update(JSON.stringify(policy)).digest('hex').slice(0, 16);

/** Puts the parts together. */
export const routingParts = (options: {
  /** For single statements outside of transactions. */
  readonly sql: SqlExecutor;
  readonly copies: Pick<CopiesPublisher, 'publish'>;
  readonly policy?: RoutingPolicy;
  readonly nowMs?: () => number;
  readonly onError: (what: string, error: unknown) => void;
}): RoutingParts => {
  const { sql, copies, policy = standardPolicy, nowMs = Date.now } = options;
  const centers = centerRegister(sql, nowMs);
  const availability = availabilityCopies(nowMs);
  const items = itemWeights();
  const publishing = centerPublisher({
    sql,
    publish: (records) => copies.publish('routing.centers', records),
    onError: (error) => options.onError('centers could not be published', error),
  });
  const refreshing = takeTurns({
    turn: async () => {
      await centers.refresh();
      return false;
    },
    idleMs: 1_000,
    gatherMs: 0,
    onError: (error) => options.onError('centers could not be read', error),
  });
  return {
    routing: { places: postalPlaces(sql), centers, availability, weights: items, policy, policyHash: hashOf(policy), nowMs },
    centers,
    availability,
    items,
    publishing,
    refreshing,
  };
};
