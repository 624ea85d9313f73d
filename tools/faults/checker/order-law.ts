import { count, list, object, text } from './row.js';

// What may follow what in the life of an order, and where its units are: written from the vocabulary, not from the decider that it judges.
// The decider's own `evolve` is held against it at the end (`unitsOf`).

type Box = { readonly lines: ReadonlyMap<string, number>; packed: boolean; labeled: boolean; shipped: boolean; outcome: '' | 'delivered' | 'undelivered'; emptied: boolean };
type Leg = { readonly attempt: number; phase: 'routed' | 'allocated' | 'released'; readonly inHand: Map<string, number>; readonly boxes: Map<string, Box> };
type LineUnits = { readonly ordered: number; open: number; backordered: number; cancelled: number };
type Data = Readonly<Record<string, unknown>>;

/** Where the units of an order are, all lines together. */
export type UnitsByPlace = Readonly<
  Record<'open' | 'backordered' | 'routed' | 'allocated' | 'inCenter' | 'packed' | 'shipped' | 'delivered' | 'undelivered' | 'cancelled', number>
>;

class Unlawful extends Error {}

const must = (isSo: boolean, what: string): void => {
  if (!isSo) throw new Unlawful(what);
};

const quantities = (value: unknown): ReadonlyMap<string, number> => {
  const sums = new Map<string, number>();
  for (const line of list(value)) sums.set(text(line['lineId']), (sums.get(text(line['lineId'])) ?? 0) + count(line['quantity']));
  return sums;
};

/** Planning and moving: nothing of it may come once nothing further is expected. */
const whileAlive = new Set([
  'OrderAccepted', 'OrderRouted', 'OrderBackordered', 'OrderAllocated', 'OrderReleased', 'OrderLinesReopened', 'OrderLinesCancelled',
  'OrderPackageShipped', 'OrderPackageDelivered', 'OrderCancelled',
]);

