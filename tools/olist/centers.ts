import { seededRandom } from './random.js';

/** A point on the map with its own data. Degrees. */
export type Point<T> = { readonly latitude: number; readonly longitude: number; readonly of: T };

const distance = (a: { latitude: number; longitude: number }, b: { latitude: number; longitude: number }): number => {
  // Equirectangular: good enough for grouping within one country, and four times cheaper than haversine.
  const x = (b.longitude - a.longitude) * Math.cos(((a.latitude + b.latitude) * Math.PI) / 360);
  return x * x + (b.latitude - a.latitude) ** 2;
};

const nearest = (point: { latitude: number; longitude: number }, means: readonly { latitude: number; longitude: number }[]): number =>
  means.reduce((best, mean, index) => (distance(point, mean) < distance(point, means[best] ?? mean) ? index : best), 0);

/** k-means (Lloyd), seeded by k-means++; answers a group number for each point. Stops when nothing moves or after 100 rounds. */
export const groupByPlace = <T>(points: readonly Point<T>[], groups: number, seed: number): readonly number[] => {
  const random = seededRandom(seed);
  const first = points[Math.floor(random() * points.length)];
  if (first === undefined) return [];
  const means = [{ latitude: first.latitude, longitude: first.longitude }];
  while (means.length < Math.min(groups, points.length)) {
    const weights = points.map((point) => distance(point, means[nearest(point, means)] ?? first));
    let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
    const chosen = weights.findIndex((weight) => (left -= weight) <= 0);
    const point = points[Math.max(chosen, 0)] ?? first;
    means.push({ latitude: point.latitude, longitude: point.longitude });
  }
  let assigned: number[] = [];
  for (let round = 0; round < 100; round += 1) {
    const next = points.map((point) => nearest(point, means));
    if (next.every((group, index) => group === assigned[index])) break;
    assigned = next;
    for (let group = 0; group < means.length; group += 1) {
      const members = points.filter((_, index) => assigned[index] === group);
      if (members.length === 0) continue;
      means[group] = {
        latitude: members.reduce((sum, point) => sum + point.latitude, 0) / members.length,
        longitude: members.reduce((sum, point) => sum + point.longitude, 0) / members.length,
      };
    }
  }
  return assigned;
};
