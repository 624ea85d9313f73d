import type { CancellationShare, OrderEvent, OrderEventOf, ReturnedUnits } from './events.js';
import { noOrder, type AnsweredShare, type Cancellation, type Fulfillment, type LineUnits, type Order, type Package } from './state.js';

type LineChange = { open?: number; backordered?: number; cancelled?: number; failures?: number };

/** Reasons after which a line's plan counts as failed. */
export const failingReasons: readonly string[] = ['reservation_rejected', 'center_rejected', 'short_pick'];

const changeLines = (lines: readonly LineUnits[], changes: ReadonlyMap<string, LineChange>): readonly LineUnits[] =>
  lines.map((line) => {
    const change = changes.get(line.lineId);
    if (change === undefined) return line;
    return {
      ...line,
      open: line.open + (change.open ?? 0),
      backordered: line.backordered + (change.backordered ?? 0),
      cancelled: line.cancelled + (change.cancelled ?? 0),
      failures: line.failures + (change.failures ?? 0),
    };
  });

const add = (changes: Map<string, LineChange>, lineId: string, field: keyof LineChange, quantity: number): void => {
  const change = changes.get(lineId);
  if (change === undefined) changes.set(lineId, { [field]: quantity });
  else change[field] = (change[field] ?? 0) + quantity;
};

const changeFulfillment = (order: Order, id: string, change: (fulfillment: Fulfillment) => Fulfillment): Order => ({
  ...order,
  fulfillments: order.fulfillments.map((fulfillment) => (fulfillment.id === id ? change(fulfillment) : fulfillment)),
});

const emptyPackage: Omit<Package, 'id' | 'lines'> = {
  packed: false,
  labeled: false,
  shipped: false,
  carrier: '',
  trackingNumber: '',
  trackingUrl: '',
  expectedDelivery: '',
  shipmentId: '',
  outcome: '',
  deliveredAt: '',
  emptied: '',
};

/** Adds to what is known of a package; the first to speak of it says what is in it. */
const changePackage = (
  order: Order,
  data: { readonly fulfillmentOrderId: string; readonly packageId: string; readonly lines: Package['lines'] },
  change: (box: Package) => Partial<Package>,
): Order =>
  changeFulfillment(order, data.fulfillmentOrderId, (fulfillment) => {
    const known = fulfillment.packages.find((box) => box.id === data.packageId);
    const box = known ?? { id: data.packageId, lines: data.lines, ...emptyPackage };
    const changed = { ...box, ...change(box) };
    const packages =
      known === undefined
        ? [...fulfillment.packages, changed].sort((a, b) => (a.id < b.id ? -1 : 1))
        : fulfillment.packages.map((other) => (other === known ? changed : other));
    return { ...fulfillment, packages };
  });

/** Takes units out of the centers' hands and counts them as reopened or cancelled there. */
const takeFromFulfillments = (order: Order, units: readonly ReturnedUnits[], as: 'reopened' | 'cancelled', rejected: boolean): Order => {
  const ids = new Set(units.map((unit) => unit.fulfillmentOrderId));
  ids.delete('');
  if (ids.size === 0) return order;
  const fulfillments = order.fulfillments.map((fulfillment) => {
    if (!ids.has(fulfillment.id)) return fulfillment;
    const own = units.filter((unit) => unit.fulfillmentOrderId === fulfillment.id);
    const emptied = new Set(own.map((unit) => unit.packageId));
    // A package that was cancelled before anybody told of it still has to be known, or a late fact would fill it again.
    const unknown = [...emptied].filter((id) => id !== '' && !fulfillment.packages.some((box) => box.id === id));
    const added = unknown.map((id): Package => ({
      id,
      ...emptyPackage,
      lines: own.filter((unit) => unit.packageId === id).map(({ lineId, sku, quantity }) => ({ lineId, sku, quantity })),
    }));
    return {
      ...fulfillment,
      rejected: fulfillment.rejected || rejected,
      lines: fulfillment.lines.map((leg) => {
        let quantity = 0;
        for (const unit of own) if (unit.lineId === leg.lineId) quantity += unit.quantity;
        return quantity === 0 ? leg : { ...leg, [as]: leg[as] + quantity };
      }),
      packages: [...fulfillment.packages, ...added]
        .map((box) => (emptied.has(box.id) ? { ...box, emptied: as } : box))
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
    };
  });
  return { ...order, fulfillments };
};

