import { type Command, type Decider, type Event } from '@orderlog/decider';
import type { CenterRecord } from './center.js';
import { chooseCenters, type CenterOption, type Choice, type CostTerms, type Demand, type Plan } from './choose-centers.js';
import { distanceKm, type DistanceBasis, type Point } from './distance.js';
import type { RoutingPolicy } from './policy.js';

/** Units of one line of the order. */
export type PlanLine = { readonly lineId: string; readonly sku: string; readonly quantity: number };

/** What must not be chosen again for this order; an empty SKU means every SKU of the center. */
export type Exclusion = { readonly centerId: string; readonly sku: string };

/** A center as it stands at the moment of the decision. */
export type CenterNow = CenterRecord & {
  /** Units already planned for the day that `shipBy` is on. */
  readonly unitsPlanned: number;
  readonly isCutOffMissed: boolean;
  /** The cut-off that a plan made now has to meet. */
  readonly shipBy: string;
  /** `arrivals[n]` is when a parcel of that cut-off arrives after n days on the road; the last entry stands for more days. */
  readonly arrivals: readonly string[];
};

/** A copy of availability: units that may be promised, and the version of the stock row. */
export type AvailabilityNow = { readonly available: number; readonly version: number };

/** What one center can do for one order: a rejection with its reason, or an option. */
export type RejectionReason = 'NO_STOCK' | 'CAPACITY_FULL' | 'CUTOFF_MISSED' | 'STOP_SHIP' | 'ZONE_EXCLUDED' | 'EXCLUDED' | 'DOMINATED';

export type RouteRequest = {
  readonly orderId: string;
  readonly attempt: number;
  readonly lines: readonly PlanLine[];
  readonly countryCode: string;
  /** Where the parcel goes; undefined: nothing is known of the place. */
  readonly destination: { readonly point: Point; readonly basis: DistanceBasis } | undefined;
  readonly serviceLevel: string;
  readonly isShipComplete: boolean;
  readonly exclusions: readonly Exclusion[];
  readonly policy: RoutingPolicy;
  readonly policyHash: string;
  readonly centers: readonly CenterNow[];
  readonly availability: (sku: string, centerId: string) => AvailabilityNow | undefined;
  readonly weightGrams: (sku: string) => number | undefined;
};

export type RouteCommand = Command<'PlanRoute', RouteRequest>;

type PlanLeg = {
  readonly fulfillmentOrderId: string;
  readonly centerId: string;
  readonly centerKind: string;
  readonly lines: readonly PlanLine[];
  readonly shipBy: string;
  readonly expectedDelivery: string;
  readonly distanceKm: number;
  readonly distanceBasis: string;
  readonly parcels: number;
};
type RejectedCenter = {
  readonly centerId: string;
  readonly reason: RejectionReason;
  readonly dominatedBy: string;
  readonly costDifference: number;
};
type InputPosition = { readonly centerId: string; readonly sku: string; readonly available: number; readonly version: number };
type PolicyName = { readonly policyId: string; readonly policyHash: string };

export type RouteEvent =
  | Event<
      'RoutingDecided',
      PolicyName & {
        orderId: string;
        attempt: number;
        legs: readonly PlanLeg[];
        uncovered: readonly PlanLine[];
        cost: CostTerms;
        candidates: readonly { readonly centerIds: readonly string[]; readonly cost: CostTerms }[];
        rejected: readonly RejectedCenter[];
        inputs: readonly InputPosition[];
        plansConsidered: number;
        serviceLevel: string;
      }
    >
  | Event<
      'RoutingInfeasible',
      PolicyName & {
        orderId: string;
        attempt: number;
        uncovered: readonly PlanLine[];
        rejected: readonly RejectedCenter[];
        reason: 'NO_STOCK' | 'NO_CENTER' | 'UNKNOWN_DESTINATION' | 'SHIP_COMPLETE';
        inputs: readonly InputPosition[];
      }
    >;

/** How often this order was routed. */
export type Route = { readonly attempt: number };

/** Demand by SKU, in the order in which the lines name them first. */
const demandsOf = ({ lines, weightGrams, policy }: RouteRequest): readonly Demand[] => {
  const quantities = new Map<string, number>();
  for (const { sku, quantity } of lines) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
  return [...quantities].map(([sku, quantity]) => ({
    sku,
    quantity,
    weightGrams: Math.max(1, weightGrams(sku) ?? policy.weightUnknownGrams),
  }));
};

type Looked = {
  readonly center: CenterNow;
  readonly km: number;
  readonly days: number;
  readonly option: CenterOption;
  readonly rejection: RejectionReason | undefined;
};

