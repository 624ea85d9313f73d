import { Agent, request, type Dispatcher } from 'undici';

/** What the dock workers need to know. */
export type DockOptions = {
  readonly baseUrl: string;
  readonly apiKey: string;
  /** The carrier's own API: its driver is told what stands on the ramp. */
  readonly carrierUrl: string;
  /** Whether somebody works at this center's dock. */
  readonly isStaffed: (centerId: string) => boolean;
  readonly signal: AbortSignal;
  readonly onProblem?: (problem: string) => void;
  /** Pause between two looks; default 250 ms after one that found something, else 500 ms. */
  readonly restMs?: number;
  /** After how long the list of packages has what was handed over (15 s). */
  readonly listedWithinMs?: number;
};

type DockPackage = { readonly id: string; readonly centerId: string; readonly trackingNumber: string };
type Handed = { readonly packageId: string; readonly status: string };

const pageMax = 500;
const pickupMax = 1_000;
/** Pause between two looks: a driver loads what has gathered on the ramp, not each box by itself. */
const pauseMs = { busy: 250, idle: 500, trouble: 500 };
/** The list of packages follows the log: what was handed over just before an answer was lost may not be in it yet. So it is read once more, this much later. */
const listedWithinDefaultMs = 15_000;

/** Waits, or less when the shift ends. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });

const caller = ({ apiKey }: DockOptions, dispatcher: Dispatcher) => async <T>(method: 'GET' | 'POST', url: string, body?: object): Promise<T> => {
  const response = await request(url, {
    method,
    dispatcher,
    headers: { authorization: `Bearer ${apiKey}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (response.statusCode >= 300) throw new Error(`${method} ${new URL(url).pathname} answered ${response.statusCode}: ${await response.body.text()}`);
  return (await response.body.json()) as T;
};

/**
 * Dock workers of the staffed centers: they look what is ready, hand it over through the public API and tell the carrier's driver.
 * They work until the signal; what a service does not answer is tried again. Packages that were handed over before (by an earlier
 * shift that ended in the middle, or in a call whose answer did not come) are told to the driver once more: he knows those he has.
 */
export const runDock = async (options: DockOptions): Promise<void> => {
  const { baseUrl, carrierUrl, signal, restMs, listedWithinMs = listedWithinDefaultMs } = options;
  const agent = new Agent({ connections: 8, keepAliveTimeout: 30_000 });
  const call = caller(options, agent);
  /** Told to the carrier as soon as it answers. */
  const onRamp = new Set<string>();

  const tellDriver = async (): Promise<void> => {
    while (onRamp.size > 0) {
      const trackingNumbers = [...onRamp].slice(0, pickupMax);
      await call('POST', `${carrierUrl}/pickups`, { trackingNumbers });
      for (const trackingNumber of trackingNumbers) onRamp.delete(trackingNumber);
    }
  };
  const handOver = async (centerId: string, boxes: readonly DockPackage[]): Promise<void> => {
    const { packages } = await call<{ readonly packages: readonly Handed[] }>('POST', `${baseUrl}/v1/shipments/handovers`, { centerId, packageIds: boxes.map(({ id }) => id) });
    const gone = new Set(packages.flatMap(({ packageId, status }) => (status === 'handed_over' ? [packageId] : [])));
    for (const { id, trackingNumber } of boxes) if (gone.has(id)) onRamp.add(trackingNumber);
  };
  const look = async (): Promise<number> => {
    const { items } = await call<{ readonly items: readonly DockPackage[] }>('GET', `${baseUrl}/v1/shipments/packages?status=ready&limit=${pageMax}`);
    const byCenter = new Map<string, DockPackage[]>();
    for (const box of items) if (options.isStaffed(box.centerId)) byCenter.set(box.centerId, [...(byCenter.get(box.centerId) ?? []), box]);
    await Promise.all([...byCenter].map(([centerId, boxes]) => handOver(centerId, boxes)));
    await tellDriver();
    return items.length;
  };
  const takeOver = async (): Promise<void> => {
    let cursor = '';
    do {
      const page = await call<{ readonly items: readonly DockPackage[]; readonly nextCursor?: string }>(
        'GET',
        `${baseUrl}/v1/shipments/packages?status=handed_over&limit=${pageMax}${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      for (const { trackingNumber } of page.items) onRamp.add(trackingNumber);
      cursor = page.nextCursor ?? '';
    } while (cursor !== '');
    await tellDriver();
  };

  let takeOversAtMs: readonly number[] = [0];
  while (!signal.aborted) {
    try {
      if (Date.now() >= (takeOversAtMs[0] ?? Infinity)) {
        await takeOver();
        takeOversAtMs = takeOversAtMs.slice(1);
      }
      const found = await look();
      await pause(restMs ?? (found > 0 ? pauseMs.busy : pauseMs.idle), signal);
    } catch (error) {
      // A hand-over may have been recorded without an answer. Its packages are ready no more, and nobody else would tell the driver of them.
      takeOversAtMs = [0, Date.now() + listedWithinMs];
      if (!signal.aborted) options.onProblem?.(error instanceof Error ? error.message : String(error));
      await pause(pauseMs.trouble, signal);
    }
  }
  await agent.close();
};
