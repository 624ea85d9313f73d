/** What is wanted of one SKU, all lines of the order together: so that the same SKU on two lines never passes on the same unit twice. */
export type Demand = { readonly sku: string; readonly quantity: number; readonly weightGrams: number };

/** A center that may send, with what it costs to send from there to this destination. Costs are integers in minor units. */
export type CenterOption = {
  readonly centerId: string;
  /** The carrier's price of one parcel. */
  readonly shippingPerParcel: number;
  readonly handlingPerParcel: number;
  /** Once, if this center sends anything: what its missed cut-off is worth. */
  readonly lateness: number;
  readonly loadPerUnit: number;
  /** Units it can still take on. */
  readonly capacityUnits: number;
  /** Units it can send, by the index of the demand. */
  readonly available: readonly number[];
};

/** The cost of a plan by its terms. */
export type CostTerms = {
  readonly shipping: number;
  readonly handling: number;
  readonly split: number;
  readonly lateness: number;
  readonly load: number;
  readonly total: number;
};

/** One center's part of a plan: units by the index of the demand. */
export type PlannedLeg = { readonly center: CenterOption; readonly units: readonly number[]; readonly parcels: number };

/** A way to send an order. */
export type Plan = { readonly legs: readonly PlannedLeg[]; readonly unfilled: number; readonly cost: CostTerms };

export type Problem = {
  readonly demands: readonly Demand[];
  readonly centers: readonly CenterOption[];
  /** For every leg after the first. */
  readonly splitPenalty: number;
  readonly parcelWeightMaxGrams: number;
  /** How many plans are kept for the explanation. */
  readonly candidatesMax: number;
};

export type Choice = {
  /** The best plan first. Empty: no center can send anything. */
  readonly candidates: readonly Plan[];
  /** By center: the least that a plan with it costs, at the fill of the best plan. A bound where pruning made the exact figure needless. */
  readonly leastCostWith: ReadonlyMap<string, number>;
  readonly plansConsidered: number;
};

/** Steps of the search for plans whose parcels or capacities couple the lines; beyond it the best plan found so far stands. */
const searchStepsMax = 20_000;
/** The same for orders of very many lines, whose steps are longer: no plan may hold up the others for more than a moment. */
const searchTouchesMax = 1_000_000;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

const parcelsOf = (units: readonly number[], { demands, parcelWeightMaxGrams }: Problem): number => {
  let grams = 0;
  let any = false;
  for (let n = 0; n < units.length; n += 1) {
    const quantity = units[n] ?? 0;
    if (quantity === 0) continue;
    any = true;
    grams += quantity * (demands[n]?.weightGrams ?? 0);
  }
  return any ? Math.max(1, Math.ceil(grams / parcelWeightMaxGrams)) : 0;
};

/** What sending from a center costs at least, when it sends anything. */
const entryCost = (center: CenterOption): number => center.shippingPerParcel + center.handlingPerParcel + center.lateness;

/** The plan that an allocation means (units by center, then by demand), with its cost by terms. Centers that send nothing are left out. */
export const priced = (problem: Problem, centers: readonly CenterOption[], allocation: readonly (readonly number[])[]): Plan => {
  const legs: PlannedLeg[] = [];
  let [shipping, handling, lateness, load, filled] = [0, 0, 0, 0, 0];
  for (const [n, center] of centers.entries()) {
    const units = allocation[n] ?? [];
    const parcels = parcelsOf(units, problem);
    if (parcels === 0) continue;
    const quantity = sum(units);
    legs.push({ center, units, parcels });
    shipping += parcels * center.shippingPerParcel;
    handling += parcels * center.handlingPerParcel;
    lateness += center.lateness;
    load += quantity * center.loadPerUnit;
    filled += quantity;
  }
  const split = Math.max(0, legs.length - 1) * problem.splitPenalty;
  const total = shipping + handling + split + lateness + load;
  const wanted = sum(problem.demands.map(({ quantity }) => quantity));
  return { legs, unfilled: wanted - filled, cost: { shipping, handling, split, lateness, load, total } };
};

const idsOf = (plan: Plan): string => plan.legs.map(({ center }) => center.centerId).join(' ');

/** Fill first, then cost; what is left is settled by the fewer legs and by name, so that equal inputs give equal plans. */
export const comparePlans = (a: Plan, b: Plan): number =>
  a.unfilled - b.unfilled ||
  a.cost.total - b.cost.total ||
  a.legs.length - b.legs.length ||
  (idsOf(a) < idsOf(b) ? -1 : idsOf(a) > idsOf(b) ? 1 : 0);

type Search = { steps: number; readonly stepsMax: number; touches: number };

/**
 * The cheapest units of each line from a set of centers, within their capacities. Exact when every center needs one parcel at most and
 * has capacity for all; otherwise a plan to begin with.
 */
