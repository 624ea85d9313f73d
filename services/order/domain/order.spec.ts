import { describe, expect, it } from '@jest/globals';
import { isRefusal } from '@orderlog/decider';
import type { OrderCommand, OrderRefusal } from './commands.js';
import type { OrderEvent, OrderPlacedData } from './events.js';
import { order, type Order, orderStatus, quantitiesByLine } from './index.js';
import { at, closed, decided, delivered, fact, handedOver, labeled, legId, lost, orderId, place, reserved, sampleOrder, units } from './sample-order.js';
import { failedPlansMax } from './reopening.js';

/** A life: commands one after the other, each on the state its predecessors left. */
const life = (...commands: readonly OrderCommand[]) => {
  let state: Order = order.initialState;
  const events: OrderEvent[] = [];
  let last: readonly OrderEvent[] = [];
  let refused: OrderRefusal | undefined;
  for (const command of commands) {
    const outcome = order.decide(command, state);
    refused = isRefusal(outcome) ? outcome.refused : undefined;
    last = isRefusal(outcome) ? [] : outcome;
    events.push(...last);
    state = last.reduce(order.evolve, state);
  }
  return {
    state,
    events,
    last: last.map((event) => event.type),
    lastEvents: last,
    refused,
    status: orderStatus(state),
    quantities: (lineId: string) => Object.fromEntries(Object.entries(quantitiesByLine(state).get(lineId) ?? {}).filter(([, quantity]) => quantity > 0)),
  };
};

const released = (quantity = 3, changed: Partial<OrderPlacedData> = {}): OrderCommand[] => [
  place(sampleOrder([quantity], changed)),
  decided(1, [{ centerId: 'berlin', lines: [units('1', quantity)] }]),
  reserved(),
];
const leg = legId(1);
const box = (quantity: number, n = 1) => [closed(leg, n, [units('1', quantity)]), labeled(leg, n, [units('1', quantity)])];
const sent = (quantity: number, n = 1) => [...box(quantity, n), handedOver(leg, [{ n, lines: [units('1', quantity)] }])];
const cancel = (cancellationId: string, ...lines: { lineId: string; quantity: number }[]): OrderCommand => ({
  type: 'RequestCancellation',
  data: { cancellationId, lines, reason: 'customer', note: '', at },
});

describe('placing an order', () => {
  it('is placed and accepted at once', () => {
    const { last, status, state } = life(place(sampleOrder([3])));
    expect(last).toStrictEqual(['OrderPlaced', 'OrderAccepted']);
    expect(status).toBe('accepted');
    expect(state.dueBy).toBe(at.allocateBy);
  });
  it('waits for payment only when the pay gate is not passed', () => {
    const waiting = life(place(sampleOrder([1], { payment: { ...sampleOrder([1]).payment, status: 'pending' } })));
    expect(waiting.lastEvents[1]).toMatchObject({ type: 'OrderAccepted', data: { payBy: at.payBy } });
    expect(life(place(sampleOrder([1]))).lastEvents[1]).toMatchObject({ data: { payBy: '' } });
  });
  it('is held, not accepted, when a SKU is unknown and the channel wants it so', () => {
    const command: OrderCommand = { type: 'PlaceOrder', data: { order: sampleOrder([1, 1]), unknownSkuLines: ['2'], at } };
    expect(life(command).last).toStrictEqual(['OrderPlaced', 'OrderHeld']);
    const later = life(command, { type: 'ReleaseHold', data: { holdId: 'unknown-sku', detail: 'the item is known now', at } });
    expect(later.last).toStrictEqual(['OrderHoldReleased', 'OrderAccepted']);
    expect(later.status).toBe('accepted');
  });
  it.each<[string, Partial<OrderPlacedData>, OrderRefusal]>([
    ['a grand total that is not the sum', { totals: { ...sampleOrder([2, 1]).totals, grandTotal: 1 } }, 'TotalsMismatch'],
    ['a sum of lines that is only the first line', { totals: { ...sampleOrder([2, 1]).totals, lines: 2000 } }, 'TotalsMismatch'],
    ['a delivery that costs something else', { delivery: { ...sampleOrder([1]).delivery, total: 1 } }, 'TotalsMismatch'],
    ['pickup', { delivery: { ...sampleOrder([1]).delivery, method: 'pickup' } }, 'PickupNotOffered'],
    ['two lines with one external id', { lines: sampleOrder([2, 1]).lines.map((line) => ({ ...line, externalId: 'x' })) }, 'DuplicateLine'],
    ['amounts beyond 2^53', { lines: sampleOrder([2, 1]).lines.map((line) => ({ ...line, unitPrice: Number.MAX_SAFE_INTEGER })) }, 'AmountTooLarge'],
  ])('refuses %s', (_, changed, refusal) => {
    expect(life(place(sampleOrder([2, 1], changed))).refused).toBe(refusal);
  });
  it('adds tax to a line only where it is not included', () => {
    const [line] = sampleOrder([2]).lines;
    const lines = [{ ...line!, tax: 380, total: 2380 }];
    const totals = { lines: 2380, delivery: 500, tax: 380, grandTotal: 2880 };
    expect(life(place(sampleOrder([2], { lines, totals, taxIncluded: false }))).refused).toBeUndefined();
    expect(life(place(sampleOrder([2], { lines, totals }))).refused).toBe('TotalsMismatch');
  });
  it('refuses to place an order twice and anything else on one that does not exist', () => {
    expect(life(place(sampleOrder([1])), place(sampleOrder([1]))).refused).toBe('OrderAlreadyPlaced');
    expect(life(reserved()).refused).toBe('OrderUnknown');
  });
});

