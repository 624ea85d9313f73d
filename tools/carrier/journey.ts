import { behaviorOf } from './behavior.js';
import type { SoldLabel } from './label.js';

/** One scan as it is told to the shipper. `scannedAt` is the local time of the place, with its offset. */
export type Scan = {
  readonly scanId: string;
  readonly carrier: string;
  readonly trackingNumber: string;
  readonly status: string;
  readonly text: string;
  readonly scannedAt: string;
  readonly city: string;
  readonly countryCode: string;
};

/** A scan and when, in simulated milliseconds after the pickup, the shipper is told of it. */
export type PlannedScan = { readonly afterMs: number; readonly scan: Scan };

const hourMs = 3_600_000;

/** Offsets in minutes, without daylight saving: a simulation needs plausible local times, not exact ones. */
const offsets: Readonly<Record<string, number>> = { BR: -180, AR: -180, US: -300, CA: -300, MX: -360, GB: 0, PT: 0, IE: 0, IN: 330, CN: 480, JP: 540, AU: 600 };
const offsetOf = (countryCode: string): number => offsets[countryCode] ?? 60;

const two = (value: number): string => String(value).padStart(2, '0');

/** RFC 3339 with the offset of the place. */
export const localTime = (atMs: number, countryCode: string): string => {
  const offset = offsetOf(countryCode);
  const local = new Date(atMs + offset * 60_000).toISOString().slice(0, -1);
  const size = Math.abs(offset);
  return `${local}${offset < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
};

type Stop = { readonly status: string; readonly text: string; readonly share: number; readonly at: 'from' | 'to' };

const pickedUp: Stop = { status: 'in_transit', text: 'Picked up from the sender', share: 0.02, at: 'from' };
const atHub: Stop = { status: 'in_transit', text: 'Arrived at the regional hub', share: 0.6, at: 'to' };
const outForDelivery: Stop = { status: 'out_for_delivery', text: 'On the delivery vehicle', share: 0.9, at: 'to' };
const delivered: Stop = { status: 'delivered', text: 'Delivered', share: 1, at: 'to' };

const ways: Readonly<Record<ReturnType<typeof behaviorOf>, readonly Stop[]>> = {
  plain: [pickedUp, atHub, outForDelivery, delivered],
  late: [pickedUp, atHub, outForDelivery, delivered],
  lost: [pickedUp, { status: 'lost', text: 'Search ended without result', share: 1.5, at: 'to' }],
  returned: [
    pickedUp,
    atHub,
    { status: 'failure', text: 'Nobody met, second attempt failed', share: 1, at: 'to' },
    { status: 'return_to_sender', text: 'On its way back to the sender', share: 1.3, at: 'to' },
  ],
  missed: [pickedUp, atHub, { status: 'failure', text: 'Nobody met', share: 0.95, at: 'to' }, { ...delivered, share: 1.2 }],
};

/**
 * The scans of a parcel. A `LATE-` parcel's scans are told in reverse, long after they were made, and each of them twice:
 * what carriers do on bad days.
 */
export const journeyOf = (label: SoldLabel, pickedUpAtMs: number): readonly PlannedScan[] => {
  const magic = behaviorOf(label.description);
  const behavior = magic === 'lost' && label.isRepeat ? 'plain' : magic;
  const wholeMs = Math.max(6 * hourMs, Date.parse(label.expectedDelivery) - Date.parse(label.soldAt));
  const planned = ways[behavior].map((stop, n): PlannedScan => {
    const place = label[stop.at];
    const afterMs = Math.round(wholeMs * stop.share);
    return {
      afterMs,
      scan: {
        scanId: `${label.trackingNumber}-${n + 1}`,
        carrier: label.carrier,
        trackingNumber: label.trackingNumber,
        status: stop.status,
        text: stop.text,
        scannedAt: localTime(pickedUpAtMs + afterMs, place.countryCode),
        city: place.city,
        countryCode: place.countryCode,
      },
    };
  });
  if (behavior !== 'late') return planned;
  return planned.toReversed().flatMap(({ scan }, n) => [
    { afterMs: Math.round(wholeMs * (1 + n * 0.2)), scan },
    { afterMs: Math.round(wholeMs * (1.1 + n * 0.2)), scan },
  ]);
};
