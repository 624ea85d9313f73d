import type { Aggregate } from '@orderlog/event-log';
import {
  backorder,
  item,
  movement,
  reservation,
  type Backorder,
  type BackorderCommand,
  type BackorderEvent,
  type Item,
  type ItemCommand,
  type ItemEvent,
  type MovementCommand,
  type MovementEvent,
  type MovementRefusal,
  type RecordedMovement,
  type Reservation,
  type ReservationCommand,
  type ReservationEvent,
} from '@orderlog/inventory-domain';

/** The timer that ends a lease. */
export const leaseExpiry = 'lease-expiry';

/** Reservations: a lease has a timer, which goes when the lease is committed or over. */
export const reservations: Aggregate<ReservationCommand, ReservationEvent, Reservation, never> = {
  category: 'reservation',
  decider: reservation,
  stateSchema: 1,
  reactions: (event) => {
    switch (event.type) {
      case 'StockReserved':
        return { timers: [{ set: leaseExpiry, dueAt: event.data.expiresAt }] };
      case 'ReservationCommitted':
      case 'ReservationExpired':
        return { timers: [{ clear: leaseExpiry }] };
      default:
        return {};
    }
  },
};

/** What one order waits for. */
export const backorders: Aggregate<BackorderCommand, BackorderEvent, Backorder, never> = { category: 'backorder', decider: backorder, stateSchema: 1 };

/** Items. */
export const items: Aggregate<ItemCommand, ItemEvent, Item, never> = { category: 'item', decider: item, stateSchema: 1 };

const movementsOf = (category: string): Aggregate<MovementCommand, MovementEvent, RecordedMovement, MovementRefusal> => ({
  category,
  decider: movement,
  stateSchema: 1,
});

/** Deliveries, corrections and counts: a stream each. */
export const receipts = movementsOf('receipt');
export const adjustments = movementsOf('adjustment');
export const counts = movementsOf('count');

/** Stream of a reservation. */
export const reservationStream = (reservationId: string): string => `reservation-${reservationId}`;
/** Stream of what an order waits for. */
export const backorderStream = (orderId: string): string => `backorder-${orderId}`;
/** Stream of an item. */
export const itemStream = (sku: string): string => `item-${sku}`;