describe('a plain life', () => {
  it('goes from accepted to closed', () => {
    const { events, status } = life(
      ...released(),
      fact('FulfillmentOrderAccepted', { fulfillmentOrderId: leg, lines: [units('1', 3)] }),
      fact('FulfillmentOrderPicked', { fulfillmentOrderId: leg, lines: [units('1', 3)] }),
      ...sent(3),
      delivered(leg, 1, [units('1', 3)]),
      { type: 'ReceiveFeedback', data: { score: 5, personalDataVersion: 0, at } },
    );
    expect(events.map((event) => event.type)).toStrictEqual([
      'OrderPlaced',
      'OrderAccepted',
      'OrderRouted',
      'OrderAllocated',
      'OrderReleased',
      'OrderFulfillmentStarted',
      'OrderFulfillmentPicked',
      'OrderPackagePacked',
      'OrderPackageLabeled',
      'OrderPackageShipped',
      'OrderShipped',
      'OrderPackageDelivered',
      'OrderDelivered',
      'OrderFeedbackRequested',
      'OrderFeedbackReceived',
      'OrderClosed',
    ]);
    expect(status).toBe('closed');
  });
  it('brings every stage its deadline', () => {
    expect(life(...released()).lastEvents.at(-1)).toMatchObject({ type: 'OrderReleased', data: { dueBy: at.fulfillBy } });
    expect(life(...released(), ...sent(3)).lastEvents[0]).toMatchObject({ type: 'OrderPackageShipped', data: { dueBy: at.deliverBy } });
  });
  it('is partially shipped, then shipped, then partially delivered', () => {
    const lives = [
      life(...released(), ...sent(2)),
      life(...released(), ...sent(2), ...sent(1, 2)),
      life(...released(), ...sent(2), ...sent(1, 2), delivered(leg, 1, [units('1', 2)])),
    ];
    expect(lives.map(({ status }) => status)).toStrictEqual(['partially_shipped', 'shipped', 'partially_delivered']);
  });
  it('closes by itself when nobody gives feedback', () => {
    const end: OrderCommand = { type: 'EndFeedbackWindow', data: { at } };
    expect(life(...released(1), ...sent(1), end).last).toStrictEqual([]);
    expect(life(...released(1), ...sent(1), delivered(leg, 1, [units('1', 1)]), end).last).toStrictEqual(['OrderClosed']);
  });
  it('captures the grand total over its packages, no cent more or less', () => {
    const [line] = sampleOrder([3]).lines;
    const lines = [{ ...line!, unitPrice: 333, total: 999 }];
    const totals = { lines: 999, delivery: 500, tax: 0, grandTotal: 1499 };
    const { events } = life(...released(3, { lines, totals }), ...sent(1), ...sent(1, 2), ...sent(1, 3));
    const captured = events.flatMap((event) => (event.type === 'OrderPackageShipped' ? [event.data.captureAmount] : []));
    expect(captured).toStrictEqual([500, 500, 499]);
  });
});

