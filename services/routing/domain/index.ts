export { center, centerKinds, type Center, type CenterCommand, type CenterEvent, type CenterKind, type CenterRecord } from './center.js';
export {
  chooseCenters,
  type CenterOption,
  type Choice,
  type CostTerms,
  type Demand,
  type Plan,
  type PlannedLeg,
  type Problem,
} from './choose-centers.js';
export { distanceKm, type DistanceBasis, type Point } from './distance.js';
export { standardPolicy, type DistanceBand, type RoutingPolicy } from './policy.js';
export {
  planRoute,
  route,
  type AvailabilityNow,
  type CenterNow,
  type Exclusion,
  type PlanLine,
  type RejectionReason,
  type Route,
  type RouteCommand,
  type RouteEvent,
  type RouteRequest,
} from './route.js';