const fillApart = (problem: Problem, subset: readonly CenterOption[]): readonly (readonly number[])[] => {
  const allocation = subset.map(() => problem.demands.map(() => 0));
  const unitsLeft = subset.map(({ capacityUnits }) => capacityUnits);
  const cheapestFirst = subset.map((center, n) => ({ center, n })).sort((a, b) => a.center.loadPerUnit - b.center.loadPerUnit || a.n - b.n);
  for (const [d, { quantity }] of problem.demands.entries()) {
    let missing = quantity;
    for (const { center, n } of cheapestFirst) {
      const units = Math.min(missing, center.available[d] ?? 0, unitsLeft[n] ?? 0);
      const row = allocation[n];
      if (row !== undefined) row[d] = units;
      unitsLeft[n] = (unitsLeft[n] ?? 0) - units;
      missing -= units;
      if (missing === 0) break;
    }
  }
  return allocation;
};

/**
 * Tries every number of units of every demand from every center of the set, most units first, and leaves a branch as soon as it cannot
 * beat the best plan. Needed where parcel weights or capacities tie the lines together.
 */
const fillTogether = (problem: Problem, subset: readonly CenterOption[], search: Search): Plan => {
  const { demands } = problem;
  const allocation = subset.map(() => demands.map(() => 0));
  const grams = subset.map(() => 0);
  const unitsLeft = subset.map(({ capacityUnits }) => capacityUnits);
  const reachable: number[] = [];
  for (let d = demands.length - 1, later = 0; d >= 0; d -= 1) {
    later += Math.min(demands[d]?.quantity ?? 0, sum(subset.map(({ available }) => available[d] ?? 0)));
    reachable[d] = later;
  }
  const wanted = sum(demands.map(({ quantity }) => quantity));
  let best = priced(problem, subset, fillApart(problem, subset));

  const costSoFar = (): number => {
    let cost = 0;
    let legs = 0;
    for (let n = 0; n < subset.length; n += 1) {
      const center = subset[n];
      const units = center === undefined ? 0 : center.capacityUnits - (unitsLeft[n] ?? 0);
      if (center === undefined || units === 0) continue;
      legs += 1;
      const parcels = Math.max(1, Math.ceil((grams[n] ?? 0) / problem.parcelWeightMaxGrams));
      cost += parcels * (center.shippingPerParcel + center.handlingPerParcel) + center.lateness + units * center.loadPerUnit;
    }
    return cost + Math.max(0, legs - 1) * problem.splitPenalty;
  };

  const visit = (d: number, n: number, missing: number, filled: number): void => {
    search.steps += 1;
    if (search.steps > search.stepsMax) return;
    const hope = wanted - filled - Math.min(missing, reachable[d] ?? 0) - (reachable[d + 1] ?? 0);
    if (hope > best.unfilled || (hope === best.unfilled && costSoFar() > best.cost.total)) return;
    if (d === demands.length) {
      const plan = priced(problem, subset, allocation.map((units) => [...units]));
      if (comparePlans(plan, best) < 0) best = plan;
      return;
    }
    const center = subset[n];
    const row = allocation[n];
    if (center === undefined || row === undefined) return visit(d + 1, 0, demands[d + 1]?.quantity ?? 0, filled);
    const weight = demands[d]?.weightGrams ?? 0;
    for (let units = Math.min(missing, center.available[d] ?? 0, unitsLeft[n] ?? 0); units >= 0; units -= 1) {
      row[d] = units;
      grams[n] = (grams[n] ?? 0) + units * weight;
      unitsLeft[n] = (unitsLeft[n] ?? 0) - units;
      visit(d, n + 1, missing - units, filled + units);
      grams[n] = (grams[n] ?? 0) - units * weight;
      unitsLeft[n] = (unitsLeft[n] ?? 0) + units;
      row[d] = 0;
      if (search.steps > search.stepsMax) return;
    }
  };
  visit(0, 0, demands[0]?.quantity ?? 0, 0);
  return best;
};

/** Calls back with every set of `size` centers, in the order of the list, unless the bound says that none with this beginning can win. */
const subsets = (
  centers: readonly CenterOption[],
  size: number,
  isHopeless: (chosen: readonly CenterOption[]) => boolean,
  visit: (subset: readonly CenterOption[]) => void,
): void => {
  const chosen: CenterOption[] = [];
  const extend = (from: number): void => {
    if (chosen.length === size) return visit(chosen);
    for (let n = from; n <= centers.length - (size - chosen.length); n += 1) {
      const center = centers[n];
      if (center === undefined) return;
      chosen.push(center);
      if (!isHopeless(chosen)) extend(n + 1);
      chosen.pop();
    }
  };
  extend(0);
};

