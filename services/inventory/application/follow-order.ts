import type { LogTransaction } from '@orderlog/event-log';
import { stockKey, type Reservation, type ReservationCommand, type StockEffect } from '@orderlog/inventory-domain';
import { openBackorders, type BackorderDesk } from './backorder-desk.js';
import { reservationIdOf, type GivenBack, type OrderFact } from './order-facts.js';
import type { Inventory, StockKey } from './ports.js';
import { openDesk, type StockDesk } from './stock-desk.js';
import { reservations, reservationStream } from './streams.js';

const isFromNowhere = ({ reservationId = '' }: GivenBack): boolean => reservationId === '';

/** Units of a fact that were leased, by reservation. Units without effect on the stock are left out. */
const leasedUnits = (units: readonly GivenBack[] = []): ReadonlyMap<string, readonly GivenBack[]> => {
  const byReservation = new Map<string, GivenBack[]>();
  for (const unit of units) {
    const { reservationId = '', stockEffect = 'none' } = unit;
    if (reservationId === '' || stockEffect === 'none') continue;
    const known = byReservation.get(reservationId);
    if (known === undefined) byReservation.set(reservationId, [unit]);
    else known.push(unit);
  }
  return byReservation;
};

const effectOf = (word: string | undefined): StockEffect => (word === 'write_off' || word === 'quarantine' || word === 'release' ? word : 'none');

/** The reservations that a fact is about. */
const reservationIdsOf = (fact: OrderFact): readonly string[] => {
  switch (fact.type) {
    case 'OrderRouted':
    case 'OrderReleased':
      return [fact.data.reservationId];
    case 'OrderPackageShipped':
      return [reservationIdOf(fact.data)];
    case 'OrderLinesReopened':
    case 'OrderLinesCancelled':
      return [...leasedUnits(fact.data.units).keys()];
    case 'OrderBackordered':
      return [];
  }
};

/** The stream that waits if a fact cannot be handled: its reservation, or what its order waits for. */
export const targetOf = (fact: OrderFact): string => {
  const [reservationId] = reservationIdsOf(fact);
  return reservationId === undefined ? `backorder-${fact.data.orderId}` : reservationStream(reservationId);
};

/** Rows that a batch may move: what is asked for, and what its reservations hold or held. */
const rowsOf = (facts: readonly OrderFact[], states: Iterable<Reservation>): readonly StockKey[] => {
  const keys = new Map<string, StockKey>();
  const add = ({ sku, centerId }: StockKey): void => void keys.set(stockKey(sku, centerId), { sku, centerId });
  for (const fact of facts) {
    if (fact.type !== 'OrderRouted') continue;
    for (const { centerId, lines } of fact.data.fulfillments) for (const { sku } of lines) add({ sku, centerId });
  }
  for (const { units, expired } of states) {
    for (const unit of units) add(unit);
    for (const unit of expired) add(unit);
  }
  return [...keys.values()];
};

type Commands = readonly { readonly reservationId: string; readonly command: ReservationCommand }[];

const commandsOf = (fact: OrderFact, { rows }: StockDesk, { leaseMs, clock }: Inventory): Commands => {
  switch (fact.type) {
    case 'OrderRouted': {
      const { reservationId, orderId, attempt, fulfillments } = fact.data;
      const units = fulfillments.flatMap(({ fulfillmentOrderId, centerId, lines }) =>
        lines.map(({ lineId, sku, quantity }) => ({ lineId, sku, quantity, centerId, fulfillmentOrderId })),
      );
      return [{ reservationId, command: { type: 'ReserveStock', data: { reservationId, orderId, attempt, expiresAt: clock(leaseMs), units, rows } } }];
    }
    case 'OrderReleased': {
      const { reservationId, orderId, attempt, reservationEpoch } = fact.data;
      return [{ reservationId, command: { type: 'CommitReservation', data: { reservationId, orderId, attempt, epoch: reservationEpoch, rows } } }];
    }
    case 'OrderPackageShipped': {
      const { packageId, fulfillmentOrderId, lines } = fact.data;
      return [{ reservationId: reservationIdOf(fact.data), command: { type: 'ShipUnits', data: { packageId, fulfillmentOrderId, lines, rows } } }];
    }
    case 'OrderLinesReopened':
    case 'OrderLinesCancelled':
      return [...leasedUnits(fact.data.units)].map(([reservationId, units]) => ({
        reservationId,
        command: {
          type: 'ReturnUnits',
          data: {
            reason: fact.data.reason,
            units: units.map(({ lineId, fulfillmentOrderId = '', quantity, stockEffect }) => ({
              lineId,
              fulfillmentOrderId,
              quantity,
              stockEffect: effectOf(stockEffect),
            })),
            rows,
          },
        },
      }));
    case 'OrderBackordered':
      return [];
  }
};

const followQueue = (fact: OrderFact, queue: BackorderDesk): void => {
  switch (fact.type) {
    case 'OrderRouted':
      return queue.settle(fact.data.orderId, fact.data.fulfillments.flatMap(({ lines }) => lines));
    case 'OrderBackordered':
      return queue.queue(fact.data, fact.recordedAt, fact.context);
    case 'OrderLinesReopened':
    case 'OrderLinesCancelled':
      return queue.withdraw(fact.data.orderId, fact.data.reason, (fact.data.units ?? []).filter(isFromNowhere), fact.context);
    default:
      return undefined;
  }
};

/** Orders whose queue a fact may change, and whether it appends to their backorder stream. */
const queueOf = (fact: OrderFact): { readonly orderId: string; readonly appends: boolean } | undefined => {
  const { orderId } = fact.data;
  switch (fact.type) {
    case 'OrderRouted':
      return { orderId, appends: false };
    case 'OrderBackordered':
      return { orderId, appends: true };
    case 'OrderLinesReopened':
    case 'OrderLinesCancelled':
      return (fact.data.units ?? []).some(isFromNowhere) ? { orderId, appends: true } : undefined;
    default:
      return undefined;
  }
};

/**
 * Acts on a batch of the order's facts in one go: every stream locked once, every stock row locked once, all decisions in memory in the
 * order of the facts, one net change a row. Under load batches grow, so that a hot row is locked once a batch and not once an order.
 */
export const followOrder =
  (inventory: Inventory) =>
  async (facts: readonly OrderFact[], tx: LogTransaction): Promise<void> => {
    // The lock order is the same everywhere: backorder streams, reservation streams, lines of the queue, stock rows; heads come last.
    const queue = await openBackorders(tx, inventory, facts.flatMap((fact) => queueOf(fact) ?? []));
    const reservationIds = [...new Set(facts.flatMap(reservationIdsOf))];
    const loaded =
      reservationIds.length === 0
        ? new Map<string, { readonly version: number; readonly state: Reservation }>()
        : await tx.load(reservations, reservationIds.map(reservationStream));
    const states = new Map([...loaded].map(([streamId, { state }]) => [streamId, state]));
    await queue.lockLines();
    const desk = await openDesk(tx, inventory, rowsOf(facts, states.values()));
    for (const fact of facts) {
      for (const { reservationId, command } of commandsOf(fact, desk, inventory)) {
        const streamId = reservationStream(reservationId);
        const state = states.get(streamId) ?? reservations.decider.initialState;
        const events = reservations.decider.decide(command, state);
        if ('refused' in events || events.length === 0) continue;
        states.set(streamId, events.reduce(reservations.decider.evolve, state));
        for (const event of events) desk.enter(event);
        tx.append(reservations, streamId, events, fact.context);
      }
      followQueue(fact, queue);
    }
    await desk.save();
    await queue.save();
  };