describe('routing and stock', () => {
  it('asks for a plan again without what was short', () => {
    const { last, state, quantities } = life(
      place(sampleOrder([2])),
      decided(1, [{ centerId: 'berlin', lines: [units('1', 2)] }]),
      fact('ReservationRejected', { attempt: 1, shortages: [{ centerId: 'berlin', sku: 'SKU-1' }] }),
    );
    expect(last).toStrictEqual(['OrderLinesReopened']);
    expect(state.asked.attempt).toBe(2);
    expect(state.exclusions).toStrictEqual([{ centerId: 'berlin', sku: 'SKU-1', reason: 'reservation_rejected' }]);
    expect(quantities('1')).toStrictEqual({ open: 2 });
  });
  it('stops asking after a bounded number of failed plans', () => {
    const commands: OrderCommand[] = [place(sampleOrder([1]))];
    for (let attempt = 1; attempt <= failedPlansMax; attempt += 1) {
      commands.push(decided(attempt, [{ centerId: `c${attempt}`, lines: [units('1', 1)] }]), fact('ReservationRejected', { attempt }));
    }
    const { last, lastEvents, status } = life(...commands);
    expect(last).toStrictEqual(['OrderLinesReopened', 'OrderBackordered']);
    expect(lastEvents[0]).toMatchObject({ data: { lines: [], attempt: failedPlansMax } });
    expect(status).toBe('backordered');
    const covered = fact('BackorderCovered', { lines: [units('1', 1)] });
    expect(life(...commands, covered).last).toStrictEqual([]);
    expect(life(...commands, covered, { type: 'ReviewBackorder', data: { at } }).last).toStrictEqual(['OrderLinesReopened']);
  });
  it('backorders, cancels or holds what no center has, as the order says', () => {
    const plan = decided(1, [{ centerId: 'berlin', lines: [units('1', 2)] }]);
    const policy = sampleOrder([3]).policy;
    const outcome = (backorder: string) => life(place(sampleOrder([3], { policy: { ...policy, backorder } })), plan);
    expect(outcome('wait').last).toStrictEqual(['OrderRouted', 'OrderBackordered']);
    expect(outcome('wait').quantities('1')).toStrictEqual({ routed: 2, backordered: 1 });
    expect(outcome('cancel_remainder').quantities('1')).toStrictEqual({ routed: 2, cancelled: 1 });
    expect(outcome('hold').last).toStrictEqual(['OrderRouted', 'OrderHeld']);
    expect(outcome('hold').status).toBe('on_hold');
  });
  it('routes backordered units when stock came, once', () => {
    const waiting = [place(sampleOrder([3])), fact('RoutingInfeasible', { attempt: 1, reason: 'NO_STOCK' })];
    expect(life(...waiting).status).toBe('backordered');
    const covered = fact('BackorderCovered', { lines: [units('1', 2)] });
    const { last, state, quantities } = life(...waiting, covered);
    expect(last).toStrictEqual(['OrderLinesReopened']);
    expect(state.asked).toStrictEqual({ attempt: 2, isCovered: true });
    expect(quantities('1')).toStrictEqual({ open: 2, backordered: 1 });
    expect(life(...waiting, covered, covered).last).toStrictEqual([]);
  });
  it('asks for all of an order that ships complete', () => {
    const policy = { ...sampleOrder([1]).policy, split: 'ship_complete' };
    const { quantities } = life(
      place(sampleOrder([1, 1], { policy })),
      fact('RoutingInfeasible', { attempt: 1, reason: 'SHIP_COMPLETE' }),
      fact('BackorderCovered', { lines: [units('2', 1)] }),
    );
    expect([quantities('1'), quantities('2')]).toStrictEqual([{ open: 1 }, { open: 1 }]);
  });
  it('holds an order for an unknown destination until the address is changed', () => {
    const held = [place(sampleOrder([1])), fact('RoutingInfeasible', { attempt: 1, reason: 'UNKNOWN_DESTINATION' })];
    expect(life(...held).status).toBe('on_hold');
    const change: OrderCommand = {
      type: 'ChangeAddress',
      data: { destination: { countryCode: 'DE', region: '', postalCode: '20095', city: 'Hamburg' }, personalDataVersion: 2, personalDataDigest: 'd', at },
    };
    const { last, lastEvents, status } = life(...held, change);
    expect(last).toStrictEqual(['OrderAddressChanged', 'OrderHoldReleased', 'OrderLinesReopened']);
    expect(lastEvents[2]).toMatchObject({ data: { reason: 'address_changed', attempt: 2, destination: { postalCode: '20095' }, dueBy: at.allocateBy } });
    expect(status).toBe('accepted');
  });
  it('reserves again when the lease ran out while the order was held', () => {
    const { last, quantities } = life(
      place(sampleOrder([1], { payment: { ...sampleOrder([1]).payment, status: 'pending' } })),
      decided(1, [{ centerId: 'berlin', lines: [units('1', 1)] }]),
      reserved(),
      fact('ReservationExpired', { attempt: 1 }),
    );
    expect(last).toStrictEqual(['OrderLinesReopened']);
    expect(quantities('1')).toStrictEqual({ open: 1 });
  });
  it('takes units back from the centers when the lease was lost, and routes what they give', () => {
    const gone = life(...released(2), fact('ReservationLost', { attempt: 1 }));
    expect(gone.last).toStrictEqual(['OrderCancellationRequested']);
    const { last, lastEvents, quantities } = life(
      ...released(2),
      fact('ReservationLost', { attempt: 1 }),
      fact('FulfillmentOrderCancelled', { fulfillmentOrderId: leg, cancellationId: `lost-${orderId}.1`, lines: [units('1', 2)] }),
    );
    expect(last).toStrictEqual(['OrderLinesReopened']);
    expect(lastEvents[0]).toMatchObject({ data: { reason: 'reservation_lost', units: [{ stockEffect: 'none' }] } });
    expect(quantities('1')).toStrictEqual({ open: 2 });
  });
  it('plans only what is still open when lines were cancelled meanwhile', () => {
    const { lastEvents, quantities } = life(
      place(sampleOrder([3])),
      cancel('c1', { lineId: '1', quantity: 1 }),
      decided(1, [{ centerId: 'berlin', lines: [units('1', 3)] }]),
    );
    expect(lastEvents[0]).toMatchObject({ type: 'OrderRouted', data: { fulfillments: [{ lines: [{ quantity: 2 }] }] } });
    expect(quantities('1')).toStrictEqual({ routed: 2, cancelled: 1 });
  });
});

