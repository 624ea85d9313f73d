import { describe, expect, it } from '@jest/globals';
import { isRefusal } from '@orderlog/decider';
import fc from 'fast-check';
import type { OrderCommand } from './commands.js';
import type { OrderEvent } from './events.js';
import { order, orderStatus, orderTimers, quantitiesByLine, reactions, type Order } from './index.js';
import { at, closed, decided, delivered, fact, handedOver, labeled, legId, lost, place, reserved, sampleOrder, units } from './sample-order.js';
import { stageOf } from './status.js';
import { liveUnits, tally } from './units.js';

const seed = 20261123;

const after = (state: Order, commands: readonly OrderCommand[]): Order =>
  commands.reduce((now, command) => {
    const outcome = order.decide(command, now);
    return isRefusal(outcome) ? now : outcome.reduce(order.evolve, now);
  }, state);

const sorted = <T>(items: readonly T[]): T[] => [...items].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

/** The state without the order of sets, and without a deadline of a stage that has none. */
const comparable = (state: Order) => ({
  ...state,
  holds: sorted(state.holds),
  causes: sorted(state.causes),
  exclusions: sorted(state.exclusions),
  dueBy: stageOf(state, tally(state)) === '' ? '' : state.dueBy,
  status: orderStatus(state),
});

describe('facts of one order in any order, some of them twice', () => {
  const [a, b] = [legId(1), legId(2)];
  const beginning = (): OrderCommand[] => [
    place(sampleOrder([5, 2])),
    decided(1, [
      { centerId: 'berlin', lines: [units('1', 4)] },
      { centerId: 'hamburg', lines: [units('1', 1), units('2', 2)] },
    ]),
    reserved(),
  ];
  const accepted = (id: string) => fact('FulfillmentOrderAccepted', { fulfillmentOrderId: id, lines: [] });
  const picked = (id: string, ...lines: ReturnType<typeof units>[]) => fact('FulfillmentOrderPicked', { fulfillmentOrderId: id, lines });
  const lives: Record<string, { before: OrderCommand[]; facts: OrderCommand[]; status: string }> = {
    'split over two centers, one of them with two packages': {
      before: beginning(),
      facts: [
        accepted(a),
        picked(a, units('1', 4)),
        closed(a, 1, [units('1', 3)]),
        closed(a, 2, [units('1', 1)]),
        labeled(a, 1, [units('1', 3)]),
        labeled(a, 2, [units('1', 1)]),
        handedOver(a, [
          { n: 1, lines: [units('1', 3)] },
          { n: 2, lines: [units('1', 1)] },
        ]),
        delivered(a, 1, [units('1', 3)]),
        delivered(a, 2, [units('1', 1)]),
        accepted(b),
        picked(b, units('1', 1), units('2', 2)),
        closed(b, 1, [units('1', 1), units('2', 2)]),
        labeled(b, 1, [units('1', 1), units('2', 2)]),
        handedOver(b, [{ n: 1, lines: [units('1', 1), units('2', 2)] }]),
        delivered(b, 1, [units('1', 1), units('2', 2)]),
      ],
      status: 'delivered',
    },
    'a short pick, a rejecting center and a lost package': {
      before: beginning(),
      facts: [
        accepted(a),
        fact('PickShorted', { fulfillmentOrderId: a, lineId: '1', quantity: 1, reason: 'NOT_IN_STOCK', stockEffect: 'write_off' }),
        picked(a, units('1', 3)),
        closed(a, 1, [units('1', 2)]),
        closed(a, 2, [units('1', 1)]),
        labeled(a, 1, [units('1', 2)]),
        handedOver(a, [{ n: 1, lines: [units('1', 2)] }]),
        lost(a, 1, [units('1', 2)]),
        fact('FulfillmentOrderRejected', { fulfillmentOrderId: b, reason: 'CAPACITY', stockEffect: 'release' }),
      ],
      status: 'on_hold',
    },
    'a cancellation that warehouse and shipping answer': {
      before: [
        ...beginning(),
        {
          type: 'RequestCancellation',
          data: { cancellationId: 'c1', lines: [{ lineId: '1', quantity: 5 }], reason: 'customer', note: '', at },
        },
      ],
      facts: [
        accepted(a),
        picked(a, units('1', 3)),
        closed(a, 1, [units('1', 2)]),
        closed(a, 2, [units('1', 1)]),
        labeled(a, 1, [units('1', 2)]),
        labeled(a, 2, [units('1', 1)]),
        fact('FulfillmentOrderCancelled', { fulfillmentOrderId: a, cancellationId: 'c1', lines: [units('1', 1)], stockEffect: 'release' }),
        fact('FulfillmentOrderCancellationRefused', { fulfillmentOrderId: a, cancellationId: 'c1', reason: 'not_mine', shares: [units('1', 3)] }),
        fact('ShipmentCancelled', { fulfillmentOrderId: a, packageId: `${a}.p2`, cancellationId: 'c1', lines: [units('1', 1)] }),
        fact('ShipmentCancellationRefused', {
          fulfillmentOrderId: a,
          packageId: `${a}.p1`,
          cancellationId: 'c1',
          reason: 'handed_over',
          lines: [units('1', 2)],
        }),
        handedOver(a, [{ n: 1, lines: [units('1', 2)] }]),
        delivered(a, 1, [units('1', 2)]),
        fact('FulfillmentOrderCancellationRefused', {
          fulfillmentOrderId: b,
          cancellationId: 'c1',
          reason: 'third_party_refused',
          shares: [units('1', 1)],
        }),
      ],
      status: 'partially_delivered',
    },
  };
  it.each(Object.entries(lives))('end in the same state: %s', (_, { before, facts, status }) => {
    const start = after(order.initialState, before);
    const expected = comparable(after(start, facts));
    expect(expected.status).toBe(status);
    fc.assert(
      fc.property(
        fc.shuffledSubarray(facts, { minLength: facts.length }),
        fc.array(fc.nat({ max: facts.length - 1 }), { maxLength: 6 }),
        (shuffled, repeated) => {
          const delivered = [...shuffled];
          for (const n of repeated) delivered.splice((n * 7) % delivered.length, 0, facts[n]!);
          const state = comparable(after(start, delivered));
          expect(state).toStrictEqual(expected);
        },
      ),
      { seed, numRuns: 600 },
    );
  });
  it('do nothing when all of them come once more', () => {
    for (const { before, facts } of Object.values(lives)) {
      const end = after(after(order.initialState, before), facts);
      for (const command of facts) {
        const outcome = order.decide(command, end);
        expect(isRefusal(outcome) ? [] : outcome).toStrictEqual([]);
      }
    }
  });
});

