import { describe, expect, it } from '@jest/globals';
import { isRefusal } from '@orderlog/decider';
import fc from 'fast-check';
import type { PackageStatus, ScanStatus, Shipment, ShipmentCommand, ShipmentEvent } from './index.js';
import { scanStatuses, shipment } from './index.js';

const of = { orderId: 'o', fulfillmentOrderId: 'o.1.1' };
const packageIds = ['o.1.1.p1', 'o.1.1.p2'] as const;
const request = { centerId: 'c', serviceLevel: 'standard', weightGrams: 1, lengthMm: 1, widthMm: 1, heightMm: 1, trackingToken: 't', expectedDelivery: '' };
const destination = { countryCode: 'BR', postalCode: '1', city: 'X' };
const whole = [{ lineId: '1', sku: 'A', quantity: 2 }];
const part = [{ lineId: '1', sku: 'A', quantity: 1 }];

/** What the world may do next; the carrier answers purchases that were really asked for, in any order and twice. */
type Step =
  | { readonly kind: 'command'; readonly command: ShipmentCommand }
  | { readonly kind: 'carrier'; readonly pick: number; readonly says: 'sold' | 'refused' | 'silent'; readonly personalDataVersion: number }
  | { readonly kind: 'scan'; readonly pick: number; readonly scanId: string; readonly status: ScanStatus };

const box = fc.constantFrom(...packageIds);
const step: fc.Arbitrary<Step> = fc.oneof(
  box.map((packageId): Step => ({
    kind: 'command',
    command: { type: 'RequestLabel', data: { ...of, ...request, packageId, lines: whole, destination, carriers: ['a', 'b'] } },
  })),
  { weight: 3, arbitrary: fc.record({
    kind: fc.constant('carrier' as const),
    pick: fc.nat(9),
    says: fc.constantFrom('sold' as const, 'sold' as const, 'refused' as const, 'silent' as const),
    personalDataVersion: fc.integer({ min: 1, max: 3 }),
  }) },
  { weight: 3, arbitrary: fc.record({
    kind: fc.constant('scan' as const),
    pick: fc.nat(9),
    scanId: fc.constantFrom('s1', 's2', 's3', 's4', 's5', 's6'),
    status: fc.constantFrom(...scanStatuses),
  }) },
  fc.tuple(box, fc.constantFrom('c1', 'c2'), fc.boolean()).map(([packageId, cancellationId, isWhole]): Step => ({
    kind: 'command',
    command: { type: 'CancelPackage', data: { ...of, packageId, cancellationId, lines: isWhole ? whole : part } },
  })),
  fc.subarray([...packageIds], { minLength: 1 }).map((ids): Step => ({
    kind: 'command',
    command: { type: 'HandOver', data: { centerId: 'c', carrier: '', packageIds: ids, now: 'n' } },
  })),
  fc.integer({ min: 1, max: 3 }).map((personalDataVersion): Step => ({
    kind: 'command',
    command: { type: 'ChangeAddress', data: { destination, personalDataVersion } },
  })),
  box.map((packageId): Step => ({ kind: 'command', command: { type: 'RetryLabel', data: { packageId, carriers: ['a', 'b'] } } })),
);

const sold = (labelKey: string, packageId: string, carrier: string, personalDataVersion: number): ShipmentCommand => ({
  type: 'RecordLabel',
  data: {
    packageId,
    carrier,
    labelKey,
    personalDataVersion,
    serviceLevel: 'standard',
    trackingNumber: `T-${labelKey}`,
    trackingUrl: '',
    carrierAccountId: 'acc',
    carrierLabelId: `L-${labelKey}`,
    cost: 1,
    costCurrency: 'BRL',
    expectedDelivery: '',
    expectedDeliveryFrom: '',
    expectedDeliveryUntil: '',
  },
});

const commandOf = (step: Step, history: readonly ShipmentEvent[]): ShipmentCommand | undefined => {
  if (step.kind === 'command') return step.command;
  if (step.kind === 'carrier') {
    const asked = history.flatMap((event) => (event.type === 'LabelPurchaseRequested' ? [event.data] : []));
    const data = asked[step.pick % Math.max(1, asked.length)];
    if (data === undefined) return undefined;
    const { labelKey, packageId, carrier } = data;
    if (step.says === 'sold') return sold(labelKey, packageId, carrier, step.personalDataVersion);
    if (step.says === 'silent') return { type: 'RecordSilentCarrier', data: { packageId, labelKey } };
    return { type: 'RecordLabelRefusal', data: { packageId, labelKey, carrier, reason: 'no' } };
  }
  const labels = history.flatMap((event) => (event.type === 'LabelPurchased' ? [event.data] : []));
  const label = labels[step.pick % Math.max(1, labels.length)];
  if (label === undefined) return undefined;
  const { packageId, trackingNumber } = label;
  const data = { packageId, trackingNumber, scanId: step.scanId, status: step.status, carrierText: '', scannedAt: '', city: '', countryCode: '' };
  return { type: 'RecordScans', data: { scans: [{ ...data, utcOffsetMinutes: 0 }] } };
};