describe('release', () => {
  const pending = { ...sampleOrder([1]).payment, status: 'pending' };
  const pay = (status: string): OrderCommand => ({ type: 'RecordPayment', data: { payment: { ...pending, status }, at } });
  const manual: OrderCommand = { type: 'PlaceHold', data: { holdId: 'h1', reason: 'MANUAL', detail: '', lineIds: [], at } };
  const unhold: OrderCommand = { type: 'ReleaseHold', data: { holdId: 'h1', detail: 'checked', at } };
  it('waits for the payment', () => {
    expect(life(...released(1, { payment: pending })).status).toBe('allocated');
    expect(life(...released(1, { payment: pending }), pay('authorized')).last).toStrictEqual(['OrderPaymentChanged', 'OrderReleased']);
  });
  it('waits for all of the money where the channel says so', () => {
    const policy = { ...sampleOrder([1]).policy, releaseOn: 'paid' };
    expect(life(...released(1, { payment: pending, policy }), pay('authorized')).last).toStrictEqual(['OrderPaymentChanged']);
    expect(life(...released(1, { payment: pending, policy: { ...policy, releaseOn: 'none' } })).last).toContain('OrderReleased');
  });
  it('holds an order whose payment deadline passed, until it is paid', () => {
    const late = [...released(1, { payment: pending }), { type: 'CheckPayment', data: { at } } as const];
    expect(life(...late).last).toStrictEqual(['OrderHeld']);
    expect(life(...late, pay('paid')).last).toStrictEqual(['OrderPaymentChanged', 'OrderHoldReleased', 'OrderReleased']);
  });
  it('does not happen while a hold is open, and happens for every allocated attempt when it ends', () => {
    const [first, second] = [units('1', 1), units('2', 1)];
    const held = life(
      place(sampleOrder([1, 1])),
      decided(1, [{ centerId: 'berlin', lines: [first] }]),
      fact('BackorderCovered', { lines: [second] }),
      manual,
      reserved(1),
      decided(2, [{ centerId: 'hamburg', lines: [second] }]),
      reserved(2),
    );
    expect(held.events.map(({ type }) => type)).not.toContain('OrderReleased');
    const after = life(
      place(sampleOrder([1, 1])),
      decided(1, [{ centerId: 'berlin', lines: [first] }]),
      fact('BackorderCovered', { lines: [second] }),
      manual,
      reserved(1),
      decided(2, [{ centerId: 'hamburg', lines: [second] }]),
      reserved(2),
      unhold,
    );
    expect(after.last).toStrictEqual(['OrderHoldReleased', 'OrderReleased', 'OrderReleased']);
  });
  it('refuses to end a hold that is not open', () => {
    expect(life(...released(), unhold).refused).toBe('HoldUnknown');
  });
  it('holds an order whose stage took too long, and lets it go when the stage is over', () => {
    const late = [place(sampleOrder([1])), { type: 'CheckStage', data: { at } } as const];
    expect(life(...late).lastEvents).toMatchObject([{ type: 'OrderHeld', data: { reason: 'STAGE_OVERDUE', detail: 'allocation' } }]);
    const went = life(...late, decided(1, [{ centerId: 'berlin', lines: [units('1', 1)] }]), reserved());
    expect(went.last).toStrictEqual(['OrderAllocated', 'OrderHoldReleased', 'OrderReleased']);
  });
});

