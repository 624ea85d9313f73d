import { randomInt } from 'node:crypto';
import { behaviorOf, refusalOf } from './behavior.js';
import type { LabelAnswer, LabelRequest, SoldLabel } from './label.js';
import { s10 } from './s10.js';
import { carriers, daysOf, isCarrier, priceOf, zoneOf, type CarrierName } from './tariff.js';

const dayMs = 86_400_000;
const serials = 100_000_000;

/** Why a label cannot be voided. */
export type VoidRefusal = 'unknown_label' | 'in_transit';

/** Where labels are sold, remembered and taken back. */
export type CounterDesk = {
  /** Idempotent by key: a key that bought a label gets that label again. `isNew` tells which. */
  readonly sell: (request: LabelRequest) => { readonly answer: LabelAnswer; readonly isNew: boolean };
  readonly byKey: (key: string) => SoldLabel | undefined;
  readonly byTrackingNumber: (trackingNumber: string) => SoldLabel | undefined;
  /** Idempotent: voiding twice is voiding once. Another account's labels are unknown to an account. */
  readonly take: (id: string, accountId: string) => SoldLabel | VoidRefusal;
  /** Marks a parcel as collected: from here on its label cannot be voided. Undefined: there is no such label in use. */
  readonly collect: (trackingNumber: string) => SoldLabel | undefined;
  /** Takes over what an earlier process sold. */
  readonly restore: (label: SoldLabel) => void;
  readonly count: () => number;
};

/** Opens the desk. `publicUrl` is where the carrier's own pages are. */
export const openDesk = (options: { readonly publicUrl: () => string; readonly currency: string; readonly now: () => number }): CounterDesk => {
  const keys = new Map<string, SoldLabel>();
  const ids = new Map<string, SoldLabel>();
  const numbers = new Map<string, SoldLabel>();
  const collected = new Set<string>();
  /** Descriptions with a magic word that were sold before; the others need not be remembered. */
  const magicSold = new Set<string>();
  // Without a state file a new process does not know the old numbers: a random start makes meeting one of them unlikely.
  let serial = randomInt(serials);

  const keep = (label: SoldLabel): SoldLabel => {
    keys.set(label.key, label);
    ids.set(label.id, label);
    numbers.set(label.trackingNumber, label);
    if (behaviorOf(label.description) !== 'plain') magicSold.add(label.description);
    return label;
  };
  const nextNumber = (kind: string, countryCode: string): string => {
    for (;;) {
      serial = (serial + 1) % serials;
      const number = s10(kind, serial, countryCode);
      if (!numbers.has(number)) return number;
    }
  };
  const print = (request: LabelRequest, carrier: CarrierName): SoldLabel => {
    const { kind, accountId } = carriers[carrier];
    const { serviceLevel, from, to } = request;
    const zone = zoneOf(from, to);
    const soldAtMs = options.now();
    const expectedMs = soldAtMs + daysOf(carrier, serviceLevel, zone) * dayMs;
    const trackingNumber = nextNumber(kind, from?.countryCode ?? to.countryCode);
    return {
      id: `label-${trackingNumber}`,
      key: request.key,
      accountId,
      carrier,
      serviceLevel,
      trackingNumber,
      trackingUrl: `${options.publicUrl()}/parcels/${trackingNumber}`,
      cost: priceOf(carrier, serviceLevel, zone, request.weightGrams),
      currency: options.currency,
      soldAt: new Date(soldAtMs).toISOString(),
      expectedDelivery: new Date(expectedMs).toISOString(),
      expectedFrom: new Date(expectedMs - dayMs / 2).toISOString(),
      expectedUntil: new Date(expectedMs + dayMs).toISOString(),
      metadata: request.metadata ?? {},
      description: request.description,
      isRepeat: magicSold.has(request.description),
      from: { city: from?.city ?? 'origin', countryCode: from?.countryCode ?? to.countryCode },
      to: { city: to.city, countryCode: to.countryCode },
      voided: false,
    };
  };
  const refused = (key: string, reason: string, detail: string) => ({ answer: { key, refused: { reason, detail } }, isNew: false });

  return {
    sell: (request) => {
      const { key, carrier, description, weightGrams } = request;
      const known = keys.get(key);
      if (known !== undefined) return { answer: { key, label: known }, isNew: false };
      if (!isCarrier(carrier)) return refused(key, 'unknown_carrier', `there is no carrier ${carrier}`);
      const magic = refusalOf(description, carrier);
      if (magic !== undefined) return refused(key, magic, `${carrier} does not take ${description}`);
      const { weightGramsMax } = carriers[carrier];
      if (weightGrams > weightGramsMax) return refused(key, 'too_heavy', `${carrier} takes up to ${weightGramsMax} g`);
      return { answer: { key, label: keep(print(request, carrier)) }, isNew: true };
    },
    byKey: (key) => keys.get(key),
    byTrackingNumber: (trackingNumber) => numbers.get(trackingNumber),
    take: (id, accountId) => {
      const label = ids.get(id);
      if (label === undefined || label.accountId !== accountId) return 'unknown_label';
      if (collected.has(label.trackingNumber)) return 'in_transit';
      return label.voided ? label : keep({ ...label, voided: true });
    },
    collect: (trackingNumber) => {
      const label = numbers.get(trackingNumber);
      if (label === undefined || label.voided) return undefined;
      collected.add(trackingNumber);
      return label;
    },
    restore: (label) => void keep(label),
    count: () => ids.size,
  };
};