/** What a center can do for this order, and if nothing, why. */
const look = (request: RouteRequest, point: Point, demands: readonly Demand[], center: CenterNow): Looked => {
  const { policy, exclusions, serviceLevel, availability, countryCode } = request;
  const km = distanceKm(center, point);
  const band = policy.bands.find(({ upToKm }) => km <= upToKm) ?? policy.bands[policy.bands.length - 1];
  const isExpress = serviceLevel === 'express';
  const perParcel = band?.perParcel ?? 0;
  const days = band?.days ?? 0;
  const barred = exclusions.filter(({ centerId }) => centerId === center.centerId);
  const isBarred = (sku: string): boolean => barred.some((exclusion) => exclusion.sku === '' || exclusion.sku === sku);
  const stock = demands.map(({ sku }) => Math.max(0, availability(sku, center.centerId)?.available ?? 0));
  const available = stock.map((units, d) => (isBarred(demands[d]?.sku ?? '') ? 0 : units));
  const capacity = center.capacityUnitsPerDay;
  const taken = capacity === 0 ? 1 : Math.min(1, center.unitsPlanned / capacity);
  const capacityUnits = Math.max(0, capacity - center.unitsPlanned);
  return {
    center,
    km,
    days: isExpress ? Math.ceil(days / 2) : days,
    option: {
      centerId: center.centerId,
      shippingPerParcel: isExpress ? Math.round((perParcel * policy.expressPercent) / 100) : perParcel,
      handlingPerParcel: center.handlingCost,
      lateness: center.isCutOffMissed ? (isExpress ? policy.latenessExpress : policy.latenessStandard) : 0,
      loadPerUnit: Math.round(policy.loadPerUnitMax * taken * taken),
      capacityUnits,
      available,
    },
    rejection: center.stopped
      ? 'STOP_SHIP'
      : center.shipsTo.length > 0 && !center.shipsTo.includes(countryCode)
        ? 'ZONE_EXCLUDED'
        : !stock.some((units) => units > 0)
          ? 'NO_STOCK'
          : !available.some((units) => units > 0)
            ? 'EXCLUDED'
            : capacityUnits === 0
              ? 'CAPACITY_FULL'
              : undefined,
  };
};

const entryCost = ({ option }: Looked): number => option.shippingPerParcel + option.handlingPerParcel + option.lateness;

/** With more centers than the policy looks at: in turns the best of each line, until there are enough. */
const shortlist = (able: readonly Looked[], demands: readonly Demand[], centersMax: number): readonly Looked[] => {
  if (able.length <= centersMax) return able;
  const rankings = demands.map(({ quantity }, d) =>
    able
      .filter(({ option }) => (option.available[d] ?? 0) > 0)
      .map((one) => ({ one, units: Math.min(quantity, one.option.available[d] ?? 0) }))
      .sort((a, b) => b.units - a.units || entryCost(a.one) - entryCost(b.one) || (a.one.center.centerId < b.one.center.centerId ? -1 : 1)),
  );
  const listed = new Set<Looked>();
  for (let rank = 0; rank < able.length && listed.size < centersMax; rank += 1) {
    for (const ranking of rankings) {
      const next = ranking[rank];
      if (next !== undefined && listed.size < centersMax) listed.add(next.one);
    }
  }
  return [...listed];
};

/** Deals the units that each leg sends of a SKU back to the order's lines, in their order; answers what is left too. */
const deal = (
  lines: readonly PlanLine[],
  demands: readonly Demand[],
  plan: Plan,
): { readonly legs: readonly (readonly PlanLine[])[]; readonly uncovered: readonly PlanLine[] } => {
  const missing = lines.map(({ quantity }) => quantity);
  const indexOf = new Map(demands.map(({ sku }, d) => [sku, d]));
  const legs = plan.legs.map(({ units }) => {
    const left = [...units];
    return lines.flatMap(({ lineId, sku }, n) => {
      const d = indexOf.get(sku) ?? -1;
      const quantity = Math.min(left[d] ?? 0, missing[n] ?? 0);
      if (quantity === 0) return [];
      left[d] = (left[d] ?? 0) - quantity;
      missing[n] = (missing[n] ?? 0) - quantity;
      return [{ lineId, sku, quantity }];
    });
  });
  const uncovered = lines.flatMap(({ lineId, sku }, n) => {
    const quantity = missing[n] ?? 0;
    return quantity === 0 ? [] : [{ lineId, sku, quantity }];
  });
  return { legs, uncovered };
};

/** Why each center is not in the plan, the nearest misses first; cut to what an event may carry. */
const rejectedOf = (looked: readonly Looked[], choice: Choice | undefined, policy: RoutingPolicy): readonly RejectedCenter[] => {
  const best = choice?.candidates[0];
  const chosen = new Set(best?.legs.map(({ center }) => center.centerId));
  const dominatedBy = [...chosen].join(' ');
  const rank: Record<RejectionReason, number> = {
    DOMINATED: 0,
    CUTOFF_MISSED: 0,
    CAPACITY_FULL: 1,
    EXCLUDED: 2,
    STOP_SHIP: 3,
    ZONE_EXCLUDED: 4,
    NO_STOCK: 5,
  };
  return looked
    .filter(({ center }) => !chosen.has(center.centerId))
    .map(({ center, rejection, option }): RejectedCenter => {
      if (rejection !== undefined || best === undefined) {
        return { centerId: center.centerId, reason: rejection ?? 'NO_STOCK', dominatedBy: '', costDifference: 0 };
      }
      const leastCost = choice?.leastCostWith.get(center.centerId) ?? best.cost.total;
      const isLate = option.lateness > 0 && leastCost - option.lateness < best.cost.total;
      const costDifference = Math.max(0, leastCost - best.cost.total);
      return { centerId: center.centerId, reason: isLate ? 'CUTOFF_MISSED' : 'DOMINATED', dominatedBy, costDifference };
    })
    .sort((a, b) => rank[a.reason] - rank[b.reason] || a.costDifference - b.costDifference || (a.centerId < b.centerId ? -1 : 1))
    .slice(0, policy.rejectedMax);
};

