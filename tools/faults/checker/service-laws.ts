import { count, list, text, type Row } from './row.js';

/** Answers which invariant an event breaks and how, or undefined. */
export type Broken = { readonly invariant: 'I8' | 'I9' | 'I12'; readonly what: string };
/** The law of one stream: judges its events one after the other. */
export type StreamLaw = { readonly apply: (row: Row) => Broken | undefined };

const illegal = (what: string): Broken => ({ invariant: 'I9', what });
const twice = (what: string): Broken => ({ invariant: 'I8', what });

type Units = { reserved: number; committed: number };

/** The law of a lease: all or nothing, once; committed while it is held; over when it expired. */
export const reservationLaw = (): StreamLaw & { readonly left: () => Units } => {
  const units = new Map<string, Units>();
  let status: 'none' | 'held' | 'committed' | 'rejected' | 'expired' | 'lost' = 'none';
  let epoch = 0;
  const shipped = new Set<string>();

  const change = (row: Row, sign: 'any' | 'new'): Broken | undefined => {
    for (const entry of list(row.data['entries'])) {
      const key = [entry['lineId'], entry['sku'], entry['centerId'], entry['fulfillmentOrderId']].map(text).join('/');
      const held = units.get(key) ?? { reserved: 0, committed: 0 };
      if (sign === 'any' && !units.has(key)) return illegal(`${row.type}: the lease holds nothing of ${key}`);
      units.set(key, held);
      held.reserved += count(entry['reserved']);
      held.committed += count(entry['committed']);
      if (held.reserved < 0 || held.committed < 0) return illegal(`${row.type}: ${held.reserved} reserved and ${held.committed} committed units of ${key} are left`);
    }
    return undefined;
  };

  return {
    left: () => {
      const sum = { reserved: 0, committed: 0 };
      for (const held of units.values()) {
        sum.reserved += held.reserved;
        sum.committed += held.committed;
      }
      return sum;
    },
    apply: (row) => {
      switch (row.type) {
        case 'StockReserved':
        case 'ReservationRejected':
          if (status !== 'none') return twice(`${row.type}: the attempt is ${status} already`);
          status = row.type === 'StockReserved' ? 'held' : 'rejected';
          epoch = count(row.data['epoch']);
          return status === 'held' ? change(row, 'new') : undefined;
        case 'ReservationCommitted':
          if (status !== 'held') return illegal(`ReservationCommitted: the lease is ${status}`);
          if (count(row.data['epoch']) !== epoch) return illegal(`ReservationCommitted: epoch ${count(row.data['epoch'])} instead of ${epoch}`);
          status = 'committed';
          return change(row, 'any');
        case 'ReservationExpired': {
          if (status !== 'held') return illegal(`ReservationExpired: the lease is ${status}`);
          status = 'expired';
          return change(row, 'any');
        }
        case 'ReservationLost':
          if (status === 'committed' || status === 'lost') return illegal(`ReservationLost: the lease is ${status}`);
          status = 'lost';
          return undefined;
        case 'StockShipped': {
          const packageId = text(row.data['packageId']);
          if (shipped.has(packageId)) return twice(`${packageId} leaves the stock a second time`);
          shipped.add(packageId);
          return change(row, 'any');
        }
        case 'ReservationReleased':
        case 'StockAdjusted':
          return change(row, 'any');
        default:
          return illegal(`a reservation has no ${row.type}`);
      }
    },
  };
};

/** The law of what an order waits for: nothing is covered or withdrawn that does not wait. */
export const backorderLaw = (): StreamLaw => {
  const waiting = new Map<string, number>();
  return {
    apply: ({ type, data }) => {
      const sign = type === 'BackorderQueued' ? 1 : -1;
      for (const line of list(data['lines'])) {
        const left = (waiting.get(text(line['lineId'])) ?? 0) + sign * count(line['quantity']);
        if (left < 0) return illegal(`${type}: line ${text(line['lineId'])} waits for ${left} units`);
        waiting.set(text(line['lineId']), left);
      }
      return undefined;
    },
  };
};

/** The law of an order's routing: one decision an attempt, the attempts ascending. */
export const routeLaw = (): StreamLaw => {
  let last = 0;
  return {
    apply: ({ type, data }) => {
      const attempt = count(data['attempt']);
      if (attempt === last) return twice(`${type}: attempt ${attempt} is decided a second time`);
      if (attempt < last) return illegal(`${type}: attempt ${attempt} after attempt ${last}`);
      last = attempt;
      return undefined;
    },
  };
};

type Box = { status: 'requested' | 'failed' | 'labeled' | 'handed_over' | 'ended' | 'cancelled'; label: string };

