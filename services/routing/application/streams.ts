import type { Aggregate } from '@orderlog/event-log';
import {
  center,
  route,
  type Center,
  type CenterCommand,
  type CenterEvent,
  type Route,
  type RouteCommand,
  type RouteEvent,
} from '@orderlog/routing-domain';

/** The decisions on one order. */
export const routes: Aggregate<RouteCommand, RouteEvent, Route, never> = { category: 'routing', decider: route, stateSchema: 1 };

/** Fulfillment centers. */
export const centers: Aggregate<CenterCommand, CenterEvent, Center, never> = { category: 'center', decider: center, stateSchema: 1 };

/** Stream of an order's decisions. */
export const routeStream = (orderId: string): string => `routing-${orderId}`;
/** Stream of a center. */
export const centerStream = (centerId: string): string => `center-${centerId}`;
