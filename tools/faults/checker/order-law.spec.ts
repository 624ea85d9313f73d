import { describe, expect, it } from '@jest/globals';
import { order, type FactType, type Moment, type Order, type OrderCommand, type OrderEvent } from '@orderlog/order-domain';
import fc from 'fast-check';
import { disagreement } from './order-end.js';
import { orderLaw } from './order-law.js';
import { lives } from './test/small-dump.js';

const later = '2026-12-01T00:00:00.000Z';
const at: Moment = { now: '2026-11-02T09:00:00.000Z', allocateBy: later, fulfillBy: later, deliverBy: later, payBy: later, reviewAt: later, answerBy: later };

// Names and payloads belong together, as where they come from.
const fact = (type: FactType, data: object): OrderCommand => ({ type: `Follow${type}`, data: { fact: data, factId: JSON.stringify([type, data]), at } }) as unknown as OrderCommand;

/** What might be said to an order in this state: what could be, and some nonsense. What contradicts shipping's own word is left out. */
const commandsFor = (state: Order): readonly OrderCommand[] => {
  const attempt = state.asked.attempt;
  const half = (quantity: number): number => Math.max(1, Math.floor(quantity / 2));
  const open = state.lines.filter((line) => line.open > 0);
  const leg = (n: number, quantityOf: (open: number) => number) => ({
    fulfillmentOrderId: `${attempt}.${n}`, centerId: `c${n}`, centerKind: 'own', shipBy: later, expectedDelivery: later,
    lines: open.map(({ lineId, sku, open: units }) => ({ lineId, sku, quantity: quantityOf(units) })),
  });
  const commands: OrderCommand[] = [
    fact('RoutingDecided', { attempt, legs: [leg(1, half), leg(2, (units) => units)] }),
    fact('RoutingDecided', { attempt, legs: [leg(1, (units) => units)] }),
    fact('RoutingInfeasible', { attempt, reason: 'NO_STOCK' }),
    fact('StockReserved', { attempt, epoch: 1, expiresAt: later }),
    fact('StockReserved', { attempt, epoch: 1, expiresAt: later }),
    fact('ReservationRejected', { attempt, shortages: [] }),
    fact('ReservationExpired', { attempt }),
    fact('ReservationLost', { attempt }),
    fact('BackorderCovered', { lines: state.lines.map(({ lineId, sku }) => ({ lineId, sku, quantity: 1 })) }),
    { type: 'ReviewBackorder', data: { at } },
    { type: 'CheckStage', data: { at } },
    { type: 'RecordPayment', data: { payment: { ...state.payment, status: 'paid' }, at } },
    { type: 'PlaceHold', data: { holdId: 'm', reason: 'MANUAL', detail: '', lineIds: [], at } },
    { type: 'RequestCancellation', data: { cancellationId: `x${attempt}`, lines: [{ lineId: '1', quantity: 1 }], reason: 'customer', note: '', at } },
  ];
  for (const { id } of state.holds) commands.push({ type: 'ReleaseHold', data: { holdId: id, detail: '', at } });
  const cancellationId = state.cancellations.at(-1)?.id ?? 'none';
  for (const { id: fulfillmentOrderId, phase, lines: own, packages } of state.fulfillments) {
    if (phase !== 'released') continue;
    const lines = own.map(({ lineId, sku, planned }) => ({ lineId, sku, quantity: half(planned) }));
    const of = { fulfillmentOrderId };
    const fresh = { ...of, packageId: `${fulfillmentOrderId}.p${packages.length + 1}`, lines };
    commands.push(
      fact('FulfillmentOrderAccepted', { ...of, lines }),
      fact('FulfillmentOrderPicked', { ...of, lines }),
      fact('PickShorted', { ...of, lineId: lines[0]?.lineId ?? '', quantity: 1, reason: 'DAMAGED' }),
      fact('FulfillmentOrderRejected', { ...of, reason: 'CAPACITY' }),
      fact('FulfillmentOrderCancelled', { ...of, cancellationId, lines, stockEffect: 'release' }),
      fact('FulfillmentOrderCancellationRefused', { ...of, cancellationId, reason: 'third_party_refused', shares: lines }),
      fact('PackageClosed', fresh),
      fact('LabelPurchased', { ...fresh, carrier: 'c', trackingNumber: 't' }),
    );
    for (const box of packages.filter(({ emptied }) => emptied === '')) {
      const same = { ...of, packageId: box.id, lines: box.lines };
      commands.push(fact('PackageClosed', same), fact('LabelPurchased', { ...same, carrier: 'c', trackingNumber: 't' }));
      if (!box.shipped && box.outcome === '') commands.push(fact('ShipmentCancelled', { ...same, cancellationId }));
      commands.push(fact('ShipmentHandedOver', { ...of, shipmentId: 's', carrier: 'c', packages: [{ packageId: box.id, trackingNumber: 't', lines: box.lines }] }));
      if (!box.shipped) continue;
      commands.push(fact('PackageDelivered', { ...same, deliveredAt: later }), fact('PackageLost', same));
      commands.push({ type: 'ResolveUndelivered', data: { packageId: box.id, action: packages.length % 2 === 0 ? 'resend' : 'cancel', at } });
    }
  }
  return commands;
};

/** An order's first events, and the state after them. */
const placed = (): readonly OrderEvent[] => {
  const made = lives();
  made.place('MUG', 4);
  return made.drafts as unknown as readonly OrderEvent[];
};

describe('the law of an order', () => {
  it('allows whatever its decider decides, and sees the units where its fold has them', () => {
    const types = new Set<string>();
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 100_000 }), { minLength: 20, maxLength: 60 }), (choices) => {
        const law = orderLaw();
        let state = order.initialState;
        const say = (event: OrderEvent): void => {
          types.add(event.type);
          const wrong = law.apply(event.type, event.data);
          if (wrong !== undefined) throw new Error(wrong);
          state = order.evolve(state, event);
        };
        for (const event of placed()) say(event);
        for (const choice of choices) {
          const commands = commandsFor(state);
          const decided = order.decide(commands[choice % commands.length] as OrderCommand, state);
          if ('refused' in decided) continue;
          for (const event of decided) say(event);
          const wrong = disagreement(law.unitsOf(), state);
          if (wrong !== undefined) throw new Error(wrong);
        }
      }),
      { seed: 20261128, numRuns: 600 },
    );
    expect([...types]).toEqual(expect.arrayContaining(['OrderPackageDelivered', 'OrderPackageUndelivered', 'OrderLinesReopened', 'OrderCancellationRequested', 'OrderClosed']));
  });

  it('forbids what was not decided', () => {
    const law = orderLaw();
    for (const { type, data } of placed()) law.apply(type, data);
    expect(law.apply('OrderReleased', { attempt: 1, fulfillments: [] })).toBe('OrderReleased: attempt 1 is not allocated');
    expect(law.apply('OrderAccepted', { attempt: 1 })).toBe('OrderAccepted: it was accepted or rejected before');
    expect(law.apply('OrderPlaced', { lines: [] })).toBe('OrderPlaced: it was placed before');
    expect(law.apply('OrderDelivered', {})).toBe('OrderDelivered: not every live unit has been delivered');
    expect(law.apply('OrderVanished', {})).toBe('OrderVanished: an order has no OrderVanished');
  });
});
