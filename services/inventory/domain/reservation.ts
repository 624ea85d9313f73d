import { type Command, type Decider, type Event } from '@orderlog/decider';
import { enter, rowOf, stockKey, type Movement, type StockEntry, type StockRows } from './stock.js';

/** Units of one line that a plan wants from one center. */
export type PlannedUnits = {
  readonly lineId: string;
  readonly sku: string;
  readonly centerId: string;
  readonly fulfillmentOrderId: string;
  readonly quantity: number;
};

/** Units that a reservation holds now, by the bucket they are in. */
export type HeldUnits = Omit<PlannedUnits, 'quantity'> & { readonly reserved: number; readonly committed: number };

/** What becomes of units that are given back. `none`: they are not in the building, or were given back already. */
export type StockEffect = 'none' | 'release' | 'write_off' | 'quarantine';

/** Units given back, and how. An empty fulfillment order means: wherever the reservation holds units of this line. */
export type ReturnedUnits = {
  readonly lineId: string;
  readonly fulfillmentOrderId: string;
  readonly quantity: number;
  readonly stockEffect: StockEffect;
};

/** A unit that was wanted and is not there. */
export type Shortage = { readonly sku: string; readonly centerId: string; readonly wanted: number; readonly available: number };

/** Every command that moves stock brings the rows it may touch, as they stand under their locks. */
type WithRows = { readonly rows: StockRows };

export type ReservationCommand =
  | Command<
      'ReserveStock',
      WithRows & {
        readonly reservationId: string;
        readonly orderId: string;
        readonly attempt: number;
        readonly expiresAt: string;
        readonly units: readonly PlannedUnits[];
      }
    >
  | Command<'CommitReservation', WithRows & { readonly epoch: number; readonly reservationId: string; readonly orderId: string; readonly attempt: number }>
  | Command<'ReturnUnits', WithRows & { readonly reason: string; readonly units: readonly ReturnedUnits[] }>
  | Command<'ExpireReservation', WithRows & { readonly now: string }>
  | Command<
      'ShipUnits',
      WithRows & {
        readonly packageId: string;
        readonly fulfillmentOrderId: string;
        readonly lines: readonly { readonly lineId: string; readonly quantity: number }[];
      }
    >;

type Identity = { readonly reservationId: string; readonly orderId: string };

export type ReservationEvent =
  | Event<'StockReserved', Identity & { attempt: number; epoch: number; expiresAt: string; entries: readonly StockEntry[] }>
  | Event<'ReservationRejected', Identity & { attempt: number; shortages: readonly Shortage[] }>
  | Event<'ReservationCommitted', Identity & { attempt: number; epoch: number; entries: readonly StockEntry[] }>
  | Event<'ReservationReleased', Identity & { epoch: number; reason: string; entries: readonly StockEntry[] }>
  | Event<'ReservationExpired', Identity & { attempt: number; epoch: number; entries: readonly StockEntry[] }>
  | Event<'ReservationLost', Identity & { attempt: number; epoch: number; shortages: readonly Shortage[] }>
  | Event<'StockShipped', Identity & { packageId: string; entries: readonly StockEntry[] }>
  | Event<'StockAdjusted', { adjustmentId: string; reason: string; orderId: string; entries: readonly StockEntry[] }>;

/** The lease of one plan attempt: all of its units, or none. */
export type Reservation = Identity & {
  readonly status: 'none' | 'held' | 'committed' | 'rejected' | 'expired' | 'lost';
  readonly attempt: number;
  readonly epoch: number;
  readonly expiresAt: string;
  /** Units still held; units that were given back or shipped are gone from here. */
  readonly units: readonly HeldUnits[];
  /** What was leased when it expired, so that a late commit can say what it lost. */
  readonly expired: readonly HeldUnits[];
};

const unitsOf = (entries: readonly StockEntry[]): readonly HeldUnits[] =>
  entries.map(({ lineId, sku, centerId, fulfillmentOrderId, reserved, committed }) => ({
    lineId,
    sku,
    centerId,
    fulfillmentOrderId,
    reserved,
    committed,
  }));

/** Takes the signed bucket changes of entries to the units they are about; units of which nothing is left disappear. */
const changed = (units: readonly HeldUnits[], entries: readonly StockEntry[]): readonly HeldUnits[] => {
  const next = [...units];
  for (const entry of entries) {
    const at = next.findIndex(
      (held) =>
        held.lineId === entry.lineId &&
        held.sku === entry.sku &&
        held.centerId === entry.centerId &&
        held.fulfillmentOrderId === entry.fulfillmentOrderId,
    );
    const held = next[at];
    if (held === undefined) continue;
    next[at] = { ...held, reserved: held.reserved + entry.reserved, committed: held.committed + entry.committed };
  }
  return next.filter((held) => held.reserved > 0 || held.committed > 0);
};

