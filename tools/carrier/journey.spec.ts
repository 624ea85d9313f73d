import { describe, expect, it } from '@jest/globals';
import { behaviorOf, refusalOf } from './behavior.js';
import { journeyOf, localTime } from './journey.js';
import type { SoldLabel } from './label.js';
import { s10 } from './s10.js';
import { daysOf, priceOf, zoneOf } from './tariff.js';

const at = Date.parse('2026-11-23T12:00:00.000Z');
const label = (description: string): SoldLabel => ({
  id: 'l',
  key: 'k',
  accountId: 'a',
  carrier: 'simpost',
  serviceLevel: 'standard',
  trackingNumber: 'HA473124829BR',
  trackingUrl: '',
  cost: 1,
  currency: 'BRL',
  soldAt: '2026-11-23T12:00:00.000Z',
  expectedDelivery: '2026-11-25T12:00:00.000Z',
  expectedFrom: '',
  expectedUntil: '',
  metadata: {},
  description,
  isRepeat: false,
  from: { city: 'São Paulo', countryCode: 'BR' },
  to: { city: 'Berlin', countryCode: 'DE' },
  voided: false,
});
const statuses = (description: string) => journeyOf(label(description), at).map(({ scan }) => scan.status);

describe('a journey', () => {
  it('ends at the door on the expected day, in local times', () => {
    const journey = journeyOf(label('MUG'), at);
    expect(journey.map(({ scan }) => scan.status)).toStrictEqual(['in_transit', 'in_transit', 'out_for_delivery', 'delivered']);
    expect(journey.at(-1)?.scan).toMatchObject({ scannedAt: '2026-11-25T13:00:00.000+01:00', city: 'Berlin', countryCode: 'DE' });
    expect(journey[0]?.scan.scannedAt).toMatch(/-03:00$/);
  });

  it('follows the magic words', () => {
    expect(statuses('LOST-MUG')).toStrictEqual(['in_transit', 'lost']);
    expect(statuses('RTS-MUG').at(-1)).toBe('return_to_sender');
    expect(statuses('MISSED-MUG')).toContain('failure');
    expect(behaviorOf('MUG-LOST-')).toBe('plain');
    const again = journeyOf({ ...label('LOST-MUG'), isRepeat: true }, at);
    expect(again.at(-1)?.scan.status).toBe('delivered');
  });

  it('of a late parcel is told backwards and twice, with the same scan ids', () => {
    expect(statuses('LATE-MUG')).toStrictEqual(['delivered', 'delivered', 'out_for_delivery', 'out_for_delivery', 'in_transit', 'in_transit', 'in_transit', 'in_transit']);
    const late = journeyOf(label('LATE-MUG'), at);
    expect(new Set(late.map(({ scan }) => scan.scanId)).size).toBe(4);
    expect(late.map(({ afterMs }) => afterMs)).toStrictEqual(late.map(({ afterMs }) => afterMs).toSorted((one, other) => one - other));
  });

  it('writes offsets with minutes', () => {
    expect(localTime(at, 'IN')).toBe('2026-11-23T17:30:00.000+05:30');
    expect(localTime(at, 'GB')).toBe('2026-11-23T12:00:00.000+00:00');
  });
});

describe('the tariff', () => {
  const place = (postalCode: string, countryCode = 'BR') => ({ city: 'x', postalCode, countryCode });
  it('knows four zones', () => {
    expect([zoneOf(place('01310'), place('01399')), zoneOf(place('01310'), place('09999')), zoneOf(place('01310'), place('20040')), zoneOf(place('01310'), place('10115', 'DE'))]).toStrictEqual([
      1, 2, 3, 4,
    ]);
    expect(zoneOf(undefined, place('20040'))).toBe(3);
  });
  it('charges by zone and every half kilogram begun', () => {
    expect(priceOf('simpost', 'standard', 1, 500)).toBe(425);
    expect(priceOf('simpost', 'standard', 1, 501)).toBe(460);
    expect(priceOf('simpost', 'standard', 4, 500)).toBe(2_200);
    expect(priceOf('simexpress', 'express', 1, 500)).toBe(1_020);
  });
  it('is faster for more money, and never takes less than a day', () => {
    expect(daysOf('simpost', 'standard', 3)).toBe(3);
    expect(daysOf('simexpress', 'express', 1)).toBe(1);
  });
});

describe('the desk', () => {
  it('refuses by magic words', () => {
    expect(refusalOf('FAILLABEL-MUG', 'simexpress')).toBe('not_accepted');
    expect([refusalOf('FAILFIRST-MUG', 'simpost'), refusalOf('FAILFIRST-MUG', 'simexpress'), refusalOf('MUG', 'simpost')]).toStrictEqual(['not_accepted', undefined, undefined]);
  });
  it('writes check digits as published', () => expect(s10('HA', 47_312_482, 'BR')).toBe('HA473124829BR'));
});