/** Counts an answer on a cancellation's shares: what was asked first, then what nobody had asked in so many words. */
const answer = (
  cancellations: readonly Cancellation[],
  id: string,
  reason: string,
  units: readonly CancellationShare[],
  as: 'cancelled' | 'refused',
): readonly Cancellation[] => {
  if (id === '') return cancellations;
  const known = cancellations.find((cancellation) => cancellation.id === id) ?? { id, reason, shares: [] };
  const shares: AnsweredShare[] = [...known.shares];
  for (const unit of units) {
    let left = unit.quantity;
    for (const [n, share] of shares.entries()) {
      if (left === 0 || share.lineId !== unit.lineId || share.fulfillmentOrderId !== unit.fulfillmentOrderId) continue;
      const counted = Math.min(left, share.asked - share.cancelled - share.refused);
      shares[n] = { ...share, [as]: share[as] + counted };
      left -= counted;
    }
    if (left > 0) {
      const { lineId, sku, fulfillmentOrderId } = unit;
      shares.push({ lineId, sku, fulfillmentOrderId, asked: left, cancelled: 0, refused: 0, [as]: left });
    }
  }
  const changed = { ...known, shares };
  return cancellations.some((cancellation) => cancellation.id === id)
    ? cancellations.map((cancellation) => (cancellation.id === id ? changed : cancellation))
    : [...cancellations, changed];
};

const withCause = (order: Order, causeId: string): readonly string[] => (causeId === '' ? order.causes : [...order.causes, causeId]);
const dueBy = (order: Order, due: string): string => (due === '' ? order.dueBy : due);

const backordered = (order: Order, data: OrderEventOf<'OrderBackordered'>['data']): Order => {
  const changes = new Map<string, LineChange>();
  // Stock was told of and yet none could be planned: such rounds are counted, or two services could play ping-pong with the order.
  const failed = order.asked.isCovered && order.asked.attempt === data.attempt ? 1 : 0;
  for (const { lineId, quantity } of data.lines) changes.set(lineId, { open: -quantity, backordered: quantity, failures: failed });
  return { ...order, lines: changeLines(order.lines, changes), reviewAt: data.reviewAt, dueBy: dueBy(order, data.dueBy) };
};

const reopened = (order: Order, data: OrderEventOf<'OrderLinesReopened'>['data']): Order => {
  const changes = new Map<string, LineChange>();
  const failing = failingReasons.includes(data.reason);
  for (const { lineId, quantity, fulfillmentOrderId } of data.units) {
    add(changes, lineId, 'open', quantity);
    if (fulfillmentOrderId === '') add(changes, lineId, 'backordered', -quantity);
  }
  for (const [lineId, change] of changes) {
    if (failing) change.failures = 1;
    else if (data.reason === 'backorder_review') change.failures = -(order.lines.find((line) => line.lineId === lineId)?.failures ?? 0);
  }
  const taken = takeFromFulfillments(order, data.units, 'reopened', data.reason === 'center_rejected');
  return {
    ...taken,
    lines: changeLines(order.lines, changes),
    exclusions: data.exclusions,
    asked: data.attempt === order.asked.attempt ? order.asked : { attempt: data.attempt, isCovered: data.reason === 'backorder_covered' },
    cancellations: answer(order.cancellations, data.cancellationId, data.reason, data.units, 'cancelled'),
    causes: withCause(order, data.causeId),
    dueBy: dueBy(order, data.dueBy),
  };
};