describe('the center', () => {
  it('rejects: another is asked, this one no more', () => {
    const { last, state, quantities } = life(
      ...released(),
      fact('FulfillmentOrderRejected', { fulfillmentOrderId: leg, reason: 'CAPACITY', stockEffect: 'release' }),
    );
    expect(last).toStrictEqual(['OrderLinesReopened']);
    expect(state.exclusions).toStrictEqual([{ centerId: 'berlin', sku: 'SKU-1', reason: 'center_rejected' }]);
    expect(quantities('1')).toStrictEqual({ open: 3 });
  });
  it('is short of a unit: the unit goes elsewhere, the rest goes on', () => {
    const short = fact('PickShorted', { fulfillmentOrderId: leg, lineId: '1', quantity: 1, reason: 'NOT_IN_STOCK', stockEffect: 'write_off' });
    const { lastEvents, quantities } = life(...released(), short);
    expect(lastEvents).toMatchObject([{ type: 'OrderLinesReopened', data: { units: [{ quantity: 1, stockEffect: 'write_off' }], lines: [{ quantity: 1 }] } }]);
    expect(quantities('1')).toStrictEqual({ released: 2, open: 1 });
    expect(life(...released(), short, short).last).toStrictEqual([]);
  });
  it('stays silent: the order is held until it answers', () => {
    const silent = [...released(), fact('FulfillmentOrderOverdue', { fulfillmentOrderId: leg })];
    expect(life(...silent).status).toBe('on_hold');
    const answered = life(...silent, fact('FulfillmentOrderAccepted', { fulfillmentOrderId: leg, lines: [units('1', 3)] }));
    expect(answered.last).toStrictEqual(['OrderFulfillmentStarted', 'OrderHoldReleased']);
  });
  it('stays silent on a cancellation: the order is held until it answers', () => {
    const asked = [
      ...released(),
      fact('FulfillmentOrderAccepted', { fulfillmentOrderId: leg, lines: [units('1', 3)] }),
      cancel('c1', { lineId: '1', quantity: 1 }),
      fact('FulfillmentOrderOverdue', { fulfillmentOrderId: leg, waitingFor: 'cancellation' }),
    ];
    expect(life(...asked).lastEvents).toMatchObject([{ type: 'OrderHeld', data: { reason: 'CENTER_SILENT' } }]);
    const refusal = { fulfillmentOrderId: leg, cancellationId: 'c1', reason: 'third_party_refused', shares: [units('1', 1)] };
    const answered = life(...asked, fact('FulfillmentOrderCancellationRefused', refusal));
    expect(answered.last).toStrictEqual(['OrderCancellationRefused', 'OrderHoldReleased']);
    expect(life(...released(), fact('FulfillmentOrderOverdue', { fulfillmentOrderId: leg, waitingFor: 'cancellation' })).last).toStrictEqual([]);
  });
  it('is unknown: the fact is refused, not lost silently', () => {
    expect(life(...released(), fact('FulfillmentOrderAccepted', { fulfillmentOrderId: 'x' })).refused).toBe('FulfillmentUnknown');
  });
});