/** Commands that could be meant for an order in this state: mostly possible ones, some nonsense. */
const meant = (state: Order): OrderCommand[] => {
  const n = state.asked.attempt;
  const commands: OrderCommand[] = [
    decided(n, [
      { centerId: `c${n}`, lines: state.lines.filter((line) => line.open > 0).map((line) => units(line.lineId, Math.ceil(line.open / 2))) },
      { centerId: `d${n}`, lines: state.lines.filter((line) => line.open > 1).map((line) => units(line.lineId, Math.floor(line.open / 2))) },
    ]),
    fact('RoutingInfeasible', { attempt: n, reason: 'NO_STOCK' }),
    fact('RoutingInfeasible', { attempt: n, reason: 'UNKNOWN_DESTINATION' }),
    reserved(n),
    fact('ReservationRejected', { attempt: n, shortages: [{ centerId: `c${n}`, sku: 'SKU-1' }] }),
    fact('ReservationExpired', { attempt: n }),
    fact('ReservationLost', { attempt: Math.max(1, n - 1) }),
    fact('BackorderCovered', { lines: [units('1', 2), units('2', 1)] }),
    { type: 'ReviewBackorder', data: { at } },
    { type: 'CheckStage', data: { at } },
    { type: 'CheckPayment', data: { at } },
    { type: 'RecordPayment', data: { payment: { ...state.payment, status: 'authorized' }, at } },
    { type: 'RequestCancellation', data: { cancellationId: `x${n}`, lines: [], reason: 'customer', note: '', at } },
    { type: 'PlaceHold', data: { holdId: 'm', reason: 'MANUAL', detail: '', lineIds: [], at } },
  ];
  for (const line of state.lines) {
    const cancellationId = `${line.lineId}.${line.cancelled}`;
    commands.push({
      type: 'RequestCancellation',
      data: { cancellationId, lines: [{ lineId: line.lineId, quantity: 1 }], reason: 'customer', note: '', at },
    });
  }
  for (const hold of state.holds) commands.push({ type: 'ReleaseHold', data: { holdId: hold.id, detail: '', at } });
  for (const leg of state.fulfillments) {
    const fulfillmentOrderId = leg.id;
    const next = leg.packages.length + 1;
    const lines = leg.lines.map((line) => units(line.lineId, Math.max(1, Math.floor(line.planned / 2))));
    const cancellationId = state.cancellations.at(-1)?.id ?? 'none';
    if (leg.phase === 'released') {
      commands.push(
        fact('FulfillmentOrderAccepted', { fulfillmentOrderId, lines }),
        fact('FulfillmentOrderRejected', { fulfillmentOrderId, reason: 'CAPACITY' }),
        fact('FulfillmentOrderPicked', { fulfillmentOrderId, lines }),
        fact('PickShorted', { fulfillmentOrderId, lineId: leg.lines[0]!.lineId, quantity: 1, reason: 'DAMAGED' }),
        fact('FulfillmentOrderCancelled', { fulfillmentOrderId, cancellationId, lines }),
        fact('FulfillmentOrderCancellationRefused', { fulfillmentOrderId, cancellationId, reason: 'third_party_refused', shares: lines }),
        closed(fulfillmentOrderId, next, lines),
        handedOver(fulfillmentOrderId, [{ n: next, lines }]),
      );
    }
    for (const [index, box] of leg.packages.entries()) {
      commands.push(
        handedOver(fulfillmentOrderId, [{ n: index + 1, lines: box.lines }]),
        delivered(fulfillmentOrderId, index + 1, box.lines),
        lost(fulfillmentOrderId, index + 1, box.lines),
        fact('ShipmentCancelled', { fulfillmentOrderId, packageId: box.id, cancellationId, lines: box.lines }),
        { type: 'ResolveUndelivered', data: { packageId: box.id, action: index % 2 === 0 ? 'resend' : 'cancel', at } },
      );
    }
  }
  return commands;
};

