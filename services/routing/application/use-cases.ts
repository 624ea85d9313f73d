import type { EventLog } from '@orderlog/event-log';
import { defineCenter } from './define-center.js';
import { planRoutes } from './plan-routes.js';
import type { Routing } from './ports.js';

/** Everything that messages from outside may ask of routing. */
export const useCasesOf = (log: EventLog, routing: Routing, onCenterDefined: () => void) => ({
  planRoutes: planRoutes(routing),
  defineCenter: defineCenter(log, routing, onCenterDefined),
  learnCoordinates: routing.places.learn,
  locate: routing.places.resolve,
});

/** See `useCasesOf`. */
export type UseCases = ReturnType<typeof useCasesOf>;

/** Injection token of the `UseCases`. */
export const USE_CASES = Symbol('orderlog:routing-use-cases');