const rank: Readonly<Record<PackageStatus, number>> = {
  label_requested: 0,
  label_failed: 0,
  labeled: 0,
  handed_over: 1,
  delivered: 2,
  returned_to_sender: 2,
  lost: 2,
  cancelled: 2,
};

/** One step that did something: the states around it and the history up to and with it. */
type Turn = { readonly before: Shipment; readonly after: Shipment; readonly events: readonly ShipmentEvent[] };

const play = (steps: readonly Step[]): { readonly turns: readonly Turn[]; readonly history: readonly ShipmentEvent[]; readonly end: Shipment } => {
  let before = shipment.initialState;
  const history: ShipmentEvent[] = [];
  const turns: Turn[] = [];
  for (const step of steps) {
    const command = commandOf(step, history);
    const outcome = command === undefined ? [] : shipment.decide(command, before);
    if (command === undefined || isRefusal(outcome) || outcome.length === 0) continue;
    const after = outcome.reduce(shipment.evolve, before);
    history.push(...outcome);
    turns.push({ before, after, events: outcome });
    // The same message once more changes nothing: delivery is at least once.
    const again = shipment.decide(command, after);
    if (!isRefusal(again) && again.length > 0) throw new Error(`${command.type} told twice did ${again.map(({ type }) => type).join(', ')}`);
    before = after;
  }
  return { turns, history, end: before };
};

const departuresOf = (history: readonly ShipmentEvent[], packageId: string): number =>
  history.filter(({ type, data }) => type === 'ShipmentHandedOver' && data.packages.some((handed) => handed.packageId === packageId)).length;

const labelsInUseMax = (history: readonly ShipmentEvent[], packageId: string): number => {
  const inUse = new Set<string>();
  let most = 0;
  for (const { type, data } of history) {
    if (type === 'LabelPurchased' && data.packageId === packageId) inUse.add(data.labelKey);
    if (type === 'LabelVoided' && data.packageId === packageId) inUse.delete(data.labelKey);
    most = Math.max(most, inUse.size);
  }
  return most;
};

const settings = { seed: 20261123, numRuns: 300 };
// Without `size` fast-check keeps arrays near ten steps: too few to get past a hand-over.
const steps = fc.array(step, { minLength: 20, maxLength: 60, size: 'max' });

const holds = (check: (played: ReturnType<typeof play>) => void): void =>
  fc.assert(
    fc.property(steps, (taken) => check(play(taken))),
    settings,
  );

describe('any sequence of commands', () => {
  it('keeps at most one label in use a package', () =>
    holds(({ history }) => {
      for (const packageId of packageIds) expect(labelsInUseMax(history, packageId)).toBeLessThanOrEqual(1);
    }));

  it('never moves a package back and hands it over at most once', () =>
    holds(({ turns, history }) => {
      for (const packageId of packageIds) {
        expect(departuresOf(history, packageId)).toBeLessThanOrEqual(1);
        for (const { before, after } of turns) {
          const was = before.packages.get(packageId)?.status;
          const is = after.packages.get(packageId)?.status;
          if (was === undefined || is === undefined || was === is) continue;
          expect(rank[was] === 2 ? `${was} became ${is}` : '').toBe('');
          expect(rank[is]).toBeGreaterThanOrEqual(rank[was]);
        }
      }
    }));

  it('answers every cancellation of an arrived package exactly once, and withdraws nothing that left', () =>
    holds(({ history, end }) => {
      const answers = history.flatMap(({ type, data }) =>
        type === 'ShipmentCancelled' || type === 'ShipmentCancellationRefused' ? [`${data.cancellationId}/${data.packageId}`] : [],
      );
      expect(new Set(answers).size).toBe(answers.length);
      expect(end.notedCancellations.filter(({ packageId }) => end.packages.has(packageId))).toStrictEqual([]);
      for (const { type, data } of history) if (type === 'ShipmentCancelled') expect(departuresOf(history, data.packageId)).toBe(0);
    }));

  it('makes every first label key the stream and version of its event', () =>
    holds(({ history, end }) => {
      expect(end.version).toBe(history.length);
      const seen = new Set<string>();
      history.forEach((event, index) => {
        if (event.type !== 'LabelPurchaseRequested') return;
        const { labelKey } = event.data;
        if (!seen.has(labelKey)) expect(labelKey).toBe(`shipment-o.1.1/${index + 1}`);
        seen.add(labelKey);
      });
    }));
});