describe('whatever is asked of an order, in any order', () => {
  it('every unit is in exactly one place, and nothing is captured twice', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 10_000 }), { minLength: 1, maxLength: 60 }),
        fc.constantFrom('wait', 'cancel_remainder', 'hold'),
        fc.constantFrom('allow', 'ship_complete'),
        fc.constantFrom('paid', 'pending'),
        (choices, backorder, split, status) => {
          const base = sampleOrder([5, 2, 1]);
          let state = after(order.initialState, [
            place({ ...base, policy: { ...base.policy, backorder, split }, payment: { ...base.payment, status } }),
          ]);
          let captured = 0;
          const said: OrderEvent[] = [];
          for (const choice of choices) {
            const commands = meant(state);
            const outcome = order.decide(commands[choice % commands.length]!, state);
            if (isRefusal(outcome)) continue;
            said.push(...outcome);
            state = outcome.reduce(order.evolve, state);
            for (const event of outcome) {
              reactions(event);
              if (event.type === 'OrderPackageShipped') captured += event.data.captureAmount;
            }
            for (const line of state.lines) {
              const places = quantitiesByLine(state).get(line.lineId)!;
              const counts = Object.values(places);
              const sum = counts.reduce((before, count) => before + count, 0);
              if (sum !== line.ordered || Math.min(...counts) < 0) throw new Error(JSON.stringify(places));
            }
            const units = tally(state);
            if (captured > base.totals.grandTotal) throw new Error(`captured ${captured}`);
            // A deadline, a hold, stock or payment that is waited for, or the end: never nothing.
            const isWatched = state.dueBy !== '' || state.holds.length > 0 || units.backordered > 0 || liveUnits(units) === 0;
            if (!isWatched) throw new Error('nobody would notice if nothing came any more');
          }
          expect(said.filter((event) => event.type === 'OrderClosed').length).toBeLessThanOrEqual(1);
        },
      ),
      { seed, numRuns: 1500 },
    );
  });
});

