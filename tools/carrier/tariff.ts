import type { CarrierAddress } from './label.js';

/** 1 = same town (first three characters of the postcode), 2 = same region (first), 3 = same country, 4 = abroad. */
export type Zone = 1 | 2 | 3 | 4;

/** The zone between two places; without a known origin a parcel pays as from anywhere in the country. */
export const zoneOf = (from: CarrierAddress | undefined, to: CarrierAddress): Zone => {
  if (from === undefined) return 3;
  if (from.countryCode !== to.countryCode) return 4;
  if (from.postalCode.slice(0, 3) === to.postalCode.slice(0, 3)) return 1;
  return from.postalCode.slice(0, 1) === to.postalCode.slice(0, 1) ? 2 : 3;
};

const base: Readonly<Record<Zone, number>> = { 1: 390, 2: 520, 3: 690, 4: 1_890 };
const perHalfKilo: Readonly<Record<Zone, number>> = { 1: 35, 2: 60, 3: 95, 4: 310 };
const transitDays: Readonly<Record<Zone, number>> = { 1: 1, 2: 2, 3: 3, 4: 6 };

/** What each simulated carrier takes and charges: SimPost is the cheaper one and leaves the heavy parcels to SimExpress. */
export const carriers = {
  simpost: { kind: 'HA', accountId: 'simpost-account-1', weightGramsMax: 30_000, priceFactor: 1, dayFactor: 1 },
  simexpress: { kind: 'HE', accountId: 'simexpress-account-1', weightGramsMax: 1_000_000, priceFactor: 1.6, dayFactor: 0.6 },
} as const;
export type CarrierName = keyof typeof carriers;

/** Narrows a text to the name of a simulated carrier. */
export const isCarrier = (name: string): name is CarrierName => Object.hasOwn(carriers, name);

/** Price in minor units: a base for the zone and a step for every half kilogram begun; express pays half as much again. */
export const priceOf = (carrier: CarrierName, serviceLevel: string, zone: Zone, weightGrams: number): number => {
  const standard = base[zone] + perHalfKilo[zone] * Math.ceil(weightGrams / 500);
  return Math.round(standard * carriers[carrier].priceFactor * (serviceLevel === 'express' ? 1.5 : 1));
};

/** Days in transit, at least one. */
export const daysOf = (carrier: CarrierName, serviceLevel: string, zone: Zone): number =>
  Math.max(1, Math.round(transitDays[zone] * carriers[carrier].dayFactor * (serviceLevel === 'express' ? 0.5 : 1)));
