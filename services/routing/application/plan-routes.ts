import type { EventContext } from '@orderlog/contracts';
import type { LogTransaction } from '@orderlog/event-log';
import type { Exclusion, PlanLine } from '@orderlog/routing-domain';
import type { Destination, Routing } from './ports.js';
import { routes, routeStream } from './streams.js';

/** What both facts that ask for a plan have in common: `OrderAccepted` and `OrderLinesReopened`. Absent means empty. */
export type PlanRequest = {
  readonly orderId: string;
  readonly attempt: number;
  readonly lines?: readonly PlanLine[];
  readonly exclusions?: readonly Exclusion[];
  readonly destination: Destination;
  readonly serviceLevel?: string;
  readonly policy?: { readonly split?: string };
};

/** The types of facts that ask for a plan. */
export const planRequestTypes = ['OrderAccepted', 'OrderLinesReopened'] as const;

/** A fact that asks for a plan, with the context of what follows. */
export type PlanFact = { readonly data: PlanRequest; readonly context: EventContext };

/**
 * Plans a batch of requests: one look at the map, then one decision after the other in memory, each on the stock its predecessors left.
 * A request without lines asks for nothing: its units wait for stock.
 */
export const planRoutes =
  ({ places, centers, availability, weights, policy, policyHash, nowMs }: Routing) =>
  async (facts: readonly PlanFact[], tx: LogTransaction): Promise<void> => {
    const wanted = facts.filter(({ data }) => (data.lines ?? []).length > 0);
    if (wanted.length === 0) return;
    const loaded = await tx.load(routes, wanted.map(({ data }) => routeStream(data.orderId)));
    const attempts = new Map([...loaded].map(([streamId, { state }]) => [streamId, state]));
    const destinations = await places.resolve(tx, wanted.map(({ data }) => data.destination));
    for (const [n, { data, context }] of wanted.entries()) {
      const streamId = routeStream(data.orderId);
      const now = nowMs();
      const state = attempts.get(streamId) ?? routes.decider.initialState;
      const events = routes.decider.decide(
        {
          type: 'PlanRoute',
          data: {
            orderId: data.orderId,
            attempt: data.attempt,
            lines: data.lines ?? [],
            countryCode: data.destination.countryCode,
            destination: destinations[n],
            serviceLevel: data.serviceLevel ?? 'standard',
            isShipComplete: data.policy?.split === 'ship_complete',
            exclusions: (data.exclusions ?? []).map(({ centerId, sku = '' }) => ({ centerId, sku })),
            policy,
            policyHash,
            centers: centers.now(now),
            availability: (sku, centerId) => availability.of(sku, centerId, now),
            weightGrams: weights.gramsOf,
          },
        },
        state,
      );
      if ('refused' in events || events.length === 0) continue;
      attempts.set(streamId, events.reduce(routes.decider.evolve, state));
      tx.append(routes, streamId, events, context);
      for (const event of events) {
        if (event.type !== 'RoutingDecided') continue;
        for (const { centerId, shipBy, lines } of event.data.legs) {
          availability.planned(centerId, lines, now);
          centers.planned(centerId, shipBy, lines.reduce((sum, { quantity }) => sum + quantity, 0));
        }
      }
    }
  };