describe('an order of which nothing is heard any more', () => {
  type Timers = ReadonlyMap<string, string>;
  const commandOf: Record<string, OrderCommand> = {
    [orderTimers.stage]: { type: 'CheckStage', data: { at } },
    [orderTimers.payment]: { type: 'CheckPayment', data: { at } },
    [orderTimers.review]: { type: 'ReviewBackorder', data: { at } },
    [orderTimers.feedback]: { type: 'EndFeedbackWindow', data: { at } },
  };
  type Life = { readonly state: Order; readonly timers: Timers };

  /** What the event log does with a command: the events, and the timers that they set and clear. */
  const told = ({ state, timers }: Life, command: OrderCommand): Life => {
    const outcome = order.decide(command, state);
    if (isRefusal(outcome)) return { state, timers };
    const changed = new Map(timers);
    for (const event of outcome) {
      for (const change of reactions(event).timers ?? []) {
        if ('set' in change) changed.set(change.set, change.dueAt);
        else changed.delete(change.clear);
      }
    }
    return { state: outcome.reduce(order.evolve, state), timers: changed };
  };
  /** What the sweeper does with a timer that is due. */
  const fired = (life: Life, kind: string): Life => {
    if (!life.timers.has(kind)) return life;
    const timers = new Map(life.timers);
    timers.delete(kind);
    return told({ ...life, timers }, commandOf[kind]!);
  };

  const ended = ['rejected', 'cancelled', 'closed', 'delivered'];
  const isSettled = ({ state }: Life): boolean => ended.includes(orderStatus(state)) || state.holds.length > 0;
  /** What it waits for, and no timer would notice that it does not come. */
  const unwatched = (life: Life): readonly string[] => {
    if (isSettled(life)) return [];
    const units = tally(life.state);
    const stage = stageOf(life.state, units);
    return [
      ...(stage !== '' && !life.timers.has(orderTimers.stage) ? [stage] : []),
      ...(units.backordered > 0 && !life.timers.has(orderTimers.review) ? ['stock'] : []),
      ...(stage === '' && units.backordered === 0 ? ['nothing'] : []),
    ];
  };

  const paymentStatuses = ['pending', 'authorized', 'paid', 'failed'] as const;
  const more = (state: Order): OrderCommand[] => [
    ...meant(state).filter(({ type }) => !['CheckStage', 'CheckPayment', 'ReviewBackorder'].includes(type)),
    ...paymentStatuses.map((status): OrderCommand => ({ type: 'RecordPayment', data: { payment: { ...state.payment, status }, at } })),
    { type: 'ChangeAddress', data: { destination: { countryCode: 'DE', region: '', postalCode: '20095', city: 'Hamburg' }, personalDataVersion: 2, personalDataDigest: 'd', at } },
    { type: 'ReceiveFeedback', data: { score: 5, personalDataVersion: 0, at } },
  ];

  const lives = [
    fc.array(fc.nat({ max: 10_000 }), { minLength: 0, maxLength: 60 }),
    fc.constantFrom('wait', 'cancel_remainder', 'hold'),
    fc.constantFrom('allow', 'ship_complete'),
    fc.constantFrom('none', 'authorized', 'paid'),
    fc.constantFrom(...paymentStatuses),
    fc.boolean(),
  ] as const;

  it('is watched at every moment, and its timers alone bring it to its end, to a hold or to its wait for stock', () => {
    fc.assert(
      fc.property(...lives, (choices, backorder, split, releaseOn, status, isUnknown) => {
        const base = sampleOrder([5, 2, 1]);
        const placed = { ...base, policy: { ...base.policy, backorder, split, releaseOn }, payment: { ...base.payment, status } };
        let life = told({ state: order.initialState, timers: new Map() }, { type: 'PlaceOrder', data: { order: placed, unknownSkuLines: isUnknown ? ['1'] : [], at } });
        const said: string[] = [];
        for (const choice of choices) {
          const commands = more(life.state);
          const kinds = [...life.timers.keys()];
          // A timer may come at any moment, also while it finds nothing to do.
          const kind = kinds[choice % 7];
          const command = commands[choice % commands.length]!;
          said.push(kind ?? command.type);
          life = kind === undefined ? told(life, command) : fired(life, kind);
          if (unwatched(life).length > 0) throw new Error(`after ${said.join(', ')} nobody watches: ${unwatched(life).join(', ')}`);
        }
        // Nothing comes any more but time. A review asks for stock again, which is a wait with a deadline, which ends in a hold.
        for (let steps = 0; !isSettled(life); steps += 1) {
          if (steps > 4) throw new Error(`after ${said.join(', ')} and ${steps} timers it is ${orderStatus(life.state)}`);
          const [next] = [...life.timers].sort(([, a], [, b]) => (a < b ? -1 : 1));
          if (next === undefined) throw new Error(`after ${said.join(', ')} it is ${orderStatus(life.state)} without a timer`);
          life = fired(life, next[0]);
        }
      }),
      { seed, numRuns: 3000 },
    );
  });
});