describe('cancelling', () => {
  it('is decided at once before the release', () => {
    const { last, status } = life(place(sampleOrder([2])), cancel('c1'));
    expect(last).toStrictEqual(['OrderLinesCancelled', 'OrderCancelled', 'OrderClosed']);
    expect(status).toBe('cancelled');
  });
  it('gives back the lease of an allocated unit', () => {
    const pending = { ...sampleOrder([1]).payment, status: 'pending' };
    const { lastEvents } = life(...released(2, { payment: pending }), cancel('c1', { lineId: '1', quantity: 1 }));
    expect(lastEvents).toMatchObject([{ data: { units: [{ quantity: 1, stockEffect: 'release', centerId: 'berlin', reservationId: `${orderId}.1` }] } }]);
  });
  it('asks the center afterwards, and ends what it gives up', () => {
    const asked = [...released(), cancel('c1', { lineId: '1', quantity: 2 })];
    expect(life(...asked).lastEvents).toMatchObject([{ type: 'OrderCancellationRequested', data: { shares: [{ quantity: 2, fulfillmentOrderId: leg }] } }]);
    const given = life(...asked, fact('FulfillmentOrderCancelled', { fulfillmentOrderId: leg, cancellationId: 'c1', lines: [units('1', 2)], stockEffect: 'release' }));
    expect(given.last).toStrictEqual(['OrderLinesCancelled']);
    expect(given.quantities('1')).toStrictEqual({ released: 1, cancelled: 2 });
  });
  it('passes from the center to the carrier when the box is closed', () => {
    const asked = [...released(2), ...box(2), cancel('c1')];
    const notMine = fact('FulfillmentOrderCancellationRefused', { fulfillmentOrderId: leg, cancellationId: 'c1', reason: 'not_mine', shares: [units('1', 2)] });
    expect(life(...asked, notMine).last).toStrictEqual([]);
    const packageId = `${leg}.p1`;
    const voided = fact('ShipmentCancelled', { fulfillmentOrderId: leg, packageId, cancellationId: 'c1', lines: [units('1', 2)] });
    expect(life(...asked, notMine, voided).status).toBe('cancelled');
    const kept = fact('ShipmentCancellationRefused', { fulfillmentOrderId: leg, packageId, cancellationId: 'c1', reason: 'handed_over', lines: [units('1', 2)] });
    expect(life(...asked, notMine, kept).lastEvents).toMatchObject([{ type: 'OrderCancellationRefused', data: { reason: 'handed_over', shares: [{ quantity: 2 }] } }]);
  });
  it('is refused once the carrier has it', () => {
    expect(life(...released(2), ...sent(2), cancel('c1')).refused).toBe('HandedOver');
  });
  it('cancels the unit that was asked for when the center turns out not to have it', () => {
    const short = fact('PickShorted', { fulfillmentOrderId: leg, lineId: '1', quantity: 1, reason: 'DAMAGED', stockEffect: 'quarantine' });
    const { last, quantities } = life(...released(1), cancel('c1'), short);
    expect(last).toStrictEqual(['OrderLinesCancelled', 'OrderCancelled', 'OrderClosed']);
    expect(quantities('1')).toStrictEqual({ cancelled: 1 });
  });
  it('does nothing for the same request twice, and refuses units that are asked for already', () => {
    expect(life(...released(1), cancel('c1'), cancel('c1')).last).toStrictEqual([]);
    expect(life(...released(1), cancel('c1'), cancel('c2')).refused).toBe('CancellationPending');
  });
  it.each<[string, { lineId: string; quantity: number }, OrderRefusal]>([
    ['a line it does not have', { lineId: '9', quantity: 1 }, 'LineUnknown'],
    ['more than was ordered', { lineId: '1', quantity: 4 }, 'QuantityExceedsOrdered'],
  ])('refuses %s', (_, line, refusal) => {
    expect(life(place(sampleOrder([3])), cancel('c1', line)).refused).toBe(refusal);
  });
  it('ends an order of which the rest was delivered', () => {
    const { last, status } = life(
      place(sampleOrder([3])),
      decided(1, [{ centerId: 'berlin', lines: [units('1', 2)] }]),
      reserved(),
      ...sent(2),
      delivered(leg, 1, [units('1', 2)]),
      cancel('c1', { lineId: '1', quantity: 1 }),
    );
    expect(last).toStrictEqual(['OrderLinesCancelled', 'OrderShipped', 'OrderDelivered', 'OrderFeedbackRequested']);
    expect(status).toBe('delivered');
  });
});