/** Units that a set of centers has of what is wanted, capacities aside. */
const fillable = (demands: readonly Demand[], subset: readonly CenterOption[]): number => {
  let filled = 0;
  for (let d = 0; d < demands.length; d += 1) {
    let units = 0;
    for (const { available } of subset) units += available[d] ?? 0;
    filled += Math.min(units, demands[d]?.quantity ?? 0);
  }
  return filled;
};

/** Entry costs of some centers and the penalties of so many legs: what every plan of just these centers costs at least. */
const leastCost = (subset: readonly CenterOption[], legs: number, splitPenalty: number): number =>
  subset.reduce((total, center) => total + entryCost(center), Math.max(0, legs - 1) * splitPenalty);

/** The best plans so far, and what they say about each center. */
const ranking = (leastUnfilled: number, candidatesMax: number) => {
  const candidates: Plan[] = [];
  const leastCostWith = new Map<string, number>();
  let plansConsidered = 0;
  return {
    candidates,
    leastCostWith,
    count: () => plansConsidered,
    /** What a plan has to stay below; no bound before one fills as much as can be filled. */
    bound: () => (candidates[0]?.unfilled === leastUnfilled ? candidates[0].cost.total : Number.MAX_SAFE_INTEGER),
    keep: (plan: Plan): void => {
      plansConsidered += 1;
      if (plan.unfilled === leastUnfilled) {
        for (const { center } of plan.legs) {
          leastCostWith.set(center.centerId, Math.min(plan.cost.total, leastCostWith.get(center.centerId) ?? Number.MAX_SAFE_INTEGER));
        }
      }
      candidates.push(plan);
      candidates.sort(comparePlans);
      if (candidates.length > candidatesMax) candidates.pop();
    },
  };
};

/**
 * The cheapest way to send as much as can be sent: exact over all sets of centers (where weight asks for several parcels of
 * one center, or a capacity binds: within the limits of the search). Sets are tried by size; the sum of their entry costs is the bound that ends the search,
 * which is why most orders look at single centers only. Centers without which less could be sent are in every set.
 */
export const chooseCenters = (problem: Problem): Choice => {
  const { demands, splitPenalty, candidatesMax } = problem;
  const centers = problem.centers
    .filter(({ available, capacityUnits }) => capacityUnits > 0 && available.some((units) => units > 0))
    .sort((a, b) => entryCost(a) - entryCost(b) || (a.centerId < b.centerId ? -1 : 1));
  const wanted = sum(demands.map(({ quantity }) => quantity));
  const hasRoom = centers.every(({ capacityUnits }) => capacityUnits >= wanted);
  const isApart = hasRoom && sum(demands.map(({ quantity, weightGrams }) => quantity * weightGrams)) <= problem.parcelWeightMaxGrams;
  const mostFilled = Math.min(fillable(demands, centers), sum(centers.map(({ capacityUnits }) => capacityUnits)));
  const { candidates, leastCostWith, count, bound, keep } = ranking(wanted - mostFilled, candidatesMax);
  const search: Search = { steps: 0, stepsMax: Math.min(searchStepsMax, searchTouchesMax / (demands.length * centers.length)), touches: 0 };
  const tryOut = (subset: readonly CenterOption[]): void => {
    search.touches += demands.length * subset.length;
    const plan = isApart ? priced(problem, subset, fillApart(problem, subset)) : fillTogether(problem, subset, search);
    // A center of the set that sends nothing: the same plan was met as a smaller set.
    if (plan.legs.length === subset.length) keep(plan);
  };

  // Single centers are all looked at: they explain the decision.
  for (const center of centers) tryOut([center]);
  const needed = hasRoom ? centers.filter((center) => fillable(demands, centers.filter((other) => other !== center)) < mostFilled) : [];
  const others = centers.filter((center) => !needed.includes(center));
  for (let size = Math.max(2, needed.length); size <= centers.length; size += 1) {
    const more = size - needed.length;
    const neededCost = leastCost(needed, size, splitPenalty);
    if (neededCost + leastCost(others.slice(0, more), 0, 0) > bound()) break;
    subsets(
      others,
      more,
      // They come in the order of their entry costs: those still to be added cost at least as much as the last one.
      (chosen) => neededCost + leastCost(chosen, 0, 0) + (more - chosen.length) * leastCost(chosen.slice(-1), 0, 0) > bound(),
      (chosen) => {
        const subset = [...needed, ...chosen];
        if (hasRoom && fillable(demands, subset) < mostFilled) return;
        if (!isApart && search.touches > searchTouchesMax && bound() < Number.MAX_SAFE_INTEGER) return;
        tryOut(subset);
      },
    );
  }
  for (const center of centers) {
    if (leastCostWith.has(center.centerId)) continue;
    const companion = centers.find((other) => other !== center);
    leastCostWith.set(center.centerId, leastCost(companion === undefined ? [center] : [center, companion], 2, splitPenalty));
  }
  return { candidates, leastCostWith, plansConsidered: count() };
};