/** The law of one order. `apply` answers why an event may not come here, or undefined. */
export const orderLaw = () => {
  const lines = new Map<string, LineUnits>();
  const legs = new Map<string, Leg>();
  const holds = new Set<string>();
  const plans = new Set<number>();
  let isPlaced = false;
  let isAccepted = false;
  let isRejected = false;
  let closed = '';
  let feedback: 'none' | 'asked' | 'given' = 'none';
  let payment: Data = {};
  let releaseOn = '';

  const lineOf = (lineId: string): LineUnits => {
    const line = lines.get(lineId);
    if (line === undefined) throw new Unlawful(`the order has no line ${lineId}`);
    return line;
  };
  const legOf = (id: string): Leg => {
    const leg = legs.get(id);
    if (leg === undefined) throw new Unlawful(`no plan of the order has the fulfillment order ${id}`);
    return leg;
  };
  const takeOpen = (units: ReadonlyMap<string, number>, into?: 'backordered'): void => {
    for (const [lineId, quantity] of units) {
      const line = lineOf(lineId);
      must(quantity > 0 && line.open >= quantity, `line ${lineId}: ${quantity} units are taken, ${line.open} are open`);
      line.open -= quantity;
      if (into !== undefined) line[into] += quantity;
    }
  };
  const takeInHand = (id: string, leg: Leg, units: ReadonlyMap<string, number>): void => {
    for (const [lineId, quantity] of units) {
      const left = leg.inHand.get(lineId) ?? 0;
      must(quantity > 0 && left >= quantity, `${id} line ${lineId}: ${quantity} units are taken, ${left} are in hand`);
      leg.inHand.set(lineId, left - quantity);
    }
  };
  const boxOf = (data: Data, what: string): Box => {
    const id = text(data['fulfillmentOrderId']);
    const leg = legOf(id);
    must(leg.phase === 'released', `${what}: ${id} is ${leg.phase}, not released`);
    const told = quantities(data['lines']);
    const packageId = text(data['packageId']);
    const known = leg.boxes.get(packageId);
    if (known !== undefined) {
      const isSame = known.lines.size === told.size && [...told].every(([lineId, quantity]) => known.lines.get(lineId) === quantity);
      must(isSame, `${packageId} has other contents than before`);
      return known;
    }
    takeInHand(id, leg, told);
    const box: Box = { lines: told, packed: false, labeled: false, shipped: false, outcome: '', emptied: false };
    leg.boxes.set(packageId, box);
    return box;
  };
  const once = (box: Box, packageId: string, what: 'packed' | 'labeled' | 'shipped'): void => {
    must(!box[what], `${packageId} is ${what} a second time`);
    box[what] = true;
  };
  const end = (data: Data, outcome: 'delivered' | 'undelivered'): void => {
    const packageId = text(data['packageId']);
    const box = boxOf(data, outcome);
    must(box.outcome === '' && !box.emptied, `${packageId} is ${outcome} after ${box.emptied ? 'its units were taken out' : `it was ${box.outcome}`}`);
    box.outcome = outcome;
  };

  /** Units that leave centers and boxes, to be planned anew or cancelled. */
  const giveBack = (units: unknown, to: 'open' | 'cancelled'): void => {
    const boxes = new Map<Box, Map<string, number>>();
    for (const unit of list(units)) {
      const [lineId, quantity] = [text(unit['lineId']), count(unit['quantity'])];
      const [id, packageId] = [text(unit['fulfillmentOrderId']), text(unit['packageId'])];
      const line = lineOf(lineId);
      must(quantity > 0, `line ${lineId}: ${quantity} units are given back`);
      if (id === '') {
        const fromOpen = to === 'cancelled' ? Math.min(quantity, line.open) : 0;
        line.open -= fromOpen;
        line.backordered -= quantity - fromOpen;
        must(line.backordered >= 0, `line ${lineId}: ${quantity} units are taken that wait for nothing`);
      } else if (packageId === '') {
        takeInHand(id, legOf(id), new Map([[lineId, quantity]]));
      } else {
        const leg = legOf(id);
        const known = leg.boxes.get(packageId);
        if (known === undefined) {
          // Withdrawn before anybody told of the box: its units come from the shelf.
          takeInHand(id, leg, new Map([[lineId, quantity]]));
          leg.boxes.set(packageId, { lines: new Map([[lineId, quantity]]), packed: false, labeled: false, shipped: false, outcome: '', emptied: true });
        } else if (known.emptied && !boxes.has(known)) {
          takeInHand(id, leg, new Map([[lineId, quantity]]));
          leg.boxes.set(packageId, { ...known, lines: new Map(known.lines).set(lineId, quantity) });
        } else {
          must(known.outcome !== 'delivered', `${packageId} is with the customer`);
          must(!known.shipped || known.outcome === 'undelivered', `${packageId} is with the carrier`);
          boxes.set(known, (boxes.get(known) ?? new Map<string, number>()).set(lineId, (boxes.get(known)?.get(lineId) ?? 0) + quantity));
          known.emptied = true;
        }
      }
      line[to] += quantity;
    }
    for (const [box, taken] of boxes) {
      for (const [lineId, quantity] of box.lines) must(taken.get(lineId) === quantity, `a box is emptied of ${taken.get(lineId) ?? 0} of its ${quantity} units of line ${lineId}`);
    }
  };

  /** The centers work when the channel's gate lets them: at once, when the money is promised, or when it is there. */
  const isGateOpen = (): boolean => {
    const status = text(payment['status']);
    if (releaseOn === 'none' || status === 'paid' || status === 'not_required') return true;
    return releaseOn === 'authorized' && (status === 'authorized' || (status === 'partially_paid' && count(payment['authorizedAmount']) > 0));
  };

  const units = (): UnitsByPlace => {
    const sum = { open: 0, backordered: 0, routed: 0, allocated: 0, inCenter: 0, packed: 0, shipped: 0, delivered: 0, undelivered: 0, cancelled: 0 };
    for (const line of lines.values()) {
      sum.open += line.open;
      sum.backordered += line.backordered;
      sum.cancelled += line.cancelled;
    }
    for (const leg of legs.values()) {
      const place = leg.phase === 'released' ? 'inCenter' : leg.phase;
      for (const quantity of leg.inHand.values()) sum[place] += quantity;
      for (const box of leg.boxes.values()) {
        if (box.emptied) continue;
        const where = box.outcome !== '' ? box.outcome : box.shipped ? 'shipped' : 'packed';
        for (const quantity of box.lines.values()) sum[where] += quantity;
      }
    }
    return sum;
  };
  const live = (now: UnitsByPlace): number => Object.values(now).reduce((sum, quantity) => sum + quantity, 0) - now.cancelled;

  const laws: Readonly<Record<string, (data: Data) => void>> = {
    OrderPlaced: (data) => {
      isPlaced = true;
      payment = object(data['payment']);
      releaseOn = text(object(data['policy'])['releaseOn']);
      for (const line of list(data['lines'])) {
        const quantity = count(line['quantity']);
        must(quantity > 0, `line ${text(line['lineId'])} has ${quantity} units`);
        lines.set(text(line['lineId']), { ordered: quantity, open: quantity, backordered: 0, cancelled: 0 });
      }
      must(lines.size > 0, 'the order has no line');
    },
    OrderRejected: () => {
      must(!isAccepted && !isRejected, 'it was accepted or rejected before');
      isRejected = true;
    },
    OrderHeld: (data) => {
      must(!holds.has(text(data['holdId'])), `the hold ${text(data['holdId'])} is open already`);
      must(text(data['reason']) !== '', 'a hold without a reason');
      holds.add(text(data['holdId']));
    },
    OrderHoldReleased: (data) => must(holds.delete(text(data['holdId'])), `the hold ${text(data['holdId'])} is not open`),
    OrderPaymentChanged: (data) => {
      payment = object(data['payment']);
    },
    OrderAccepted: () => {
      must(!isAccepted && !isRejected, 'it was accepted or rejected before');
      isAccepted = true;
    },
    OrderRouted: (data) => {
      const attempt = count(data['attempt']);
      must(isAccepted, 'it is planned before it was accepted');
      must(!plans.has(attempt), `attempt ${attempt} has a plan already`);
      plans.add(attempt);
      for (const planned of list(data['fulfillments'])) {
        const id = text(planned['fulfillmentOrderId']);
        must(!legs.has(id), `${id} is planned a second time`);
        const inHand = quantities(planned['lines']);
        takeOpen(inHand);
        legs.set(id, { attempt, phase: 'routed', inHand: new Map(inHand), boxes: new Map() });
      }
    },
    OrderBackordered: (data) => {
      must(isAccepted, 'it waits for stock before it was accepted');
      must(text(data['reviewAt']) !== '', 'it waits without a date of review');
      takeOpen(quantities(data['lines']), 'backordered');
    },
    OrderAllocated: (data) => {
      const own = [...legs.values()].filter((leg) => leg.attempt === count(data['attempt']) && leg.phase === 'routed');
      must(own.length > 0, `attempt ${count(data['attempt'])} has no plan that waits for its lease`);
      for (const leg of own) leg.phase = 'allocated';
    },
    OrderReleased: (data) => {
      const own = [...legs.values()].filter((leg) => leg.attempt === count(data['attempt']));
      must(own.some((leg) => leg.phase === 'allocated'), `attempt ${count(data['attempt'])} is not allocated`);
      must(holds.size === 0, `the hold ${[...holds].join(', ')} is open`);
      must(isGateOpen(), `the payment is ${text(payment['status'])}, and the gate is ${releaseOn}`);
      for (const leg of own) leg.phase = 'released';
    },
    OrderLinesReopened: (data) => giveBack(data['units'], 'open'),
    OrderLinesCancelled: (data) => giveBack(data['units'], 'cancelled'),
    OrderFulfillmentStarted: (data) => must(legOf(text(data['fulfillmentOrderId'])).phase === 'released', 'a center works on what was not released'),
    OrderFulfillmentPicked: (data) => must(legOf(text(data['fulfillmentOrderId'])).phase === 'released', 'a center picked what was not released'),
    OrderPackagePacked: (data) => once(boxOf(data, 'packed'), text(data['packageId']), 'packed'),
    OrderPackageLabeled: (data) => once(boxOf(data, 'labeled'), text(data['packageId']), 'labeled'),
    OrderPackageShipped: (data) => {
      const box = boxOf(data, 'shipped');
      must(!box.emptied, `${text(data['packageId'])} is shipped after its units were taken out`);
      once(box, text(data['packageId']), 'shipped');
    },
    OrderPackageDelivered: (data) => end(data, 'delivered'),
    OrderPackageUndelivered: (data) => end(data, 'undelivered'),
    OrderShipped: () => {
      const now = units();
      must(live(now) > 0 && now.shipped + now.delivered + now.undelivered === live(now), 'not every live unit has been shipped');
    },
    OrderDelivered: () => {
      const now = units();
      must(live(now) > 0 && now.delivered === live(now), 'not every live unit has been delivered');
    },
    OrderFeedbackRequested: () => {
      must(feedback === 'none', 'feedback was asked for before');
      feedback = 'asked';
    },
    OrderFeedbackReceived: () => {
      must(feedback === 'asked', 'feedback that nobody asked for, or a second one');
      feedback = 'given';
    },
    OrderClosed: (data) => {
      const now = units();
      must(closed === '', 'it was closed before');
      must(live(now) === now.delivered, 'units are neither delivered nor cancelled');
      closed = text(data['reason']);
    },
    OrderAmended: () => undefined,
    OrderAddressChanged: () => undefined,
    OrderCancellationRequested: (data) => {
      for (const share of list(data['shares'])) must(legOf(text(share['fulfillmentOrderId'])).phase === 'released', 'a center is asked for units it was never given');
    },
    OrderCancellationRefused: () => undefined,
    OrderCancelled: () => must(live(units()) === 0, 'units are not cancelled'),
  };

  return {
    apply: (type: string, data: Data): string | undefined => {
      try {
        const law = laws[type];
        must(law !== undefined, `an order has no ${type}`);
        must(isPlaced !== (type === 'OrderPlaced'), isPlaced ? 'it was placed before' : 'nothing was placed');
        must(!isRejected || !whileAlive.has(type), 'it was rejected');
        must(closed === '' || !whileAlive.has(type), `it was closed (${closed})`);
        law?.(object(data));
        return undefined;
      } catch (error) {
        if (error instanceof Unlawful) return `${type}: ${error.message}`;
        throw error;
      }
    },
    /** Where the units are by this law; it has to agree with the fold. */
    unitsOf: units,
    ordered: (): number => [...lines.values()].reduce((sum, line) => sum + line.ordered, 0),
  };
};

/** The law of one order. */
export type OrderLaw = ReturnType<typeof orderLaw>;