describe('a package that does not arrive', () => {
  const packageId = `${leg}.p1`;
  const gone = [...released(2), ...sent(2), lost(leg, 1, [units('1', 2)])];
  const resolve = (action: 'resend' | 'cancel'): OrderCommand => ({ type: 'ResolveUndelivered', data: { packageId, action, at } });
  it('holds the order', () => {
    expect(life(...gone).last).toStrictEqual(['OrderPackageUndelivered', 'OrderHeld']);
    expect(life(...gone).quantities('1')).toStrictEqual({ undelivered: 2 });
  });
  it('is sent again', () => {
    const again = life(...gone, resolve('resend'));
    expect(again.last).toStrictEqual(['OrderHoldReleased', 'OrderLinesReopened']);
    expect(again.quantities('1')).toStrictEqual({ open: 2 });
    expect(life(...gone, resolve('resend'), resolve('resend')).last).toStrictEqual([]);
    const late = life(...gone, resolve('resend'), delivered(leg, 1, [units('1', 2)]));
    expect(late.last).toStrictEqual([]);
  });
  it('is cancelled', () => {
    expect(life(...gone, resolve('cancel')).last).toStrictEqual(['OrderHoldReleased', 'OrderLinesCancelled', 'OrderCancelled', 'OrderClosed']);
  });
  it('may not be let go without saying how, nor resolved before it is lost', () => {
    expect(life(...gone, { type: 'ReleaseHold', data: { holdId: `undelivered-${packageId}`, detail: '', at } }).refused).toBe('HoldEndsOtherwise');
    expect(life(...released(2), ...sent(2), resolve('resend')).refused).toBe('PackageNotUndelivered');
  });
  it('stays delivered when the carrier says so first', () => {
    const { last, status } = life(...released(2), ...sent(2), delivered(leg, 1, [units('1', 2)]), lost(leg, 1, [units('1', 2)]));
    expect(last).toStrictEqual([]);
    expect(status).toBe('delivered');
  });
});
