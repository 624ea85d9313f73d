import { runDock } from './carrier.js';
import { runStaff } from './staff.js';
import { quietCenter, sampleWorld } from './world.js';

/** Simulated people at work until they are told to stop. */
export type People = { stop(): Promise<void> };

/** Staff of every center of the sample world but the quiet one, and the docks that hand their packages over. They use the public API only. */
export const startPeople = (options: { readonly baseUrl: string; readonly apiKey: string; readonly carrierUrl: string }): People => {
  const shift = new AbortController();
  const centers = sampleWorld().centers.filter(({ centerId }) => centerId !== quietCenter);
  const working = Promise.allSettled([runStaff({ ...options, centers, signal: shift.signal }), runDock({ ...options, centers: centers.map(({ centerId }) => centerId), signal: shift.signal })]).then(
    (ended) => {
      // People who stop working before the end of the shift leave orders behind: that must not pass unseen.
      for (const end of ended) if (end.status === 'rejected' && !shift.signal.aborted) console.error('simulated people stopped working:', end.reason);
    },
  );
  return {
    stop: async () => {
      shift.abort();
      await working;
    },
  };
};