const shortagesOf = (units: readonly PlannedUnits[], rows: StockRows): readonly Shortage[] => {
  // Demand is summed per row first: two lines of one SKU must not each pass on the same units.
  const wanted = new Map<string, { readonly sku: string; readonly centerId: string; wanted: number }>();
  for (const { sku, centerId, quantity } of units) {
    const key = stockKey(sku, centerId);
    const known = wanted.get(key);
    if (known === undefined) wanted.set(key, { sku, centerId, wanted: quantity });
    else known.wanted += quantity;
  }
  return [...wanted.values()].flatMap((demand) => {
    const { available } = rowOf(rows, demand.sku, demand.centerId);
    return available >= demand.wanted ? [] : [{ ...demand, available }];
  });
};

/** One movement of held units out of the bucket they are in, committed ones first. */
type Taken = { readonly held: HeldUnits; readonly reserved: number; readonly committed: number };

/**
 * Picks `quantity` held units of a line, fewer if fewer are held. `left` is what earlier picks of the same command left over and is
 * updated: it belongs to the command.
 */
const take = (left: HeldUnits[], lineId: string, fulfillmentOrderId: string, quantity: number): readonly Taken[] => {
  const taken: Taken[] = [];
  let missing = quantity;
  for (let n = 0; n < left.length && missing > 0; n += 1) {
    const held = left[n];
    if (held === undefined || held.lineId !== lineId) continue;
    if (fulfillmentOrderId !== '' && held.fulfillmentOrderId !== fulfillmentOrderId) continue;
    const committed = Math.min(held.committed, missing);
    const reserved = Math.min(held.reserved, missing - committed);
    if (committed + reserved === 0) continue;
    missing -= committed + reserved;
    left[n] = { ...held, reserved: held.reserved - reserved, committed: held.committed - committed };
    taken.push({ held, reserved, committed });
  }
  return taken;
};

const about = ({ held, reserved, committed }: Taken, into?: 'available' | 'quarantine'): Movement => ({
  lineId: held.lineId,
  sku: held.sku,
  centerId: held.centerId,
  fulfillmentOrderId: held.fulfillmentOrderId,
  quantity: reserved + committed,
  reserved: 0 - reserved,
  committed: 0 - committed,
  ...(into === undefined ? {} : { [into]: reserved + committed }),
});

const reserve = (
  { reservationId, orderId, attempt, expiresAt, units, rows }: Extract<ReservationCommand, { type: 'ReserveStock' }>['data'],
  state: Reservation,
): readonly ReservationEvent[] => {
  if (state.status !== 'none') return [];
  const shortages = shortagesOf(units, rows);
  if (shortages.length > 0) return [{ type: 'ReservationRejected', data: { reservationId, orderId, attempt, shortages } }];
  const entries = enter(
    rows,
    units.map((unit) => ({ ...unit, available: -unit.quantity, reserved: unit.quantity })),
  );
  return [{ type: 'StockReserved', data: { reservationId, orderId, attempt, epoch: 1, expiresAt, entries } }];
};

const commit = (
  { epoch, rows, reservationId, orderId, attempt }: Extract<ReservationCommand, { type: 'CommitReservation' }>['data'],
  state: Reservation,
): readonly ReservationEvent[] => {
  if (state.status === 'committed' || state.status === 'lost') return [];
  if (state.status === 'held' && epoch === state.epoch) {
    const leased = state.units.filter((held) => held.reserved > 0);
    if (leased.length === 0) return [];
    const entries = enter(
      rows,
      leased.map(({ lineId, sku, centerId, fulfillmentOrderId, reserved }) => ({
        lineId,
        sku,
        centerId,
        fulfillmentOrderId,
        quantity: reserved,
        reserved: -reserved,
        committed: reserved,
      })),
    );
    return [{ type: 'ReservationCommitted', data: { reservationId, orderId, attempt: state.attempt, epoch, entries } }];
  }
  // The caller believes in a lease that is not there (any more): it has to hear of it, whatever the reason.
  const shortages = state.expired.map(({ sku, centerId, reserved, committed }) => ({
    sku,
    centerId,
    wanted: reserved + committed,
    available: rowOf(rows, sku, centerId).available,
  }));
  return [{ type: 'ReservationLost', data: { reservationId, orderId, attempt, epoch, shortages } }];
};

