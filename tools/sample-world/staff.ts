import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { apiClient, ProblemAnswer, type Answer, type ApiClient } from '../cli/client.js';
import { scenarioBehaviour, type StaffBehaviour } from './staff-behaviour.js';
import { staffThirdParty } from './third-party.js';

/** A center with people in it. */
export type StaffedCenter = { readonly centerId: string; readonly kind: 'own' | 'third_party' | 'store'; readonly workers?: number };

/** What the staff has done so far. */
export type StaffProgress = {
  waves: number;
  unitsPicked: number;
  unitsMissing: number;
  packages: number;
  putBacks: number;
  accepted: number;
  rejected: number;
  cancellationsAnswered: number;
  requests: number;
};

/** How the staff is set to work. */
export type StaffOptions = {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly centers: readonly StaffedCenter[];
  /** Ends the shift. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: Readonly<StaffProgress>) => void;
  readonly behaviour?: StaffBehaviour;
  /** Rest after a wave that was not full, so that the next one is fuller; default 400 ms. */
  readonly restMs?: number;
};

/** What the people of one shift share. */
export type Shift = {
  readonly api: Pick<ApiClient, 'call'>;
  readonly signal: AbortSignal;
  readonly behaviour: StaffBehaviour;
  readonly progress: StaffProgress;
  readonly report: () => void;
  readonly rest: (ms: number) => Promise<void>;
};

type ListEntry = { readonly fulfillmentOrderId: string; readonly lineId: string; readonly sku: string; readonly bin: string; readonly toPick: number };
type ListedOrder = {
  readonly id: string;
  readonly attempt: number;
  readonly lines: readonly { readonly lineId: string; readonly sku: string; readonly toPick: number; readonly toSort: number; readonly toPack: number; readonly packed: number }[];
};
type List = { readonly id: string; readonly entries: readonly ListEntry[]; readonly fulfillmentOrders: readonly ListedOrder[] };
type Task = { readonly kind: 'pick' | 'sort' | 'pack'; readonly pickList: List } | { readonly kind: 'put_back'; readonly putBack: { readonly id: string } };
type Results = { readonly results: readonly { readonly result: string }[] };

const batchMax = 100;
const fullWave = 20;
const idleMs = { first: 40, most: 1_000 };
const retryMs = { first: 50, most: 2_000 };

const chunks = <T>(list: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, index) => list.slice(index * size, (index + 1) * size));

/** Calls until somebody answers: staff outlasts a restart of the service. What was done before is not done twice: every request may be repeated. */
const patient = (api: ApiClient, signal: AbortSignal, progress: StaffProgress): Pick<ApiClient, 'call'> => ({
  call: async <T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<Answer<T>> => {
    for (let waitMs = retryMs.first; ; waitMs = Math.min(waitMs * 2, retryMs.most)) {
      try {
        progress.requests += 1;
        return await api.call<T>(method, path, body);
      } catch (error) {
        const isAnswer = error instanceof ProblemAnswer && error.status < 500 && error.problem?.type !== 'urn:orderlog:problem:version-conflict';
        if (isAnswer || signal.aborted) throw error;
        await delay(waitMs, undefined, { signal });
      }
    }
  },
});

