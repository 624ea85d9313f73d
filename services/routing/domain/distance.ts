/** A place on the earth, in degrees. */
export type Point = { readonly latitude: number; readonly longitude: number };

/** What a destination was resolved by, from exact to coarse. */
export type DistanceBasis = 'postal_code' | 'city' | 'region' | 'country';

const earthRadiusKm = 6371;
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** The great-circle distance in whole kilometers. */
export const distanceKm = (a: Point, b: Point): number => {
  const half = (x: number): number => Math.sin(x / 2) ** 2;
  const angle =
    half(radians(b.latitude - a.latitude)) +
    Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * half(radians(b.longitude - a.longitude));
  return Math.round(2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(angle))));
};