const cancelled = (order: Order, data: OrderEventOf<'OrderLinesCancelled'>['data']): Order => {
  const changes = new Map<string, LineChange>();
  for (const { lineId, quantity, fulfillmentOrderId } of data.units) {
    add(changes, lineId, 'cancelled', quantity);
    if (fulfillmentOrderId !== '') continue;
    // Units that wait for stock go after those that wait for a plan.
    const open = Math.min(quantity, order.lines.find((line) => line.lineId === lineId)?.open ?? 0);
    add(changes, lineId, 'open', -open);
    add(changes, lineId, 'backordered', open - quantity);
  }
  const taken = takeFromFulfillments(order, data.units, 'cancelled', false);
  return {
    ...taken,
    lines: changeLines(order.lines, changes),
    cancellations: answer(order.cancellations, data.cancellationId, data.reason, data.units, 'cancelled'),
    causes: withCause(order, data.causeId),
    dueBy: dueBy(order, data.dueBy),
  };
};

const routed = (order: Order, data: OrderEventOf<'OrderRouted'>['data']): Order => {
  const changes = new Map<string, LineChange>();
  const legs = data.fulfillments.map((planned): Fulfillment => {
    for (const line of planned.lines) add(changes, line.lineId, 'open', -line.quantity);
    return {
      id: planned.fulfillmentOrderId,
      attempt: data.attempt,
      reservationId: data.reservationId,
      reservationEpoch: 0,
      centerId: planned.centerId,
      centerKind: planned.centerKind,
      serviceLevel: data.serviceLevel,
      shipBy: planned.shipBy,
      expectedDelivery: planned.expectedDelivery,
      phase: 'routed',
      started: false,
      rejected: false,
      lines: planned.lines.map(({ lineId, sku, quantity }) => ({ lineId, sku, planned: quantity, picked: 0, reopened: 0, cancelled: 0 })),
      packages: [],
    };
  });
  return { ...order, lines: changeLines(order.lines, changes), fulfillments: [...order.fulfillments, ...legs] };
};

const placed = (data: OrderEventOf<'OrderPlaced'>['data']): Order => ({
  ...noOrder,
  placed: data,
  destination: data.destination,
  personalDataVersion: data.personalDataVersion,
  payment: data.payment,
  lines: data.lines.map(({ lineId, sku, quantity }) => ({
    lineId,
    sku,
    ordered: quantity,
    open: quantity,
    backordered: 0,
    cancelled: 0,
    failures: 0,
  })),
});