/** The law of a shipment: one active label a package, one hand-over, and no way back. */
export const shipmentLaw = (): StreamLaw => {
  const boxes = new Map<string, Box>();
  const requests = new Set<string>();
  const shipments = new Set<string>();

  const handOver = (row: Row): Broken | undefined => {
    const shipmentId = text(row.data['shipmentId']);
    if (shipments.has(shipmentId)) return twice(`${shipmentId} is handed over a second time`);
    shipments.add(shipmentId);
    for (const one of list(row.data['packages'])) {
      const id = text(one['packageId']);
      const box = boxes.get(id);
      if (box?.status === 'handed_over' || box?.status === 'ended') return twice(`${id} is handed over a second time`);
      if (box?.status !== 'labeled') return illegal(`ShipmentHandedOver: ${id} is ${box?.status ?? 'unknown'}`);
      box.status = 'handed_over';
    }
    return undefined;
  };

  return {
    apply: (row) => {
      const { type, data, streamId, version } = row;
      if (type === 'ShipmentHandedOver') return handOver(row);
      const id = text(data['packageId']);
      const box = boxes.get(id);
      const now = box?.status ?? 'unknown';
      const key = text(data['labelKey']);
      const wrong = illegal(`${type}: ${id} is ${now}`);
      switch (type) {
        case 'LabelPurchaseRequested':
          if (now === 'handed_over' || now === 'ended' || now === 'cancelled') return wrong;
          if (box !== undefined && box.label !== '') return twice(`${id} has the label ${box.label}, and another one is asked for`);
          requests.add(`${streamId}/${version}`);
          if (!requests.has(key)) return { invariant: 'I12', what: `${type}: the key ${key} is of no request of this stream` };
          boxes.set(id, { status: 'requested', label: '' });
          return undefined;
        case 'LabelPurchased':
          if (!requests.has(key)) return { invariant: 'I12', what: `${type}: nobody asked with the key ${key}` };
          if (box === undefined || (now !== 'requested' && now !== 'failed')) return now === 'labeled' ? twice(`${id} has a second active label`) : wrong;
          boxes.set(id, { status: 'labeled', label: key });
          return undefined;
        case 'LabelVoided':
          if (now === 'handed_over' || now === 'ended') return wrong;
          if (box !== undefined && box.label === key) box.label = '';
          return undefined;
        case 'LabelRefused':
          return now === 'requested' || now === 'failed' ? undefined : wrong;
        case 'LabelFailed':
          if (box === undefined || (now !== 'requested' && now !== 'failed')) return wrong;
          box.status = 'failed';
          return undefined;
        case 'PackageDelivered':
        case 'PackageReturnedToSender':
        case 'PackageLost':
          if (box === undefined || now !== 'handed_over') return wrong;
          box.status = 'ended';
          return undefined;
        case 'DeliveryAttemptFailed':
          return now === 'handed_over' ? undefined : wrong;
        case 'ShipmentCancelled':
          if (now === 'handed_over' || now === 'ended' || now === 'cancelled') return wrong;
          boxes.set(id, { status: 'cancelled', label: '' });
          return undefined;
        default:
          return undefined;
      }
    },
  };
};

type Place = 'waiting' | 'planned' | 'picked' | 'sorted' | 'packed' | 'shorted' | 'cancelled' | 'rejected';

/** The law of a center's share: every unit is in one place, and moves only along the work. */
export const fulfillmentLaw = (): StreamLaw => {
  const lines = new Map<string, Record<Place, number>>();
  const closed = new Set<string>();
  let isRequested = false;
  let isPicked = false;

  const move = (type: string, units: readonly Readonly<Record<string, unknown>>[], from: Place, to: Place): Broken | undefined => {
    for (const unit of units) {
      const line = lines.get(text(unit['lineId']));
      const quantity = count(unit['quantity']);
      if (line === undefined || quantity <= 0 || line[from] < quantity) {
        return illegal(`${type}: ${quantity} units of line ${text(unit['lineId'])} from ${from}, where ${line?.[from] ?? 0} are`);
      }
      line[from] -= quantity;
      line[to] += quantity;
    }
    return undefined;
  };

  return {
    apply: ({ type, data }) => {
      if (type === 'FulfillmentOrderRequested') {
        if (isRequested) return twice(`${text(data['fulfillmentOrderId'])} is requested a second time`);
        isRequested = true;
        for (const line of list(data['lines'])) {
          lines.set(text(line['lineId']), { waiting: count(line['quantity']), planned: 0, picked: 0, sorted: 0, packed: 0, shorted: 0, cancelled: 0, rejected: 0 });
        }
        return undefined;
      }
      if (!isRequested) return illegal(`${type}: nobody requested it`);
      switch (type) {
        case 'FulfillmentOrderRejected':
          return move(type, list(data['lines']), 'waiting', 'rejected');
        case 'PickTaskPlanned':
          return move(type, list(data['lines']), 'waiting', 'planned');
        case 'ItemPicked':
          return move(type, [data], 'planned', 'picked');
        case 'PickUndone':
          return move(type, [data], 'picked', 'planned');
        case 'PickShorted':
          return move(type, [data], 'planned', 'shorted');
        case 'ItemSorted':
          return move(type, [data], 'picked', 'sorted');
        case 'FulfillmentOrderPicked':
          if (isPicked) return twice('FulfillmentOrderPicked a second time');
          isPicked = true;
          return undefined;
        case 'PackageClosed': {
          const packageId = text(data['packageId']);
          if (closed.has(packageId)) return twice(`${packageId} is closed a second time`);
          closed.add(packageId);
          return move(type, list(data['lines']), 'sorted', 'packed');
        }
        case 'FulfillmentOrderCancelled':
          for (const withdrawn of list(data['withdrawn'])) {
            for (const place of ['waiting', 'planned', 'picked', 'sorted'] as const) {
              const quantity = count(withdrawn[place]);
              const wrong = quantity === 0 ? undefined : move(type, [{ lineId: withdrawn['lineId'], quantity }], place, 'cancelled');
              if (wrong !== undefined) return wrong;
            }
          }
          return undefined;
        default:
          return undefined;
      }
    },
  };
};

/** The law of a stream by its name; undefined for streams whose events stand alone. */
export const lawOf = (streamId: string): (StreamLaw & { readonly left?: () => Units }) | undefined => {
  if (streamId.startsWith('reservation-')) return reservationLaw();
  if (streamId.startsWith('backorder-')) return backorderLaw();
  if (streamId.startsWith('routing-')) return routeLaw();
  if (streamId.startsWith('fulfillment-order-')) return fulfillmentLaw();
  if (streamId.startsWith('shipment-')) return shipmentLaw();
  return undefined;
};