const giveBack = (
  { reason, units, rows }: Extract<ReservationCommand, { type: 'ReturnUnits' }>['data'],
  state: Reservation,
): readonly ReservationEvent[] => {
  const left = [...state.units];
  const returned: Movement[] = [];
  const gone: Movement[] = [];
  for (const { lineId, fulfillmentOrderId, quantity, stockEffect } of units) {
    if (stockEffect === 'none') continue;
    for (const taken of take(left, lineId, fulfillmentOrderId, quantity)) {
      if (stockEffect === 'write_off') gone.push(about(taken));
      else returned.push(about(taken, stockEffect === 'quarantine' ? 'quarantine' : 'available'));
    }
  }
  const { reservationId, orderId, epoch } = state;
  const entries = enter(rows, [...returned, ...gone]);
  const events: ReservationEvent[] = [];
  if (returned.length > 0) {
    events.push({ type: 'ReservationReleased', data: { reservationId, orderId, epoch, reason, entries: entries.slice(0, returned.length) } });
  }
  if (gone.length > 0) {
    const written = entries.slice(returned.length);
    const last = written[written.length - 1];
    const adjustmentId = `${reservationId}.${last?.sku ?? ''}.${last?.stockVersion ?? 0}`;
    events.push({ type: 'StockAdjusted', data: { adjustmentId, reason: 'NOT_IN_STOCK', orderId, entries: written } });
  }
  return events;
};

const expire = (
  { now, rows }: Extract<ReservationCommand, { type: 'ExpireReservation' }>['data'],
  state: Reservation,
): readonly ReservationEvent[] => {
  // Times are RFC 3339 in UTC with milliseconds, so that they compare as text.
  if (state.status !== 'held' || now < state.expiresAt || state.units.length === 0) return [];
  const { reservationId, orderId, attempt, epoch } = state;
  const entries = enter(
    rows,
    state.units.map((held) => about({ held, reserved: held.reserved, committed: held.committed }, 'available')),
  );
  return [{ type: 'ReservationExpired', data: { reservationId, orderId, attempt, epoch, entries } }];
};

const ship = (
  { packageId, fulfillmentOrderId, lines, rows }: Extract<ReservationCommand, { type: 'ShipUnits' }>['data'],
  state: Reservation,
): readonly ReservationEvent[] => {
  const left = [...state.units];
  const movements = lines.flatMap(({ lineId, quantity }) => take(left, lineId, fulfillmentOrderId, quantity).map((taken) => about(taken)));
  if (movements.length === 0) return [];
  const { reservationId, orderId } = state;
  return [{ type: 'StockShipped', data: { reservationId, orderId, packageId, entries: enter(rows, movements) } }];
};

/** The reservation of one plan attempt. Stream `reservation-<orderId>.<attempt>`. */
export const reservation: Decider<ReservationCommand, ReservationEvent, Reservation> = {
  initialState: { status: 'none', reservationId: '', orderId: '', attempt: 0, epoch: 0, expiresAt: '', units: [], expired: [] },

  decide({ type, data }, state) {
    switch (type) {
      case 'ReserveStock':
        return reserve(data, state);
      case 'CommitReservation':
        return commit(data, state);
      case 'ReturnUnits':
        return giveBack(data, state);
      case 'ExpireReservation':
        return expire(data, state);
      case 'ShipUnits':
        return ship(data, state);
    }
  },

  evolve(state, { type, data }) {
    switch (type) {
      case 'StockReserved':
        return {
          status: 'held',
          reservationId: data.reservationId,
          orderId: data.orderId,
          attempt: data.attempt,
          epoch: data.epoch,
          expiresAt: data.expiresAt,
          units: unitsOf(data.entries),
          expired: [],
        };
      case 'ReservationRejected':
        return { ...state, status: 'rejected', reservationId: data.reservationId, orderId: data.orderId, attempt: data.attempt };
      case 'ReservationCommitted':
        return { ...state, status: 'committed', units: changed(state.units, data.entries) };
      case 'ReservationReleased':
      case 'StockShipped':
      case 'StockAdjusted':
        return { ...state, units: changed(state.units, data.entries) };
      case 'ReservationExpired':
        return { ...state, status: 'expired', units: [], expired: state.units };
      case 'ReservationLost':
        return { ...state, status: 'lost' };
    }
  },
};
