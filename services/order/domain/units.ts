import type { LineQuantity, ReturnedUnits } from './events.js';
import type { Fulfillment, LegUnits, Order, Package } from './state.js';

/** Where units can be; every unit of a line is in exactly one. */
export const unitPlaces = [
  'open',
  'backordered',
  'routed',
  'allocated',
  'released',
  'picked',
  'packed',
  'shipped',
  'delivered',
  'undelivered',
  'cancelled',
] as const;
export type UnitPlace = (typeof unitPlaces)[number];
/** Units by place; they sum to what was ordered. */
export type Quantities = Readonly<Record<UnitPlace, number>>;
type Counting = Record<UnitPlace, number>;

const nothing = (): Counting => ({
  open: 0,
  backordered: 0,
  routed: 0,
  allocated: 0,
  released: 0,
  picked: 0,
  packed: 0,
  shipped: 0,
  delivered: 0,
  undelivered: 0,
  cancelled: 0,
});

/** Units of a line in a list of line quantities. */
export const quantityOf = (lines: readonly LineQuantity[], lineId: string): number => {
  let sum = 0;
  for (const line of lines) if (line.lineId === lineId) sum += line.quantity;
  return sum;
};

/** Where a package's units are; undefined when they are out of it. */
const placeOf = (box: Package): UnitPlace | undefined => {
  if (box.emptied !== '') return undefined;
  if (box.outcome === 'delivered') return 'delivered';
  if (box.outcome !== '') return 'undelivered';
  return box.shipped ? 'shipped' : 'packed';
};

/** Units of a line that a center has and that are in no package: neither given back nor packed. */
export const unpacked = (fulfillment: Fulfillment, leg: LegUnits): number => {
  let rest = leg.planned - leg.reopened - leg.cancelled;
  for (const box of fulfillment.packages) if (box.emptied === '') rest -= quantityOf(box.lines, leg.lineId);
  return rest;
};

/** The same for all lines of a center, those with nothing left out. */
export const unpackedLines = (fulfillment: Fulfillment): LineQuantity[] => {
  const lines: LineQuantity[] = [];
  for (const leg of fulfillment.lines) {
    const quantity = unpacked(fulfillment, leg);
    if (quantity > 0) lines.push({ lineId: leg.lineId, sku: leg.sku, quantity });
  }
  return lines;
};

/** Units of a line in closed packages that the carrier does not have yet. */
export const packedNotShipped = (fulfillment: Fulfillment, lineId: string): number => {
  let sum = 0;
  for (const box of fulfillment.packages) if (placeOf(box) === 'packed') sum += quantityOf(box.lines, lineId);
  return sum;
};

const countLeg = (fulfillment: Fulfillment, leg: LegUnits, into: Counting): void => {
  let rest = leg.planned - leg.reopened - leg.cancelled;
  let everPacked = 0;
  for (const box of fulfillment.packages) {
    const quantity = quantityOf(box.lines, leg.lineId);
    everPacked += quantity;
    const place = placeOf(box);
    if (place === undefined) continue;
    into[place] += quantity;
    rest -= quantity;
  }
  if (fulfillment.phase !== 'released') {
    into[fulfillment.phase] += rest;
    return;
  }
  const picked = Math.min(rest, Math.max(0, leg.picked - everPacked));
  into.picked += picked;
  into.released += rest - picked;
};

/** Where the units of every line are, by line id. */
export const quantitiesByLine = (order: Order): ReadonlyMap<string, Quantities> => {
  const byLine = new Map<string, Counting>();
  for (const line of order.lines) {
    byLine.set(line.lineId, { ...nothing(), open: line.open, backordered: line.backordered, cancelled: line.cancelled });
  }
  for (const fulfillment of order.fulfillments) {
    for (const leg of fulfillment.lines) {
      const into = byLine.get(leg.lineId);
      if (into !== undefined) countLeg(fulfillment, leg, into);
    }
  }
  return byLine;
};

/** Where all the order's units are, lines together. */
export const tally = (order: Order): Quantities => {
  const sum = nothing();
  for (const line of order.lines) {
    sum.open += line.open;
    sum.backordered += line.backordered;
    sum.cancelled += line.cancelled;
  }
  for (const fulfillment of order.fulfillments) for (const leg of fulfillment.lines) countLeg(fulfillment, leg, sum);
  return sum;
};

/** Units of the order that are not cancelled. */
export const liveUnits = (units: Quantities): number =>
  units.open +
  units.backordered +
  units.routed +
  units.allocated +
  units.released +
  units.picked +
  units.packed +
  units.shipped +
  units.delivered +
  units.undelivered;

/** Lines with units that are to be routed. */
export const openLines = (order: Order): LineQuantity[] =>
  order.lines.filter((line) => line.open > 0).map((line) => ({ lineId: line.lineId, sku: line.sku, quantity: line.open }));

/** Lines with what is left of them after cancellations. */
export const liveLines = (order: Order): LineQuantity[] =>
  order.lines
    .filter((line) => line.ordered > line.cancelled)
    .map((line) => ({ lineId: line.lineId, sku: line.sku, quantity: line.ordered - line.cancelled }));

/** Units that come back from a center; `packageId` when they had been in a box. */
export const returnedFrom = (
  fulfillment: Fulfillment,
  lines: readonly LineQuantity[],
  stockEffect: string,
  packageId = '',
): ReturnedUnits[] =>
  lines.map(({ lineId, sku, quantity }) => ({
    lineId,
    sku,
    quantity,
    centerId: fulfillment.centerId,
    fulfillmentOrderId: fulfillment.id,
    reservationId: fulfillment.reservationId,
    stockEffect,
    packageId,
  }));

/** Units that no center had. */
export const returnedFromNowhere = (lines: readonly LineQuantity[]): ReturnedUnits[] =>
  lines.map(({ lineId, sku, quantity }) => ({
    lineId,
    sku,
    quantity,
    centerId: '',
    fulfillmentOrderId: '',
    reservationId: '',
    stockEffect: 'none',
    packageId: '',
  }));
