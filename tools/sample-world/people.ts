import { setTimeout as delay } from 'node:timers/promises';
import { apiClient } from '../cli/client.js';
import { runDock } from './carrier.js';
import { runStaff, type StaffedCenter } from './staff.js';
import { quietCenter } from './world.js';

/** Simulated people at work until they are told to stop. */
export type People = { stop(): Promise<void> };

const lookForCentersEveryMs = 1_000;

/** Where people find their services: behind one address, except where `urls` names a service's own. */
export type PeopleOptions = {
  readonly baseUrl: string;
  readonly urls?: { readonly routing: string; readonly warehouse: string; readonly shipping: string };
  readonly apiKey: string;
  readonly carrierUrl: string;
  /** How long staff and docks let work gather where there is little of it; each has its own default. */
  readonly restMs?: number;
};

/**
 * Staff of every center but the quiet one, also of centers that are opened later, and the docks that hand their packages over. They use the
 * public API only.
 */
export const startPeople = ({ baseUrl, urls, apiKey, carrierUrl, restMs }: PeopleOptions): People => {
  const shift = new AbortController();
  const { signal } = shift;
  const staffed = new Set<string>();
  const working: Promise<unknown>[] = [];
  const rest = restMs === undefined ? {} : { restMs };
  const begin = (work: Promise<unknown>): void => {
    // People who stop working before the end of the shift leave orders behind: that must not pass unseen.
    working.push(work.catch((error: unknown) => !signal.aborted && console.error('simulated people stopped working:', error)));
  };
  const api = apiClient({ baseUrl: urls?.routing ?? baseUrl, apiKey }, { connections: 1 });
  const openCenters = async (): Promise<void> => {
    const { body } = await api.call<{ items: readonly StaffedCenter[] }>('GET', '/v1/routing/centers');
    const fresh = body.items.filter(({ centerId }) => centerId !== quietCenter && !staffed.has(centerId));
    for (const { centerId } of fresh) staffed.add(centerId);
    if (fresh.length > 0) begin(runStaff({ baseUrl: urls?.warehouse ?? baseUrl, apiKey, centers: fresh.map(({ centerId, kind }) => ({ centerId, kind })), signal, ...rest }));
  };
  const look = async (): Promise<void> => {
    while (!signal.aborted) {
      // Whoever does not answer now is asked again: a service may be starting.
      await openCenters().catch(() => undefined);
      // The shift may end during the pause; the loop sees it.
      await delay(lookForCentersEveryMs, undefined, { signal }).catch(() => undefined);
    }
  };
  begin(look());
  begin(runDock({ baseUrl: urls?.shipping ?? baseUrl, apiKey, carrierUrl, isStaffed: (centerId) => staffed.has(centerId), signal, ...rest }));
  return {
    stop: async () => {
      shift.abort();
      await Promise.all(working);
      await api.close();
    },
  };
};