/** One worker, who does whatever comes next. */
const work = (shift: Shift, centerId: string, workerId: string, restMs: number) => {
  const { api, behaviour, progress } = shift;
  const run = randomBytes(6).toString('hex');
  let scans = 0;
  const scanId = (): string => `${run}-${(scans += 1)}`;

  const reportMissing = async ({ id, fulfillmentOrders }: List): Promise<Map<string, number>> => {
    const missing = new Map<string, number>();
    for (const { id: fulfillmentOrderId, attempt, lines } of fulfillmentOrders) {
      for (const { lineId, sku, toPick } of lines) {
        const quantity = Math.min(toPick, toPick === 0 ? 0 : behaviour.missing({ sku, quantity: toPick, attempt }));
        if (quantity === 0) continue;
        await api.call('POST', `/v1/warehouse/pick-lists/${id}/shorts`, { workerId, scanId: scanId(), sku, quantity, reason: 'NOT_IN_STOCK', fulfillmentOrderId });
        missing.set(`${fulfillmentOrderId} ${lineId}`, quantity);
        progress.unitsMissing += quantity;
      }
    }
    return missing;
  };

  /** Takes all units of a bin at once, as a person would; the service deals them out to the cells. */
  const pick = async (list: List): Promise<void> => {
    const missing = await reportMissing(list);
    const stops = new Map<string, { sku: string; bin: string; quantity: number }>();
    for (const { fulfillmentOrderId, lineId, sku, bin, toPick } of list.entries) {
      const quantity = toPick - (missing.get(`${fulfillmentOrderId} ${lineId}`) ?? 0);
      if (quantity <= 0) continue;
      const stop = stops.get(`${bin} ${sku}`) ?? { sku, bin, quantity: 0 };
      stop.quantity += quantity;
      stops.set(`${bin} ${sku}`, stop);
      progress.unitsPicked += quantity;
    }
    for (const part of chunks([...stops.values()], batchMax)) {
      await api.call('POST', `/v1/warehouse/pick-lists/${list.id}/scans`, { workerId, scans: part.map((stop) => ({ scanId: scanId(), ...stop })) });
    }
  };

  const pack = async (fulfillmentOrders: readonly ListedOrder[]): Promise<void> => {
    const packages = fulfillmentOrders.flatMap(({ id: fulfillmentOrderId, lines }) => {
      const contents = lines.map(({ lineId, sku, toPick, toSort, toPack }) => ({ lineId, sku, quantity: toPick + toSort + toPack })).filter(({ quantity }) => quantity > 0);
      const [first] = contents;
      if (first === undefined) return [];
      const isBegun = lines.some(({ packed }) => packed > 0);
      if (!behaviour.takesTwoBoxes(contents) && !isBegun) return [{ fulfillmentOrderId }];
      const second = { fulfillmentOrderId, packageNumber: 2 };
      return isBegun ? [second] : [{ fulfillmentOrderId, packageNumber: 1, lines: [{ lineId: first.lineId, quantity: 1 }] }, second];
    });
    for (const part of chunks(packages, batchMax)) {
      const { body } = await api.call<Results | { readonly result: string }>('POST', '/v1/warehouse/packages', { workerId, packages: part });
      progress.packages += 'results' in body ? body.results.filter(({ result }) => result === 'closed').length : 1;
    }
  };

  const finishWave = async ({ kind, pickList }: Extract<Task, { pickList: List }>): Promise<void> => {
    if (kind === 'pick') await pick(pickList);
    if (kind !== 'pack') {
      const { body } = await api.call<{ ready: readonly string[] }>('POST', '/v1/warehouse/sortings', { workerId, pickListId: pickList.id });
      const ready = new Set(body.ready);
      await pack(pickList.fulfillmentOrders.filter(({ id }) => ready.has(id)));
    } else await pack(pickList.fulfillmentOrders);
    progress.waves += 1;
  };

  return async (): Promise<void> => {
    let idle = idleMs.first;
    while (!shift.signal.aborted) {
      try {
        const { task } = (await api.call<{ task: Task | null }>('POST', '/v1/warehouse/tasks/next', { centerId, workerId })).body;
        if (task === null) {
          await shift.rest(idle);
          idle = Math.min(idle * 2, idleMs.most);
          continue;
        }
        idle = idleMs.first;
        if (task.kind === 'put_back') {
          await api.call('POST', `/v1/warehouse/put-backs/${task.putBack.id}/done`, { workerId });
          progress.putBacks += 1;
        } else await finishWave(task);
        shift.report();
        if (task.kind !== 'put_back' && task.pickList.fulfillmentOrders.length < fullWave) await shift.rest(restMs);
      } catch (error) {
        if (shift.signal.aborted) return;
        // A canceller was faster than the worker: the next look at the task shows what is left.
        if (!(error instanceof ProblemAnswer) || (error.status !== 404 && error.status !== 409)) throw error;
        await shift.rest(idleMs.first);
      }
    }
  };
};

/**
 * Simulated staff of some centers, through the public HTTP API only, until the signal ends the shift. Workers pick, sort and pack;
 * third parties answer requests and cancellations. Handing packages over is the carrier's side (carrier.ts).
 */
export const runStaff = async (options: StaffOptions): Promise<Readonly<StaffProgress>> => {
  const { centers, signal, behaviour = scenarioBehaviour, restMs = 400 } = options;
  const progress: StaffProgress = {
    waves: 0,
    unitsPicked: 0,
    unitsMissing: 0,
    packages: 0,
    putBacks: 0,
    accepted: 0,
    rejected: 0,
    cancellationsAnswered: 0,
    requests: 0,
  };
  const api = apiClient(options, { connections: 16 });
  const rest = async (ms: number): Promise<void> => {
    // The shift may end during a rest; the loop sees it.
    await delay(ms, undefined, { signal }).catch(() => undefined);
  };
  const shift: Shift = { api: patient(api, signal, progress), signal, behaviour, progress, report: () => options.onProgress?.({ ...progress }), rest };
  try {
    await Promise.all(
      centers.flatMap(({ centerId, kind, workers = 2 }) => [
        ...Array.from({ length: workers }, (_, n) => work(shift, centerId, `${centerId}-worker-${n + 1}`, restMs)()),
        ...(kind === 'third_party' ? [staffThirdParty(shift, centerId)] : []),
      ]),
    );
  } finally {
    await api.close();
  }
  return progress;
};
