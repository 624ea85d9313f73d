import { createHash } from 'node:crypto';
import { apiClient, ProblemAnswer } from '../cli/client.js';
import type { World } from './world-file.js';

const itemsPerCall = 500;
const linesPerReceipt = 500;
const coordinatesPerCall = 2_000;
const requestsAtOnce = 4;
/** A part of Orderlog that starts, or has not heard of a new center, says 503 for a moment; repeating a request changes nothing twice. */
const patienceMs = 30_000;
const againMs = 500;

const chunks = <T>(list: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, index) => list.slice(index * size, (index + 1) * size));

const patiently = async (job: () => Promise<unknown>): Promise<void> => {
  for (const giveUpAt = Date.now() + patienceMs; ; ) {
    try {
      await job();
      return;
    } catch (error) {
      if (!(error instanceof ProblemAnswer && error.isOutage) || Date.now() > giveUpAt) throw error;
      await new Promise((resolve) => setTimeout(resolve, againMs));
    }
  }
};

/**
 * Loads a world through the public API. Loading the same world again changes nothing: items and centers are put, receipts have ids
 * made from their content.
 */
export const loadWorld = async (
  world: World,
  options: { readonly baseUrl: string; readonly apiKey: string; readonly onProgress?: (share: number) => void },
): Promise<void> => {
  const api = apiClient(options, { connections: requestsAtOnce });
  const jobs: (() => Promise<unknown>)[] = [];
  for (const rows of chunks(world.coordinates, coordinatesPerCall)) jobs.push(() => api.call('POST', '/v1/routing/coordinates', { coordinates: rows }));
  for (const { centerId, ...center } of world.centers) jobs.push(() => api.call('PUT', `/v1/routing/centers/${encodeURIComponent(centerId)}`, center));
  for (const items of chunks(world.items, itemsPerCall)) jobs.push(() => api.call('POST', '/v1/stock/items', { items }));
  const prepared = jobs.length;
  for (const { centerId, lines } of world.receipts) {
    for (const part of chunks(lines, linesPerReceipt)) {
      const receiptId = `world-${createHash('sha256').update(JSON.stringify([centerId, part])).digest('hex').slice(0, 32)}`;
      jobs.push(() => api.call('POST', '/v1/stock/receipts', { receiptId, centerId, lines: part }));
    }
  }
  let done = 0;
  const lanes = async (list: (() => Promise<unknown>)[]): Promise<void> => {
    const waiting = [...list];
    const lane = async (): Promise<void> => {
      for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
        await patiently(job);
        done += 1;
        options.onProgress?.(done / jobs.length);
      }
    };
    await Promise.all(Array.from({ length: requestsAtOnce }, lane));
  };
  try {
    // Items and centers first: stock of an unknown item is refused.
    await lanes(jobs.slice(0, prepared));
    await lanes(jobs.slice(prepared));
  } finally {
    await api.close();
  }
};