/** What a fact changes. Total: it folds every event ever written and judges none. */
export const evolve = (order: Order, event: OrderEvent): Order => {
  switch (event.type) {
    case 'OrderPlaced':
      return placed(event.data);
    case 'OrderRejected':
      return { ...order, rejected: true };
    case 'OrderHeld': {
      const { holdId: id, reason, detail, lineIds } = event.data;
      if (order.holds.some((hold) => hold.id === id)) return order;
      return { ...order, holds: [...order.holds, { id, reason, detail, lineIds }] };
    }
    case 'OrderHoldReleased': {
      const { holdId, dueBy: due } = event.data;
      return { ...order, holds: order.holds.filter((hold) => hold.id !== holdId), dueBy: dueBy(order, due) };
    }
    case 'OrderPaymentChanged':
      return { ...order, payment: event.data.payment };
    case 'OrderAccepted':
      return { ...order, accepted: true, asked: { attempt: event.data.attempt, isCovered: false }, dueBy: dueBy(order, event.data.dueBy) };
    case 'OrderRouted':
      return routed(order, event.data);
    case 'OrderBackordered':
      return backordered(order, event.data);
    case 'OrderAllocated': {
      const { attempt, reservationEpoch, dueBy: due } = event.data;
      return {
        ...order,
        dueBy: dueBy(order, due),
        fulfillments: order.fulfillments.map((leg) =>
          leg.attempt === attempt && leg.phase === 'routed' ? { ...leg, phase: 'allocated', reservationEpoch } : leg,
        ),
      };
    }
    case 'OrderReleased': {
      const { attempt, dueBy: due } = event.data;
      return {
        ...order,
        dueBy: dueBy(order, due),
        fulfillments: order.fulfillments.map((leg) => (leg.attempt === attempt ? { ...leg, phase: 'released' } : leg)),
      };
    }
    case 'OrderLinesReopened':
      return reopened(order, event.data);
    case 'OrderFulfillmentStarted':
      return changeFulfillment(order, event.data.fulfillmentOrderId, (leg) => ({ ...leg, started: true }));
    case 'OrderFulfillmentPicked': {
      const { fulfillmentOrderId, lines } = event.data;
      return changeFulfillment(order, fulfillmentOrderId, (leg) => ({
        ...leg,
        lines: leg.lines.map((line) => {
          const told = lines.find(({ lineId }) => lineId === line.lineId)?.quantity ?? 0;
          return told > line.picked ? { ...line, picked: told } : line;
        }),
      }));
    }
    case 'OrderPackagePacked':
      return changePackage(order, event.data, (box) => ({
        packed: true,
        expectedDelivery: box.expectedDelivery === '' ? event.data.expectedDelivery : box.expectedDelivery,
      }));
    case 'OrderPackageLabeled': {
      const { carrier, trackingNumber, trackingUrl, expectedDelivery } = event.data;
      return changePackage(order, event.data, (box) => ({
        labeled: true,
        carrier,
        trackingNumber,
        trackingUrl,
        expectedDelivery: expectedDelivery === '' ? box.expectedDelivery : expectedDelivery,
      }));
    }
    case 'OrderPackageShipped': {
      const { carrier, trackingNumber, shipmentId, dueBy: due } = event.data;
      return {
        ...changePackage(order, event.data, (box) => ({
          shipped: true,
          shipmentId,
          carrier: box.carrier === '' ? carrier : box.carrier,
          trackingNumber: box.trackingNumber === '' ? trackingNumber : box.trackingNumber,
        })),
        dueBy: dueBy(order, due),
      };
    }
    case 'OrderPackageDelivered': {
      const { deliveredAt, dueBy: due } = event.data;
      return { ...changePackage(order, event.data, () => ({ outcome: 'delivered', deliveredAt })), dueBy: dueBy(order, due) };
    }
    case 'OrderPackageUndelivered': {
      const outcome = event.data.reason === 'lost' ? 'lost' : 'returned_to_sender';
      return { ...changePackage(order, event.data, () => ({ outcome })), dueBy: dueBy(order, event.data.dueBy) };
    }
    case 'OrderFeedbackRequested':
      return { ...order, feedback: { ...order.feedback, answerBy: event.data.answerBy } };
    case 'OrderFeedbackReceived':
      return { ...order, feedback: { ...order.feedback, score: event.data.score } };
    case 'OrderClosed':
      return { ...order, closed: event.data.reason };
    case 'OrderAddressChanged':
      return { ...order, destination: event.data.destination, personalDataVersion: event.data.personalDataVersion };
    case 'OrderCancellationRequested': {
      const { cancellationId: id, reason, shares } = event.data;
      const asked = shares.map(({ quantity, ...share }) => ({ ...share, asked: quantity, cancelled: 0, refused: 0 }));
      const known = order.cancellations.find((cancellation) => cancellation.id === id);
      const changed = { id, reason, shares: [...(known?.shares ?? []), ...asked] };
      return { ...order, cancellations: [...order.cancellations.filter((cancellation) => cancellation.id !== id), changed] };
    }
    case 'OrderLinesCancelled':
      return cancelled(order, event.data);
    case 'OrderCancellationRefused': {
      const { cancellationId, shares, causeId } = event.data;
      return {
        ...order,
        cancellations: answer(order.cancellations, cancellationId, '', shares, 'refused'),
        causes: withCause(order, causeId),
      };
    }
    // Milestones say what the quantities say already; amendments come with a later issue.
    case 'OrderShipped':
    case 'OrderDelivered':
    case 'OrderCancelled':
    case 'OrderAmended':
      return order;
  }
};