/** The copies that the decision was made on: those of the chosen centers first, cut to what an event may carry. */
const inputsOf = (request: RouteRequest, looked: readonly Looked[], demands: readonly Demand[], plan: Plan | undefined): readonly InputPosition[] => {
  const chosen = new Set(plan?.legs.map(({ center }) => center.centerId));
  const inChosen = looked.filter(({ center }) => chosen.has(center.centerId));
  const others = looked.filter(({ center }) => !chosen.has(center.centerId));
  const inputs: InputPosition[] = [];
  for (const { center } of [...inChosen, ...others]) {
    for (const { sku } of demands) {
      const copy = request.availability(sku, center.centerId);
      if (copy === undefined) continue;
      inputs.push({ centerId: center.centerId, sku, available: copy.available, version: copy.version });
      if (inputs.length === request.policy.inputsMax) return inputs;
    }
  }
  return inputs;
};

/** The decision on one attempt: the plan, or why there is none. Equal requests give equal decisions. */
export const planRoute = (request: RouteRequest): RouteEvent => {
  const { orderId, attempt, lines, destination, policy, policyHash, serviceLevel, isShipComplete } = request;
  const name = { orderId, attempt, policyId: policy.policyId, policyHash };
  if (destination === undefined) {
    return { type: 'RoutingInfeasible', data: { ...name, uncovered: lines, rejected: [], reason: 'UNKNOWN_DESTINATION', inputs: [] } };
  }
  const demands = demandsOf(request);
  const looked = [...request.centers]
    .sort((a, b) => (a.centerId < b.centerId ? -1 : 1))
    .map((center) => look(request, destination.point, demands, center));
  const able = looked.filter(({ rejection }) => rejection === undefined);
  const choice = chooseCenters({
    demands,
    centers: shortlist(able, demands, policy.centersMax).map(({ option }) => option),
    splitPenalty: policy.splitPenalty,
    parcelWeightMaxGrams: policy.parcelWeightMaxGrams,
    candidatesMax: policy.candidatesMax,
  });
  const plan = choice.candidates[0];
  if (plan === undefined || (isShipComplete && plan.unfilled > 0)) {
    const canAnyoneSend = looked.some(({ rejection }) => rejection !== 'STOP_SHIP' && rejection !== 'ZONE_EXCLUDED');
    const reason = plan !== undefined ? 'SHIP_COMPLETE' : canAnyoneSend ? 'NO_STOCK' : 'NO_CENTER';
    const data = { ...name, uncovered: lines, rejected: rejectedOf(looked, undefined, policy), reason, inputs: inputsOf(request, looked, demands, undefined) };
    return { type: 'RoutingInfeasible', data: { ...data, reason } };
  }
  const dealt = deal(lines, demands, plan);
  const legs = plan.legs.map(({ center: { centerId }, parcels }, n): PlanLeg => {
    const one = looked.find(({ center }) => center.centerId === centerId);
    if (one === undefined) throw new Error(`the plan names ${centerId}, which was not looked at`);
    const { arrivals } = one.center;
    return {
      fulfillmentOrderId: `${orderId}.${attempt}.${n + 1}`,
      centerId,
      centerKind: one.center.kind,
      lines: dealt.legs[n] ?? [],
      shipBy: one.center.shipBy,
      expectedDelivery: arrivals[Math.min(one.days, arrivals.length - 1)] ?? '',
      distanceKm: one.km,
      distanceBasis: destination.basis,
      parcels,
    };
  });
  return {
    type: 'RoutingDecided',
    data: {
      ...name,
      legs,
      uncovered: dealt.uncovered,
      cost: plan.cost,
      candidates: choice.candidates.map(({ legs: parts, cost }) => ({ centerIds: parts.map(({ center }) => center.centerId), cost })),
      rejected: rejectedOf(looked, choice, policy),
      inputs: inputsOf(request, looked, demands, plan),
      plansConsidered: choice.plansConsidered,
      serviceLevel,
    },
  };
};

/** The routing of one order: one decision for each attempt. Stream `routing-<orderId>`. */
export const route: Decider<RouteCommand, RouteEvent, Route> = {
  initialState: { attempt: 0 },
  decide: ({ data }, { attempt }) => (data.attempt <= attempt ? [] : [planRoute(data)]),
  evolve: ({ attempt }, { data }) => ({ attempt: Math.max(attempt, data.attempt) }),
};
