import { openProjectionOwner, type OwnedProjection, type ProjectionOwner, type ProjectionStatus, type RebuildComparison, type SwitchOutcome } from '@orderlog/projections';
import type { ApiClient } from './client.js';
import { UsageError } from './connection.js';

/** Where each service's operators' API lies. */
export const servicePrefixes = { order: '/v1/orders', inventory: '/v1/stock', routing: '/v1/routing', warehouse: '/v1/warehouse', shipping: '/v1/shipments' } as const;

/** A read model of a service. */
export type ListedProjection = ProjectionStatus & { readonly service: string };

/** A rebuilt version that does not come further: its service does not run, or cannot fill it. */
export class NotFilled extends Error {}

const patienceMs = 60_000;
const askEveryMs = 200;

const prefixOf = (service: string): string => {
  const found = Object.entries(servicePrefixes).find(([name]) => name === service);
  if (found === undefined) throw new UsageError(`<service> is one of ${Object.keys(servicePrefixes).join(', ')}`);
  return found[1];
};

const statusOf = async (api: ApiClient, service: string): Promise<readonly ListedProjection[]> => {
  const { body } = await api.call<{ projections: readonly ProjectionStatus[] }>('GET', `${prefixOf(service)}/ops/status`);
  return body.projections.map((projection) => ({ service, ...projection }));
};

/** Every read model of every service. */
export const listProjections = async (api: ApiClient): Promise<readonly ListedProjection[]> =>
  (await Promise.all(Object.keys(servicePrefixes).map((service) => statusOf(api, service)))).flat();

const projectionOf = async (api: ApiClient, service: string, name: string): Promise<OwnedProjection> => {
  const known = await statusOf(api, service);
  const found = known.find((projection) => projection.name === name);
  if (found === undefined) throw new UsageError(`${service} has no read model ${name}${known.length === 0 ? '' : `, but ${known.map((one) => one.name).join(', ')}`}`);
  return found;
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Tries to switch until both versions stand at one place; gives up when they have not for a minute. */
const whenLevel = async (attempt: () => Promise<SwitchOutcome>): Promise<SwitchOutcome> => {
  for (const giveUpAt = Date.now() + patienceMs; ; await pause(askEveryMs)) {
    const outcome = await attempt();
    if (outcome.outcome !== 'not_level') return outcome;
    if (Date.now() > giveUpAt) throw new NotFilled('the two versions do not meet at one place in the log: does the service run?');
  }
};

const fill = async (owner: ProjectionOwner, projection: OwnedProjection, onProgress: (built: number, live: number) => void): Promise<void> => {
  let [most, giveUpAt] = [-1, Date.now() + patienceMs];
  for (;;) {
    const { built, live } = await owner.progress(projection);
    onProgress(built, live);
    if (built >= live) return;
    if (built > most) [most, giveUpAt] = [built, Date.now() + patienceMs];
    else if (Date.now() > giveUpAt) throw new NotFilled(`nobody fills the new version of ${projection.name}: does the service run, and what does its log say?`);
    await pause(askEveryMs);
  }
};

type Asked = { readonly api: ApiClient; readonly databaseUrl: string; readonly service: string; readonly name: string; readonly keepHours: number };

const owned = async <T>({ api, databaseUrl, service, name }: Asked, work: (owner: ProjectionOwner, projection: OwnedProjection) => Promise<T>): Promise<T> => {
  const projection = await projectionOf(api, service, name);
  const owner = await openProjectionOwner(databaseUrl, service);
  try {
    return await work(owner, projection);
  } finally {
    await owner.close();
  }
};

/**
 * Rebuilds a read model beside the live one and switches to it. Where they differ nothing is switched, and the new version is thrown away,
 * unless the difference is what was wanted.
 */
export const rebuildProjection = (asked: Asked & { readonly acceptDifference: boolean; readonly onProgress: (built: number, live: number) => void }): Promise<SwitchOutcome> =>
  owned(asked, async (owner, projection) => {
    await owner.begin(projection);
    await fill(owner, projection, asked.onProgress);
    const outcome = await whenLevel(() => owner.switch(projection, asked));
    if (outcome.outcome === 'different') await owner.abandon(projection);
    return outcome;
  });

/** Goes back to the version that was read before. */
export const goBack = (asked: Asked): Promise<SwitchOutcome> => owned(asked, (owner, projection) => whenLevel(() => owner.back(projection, asked)));

/** What a proof found. */
export type ProvenProjection = RebuildComparison & { readonly service: string };

/** Has read models compared with a rebuild in temporary tables, and remembered where they are equal. */
export const proveProjection = async (api: ApiClient, service: string | undefined, name: string | undefined): Promise<readonly ProvenProjection[]> => {
  const proven: ProvenProjection[] = [];
  for (const one of service === undefined ? Object.keys(servicePrefixes) : [service]) {
    const query = name === undefined ? '' : `?projection=${encodeURIComponent(name)}`;
    // 202: it takes longer than an answer may; asked again, the service tells of the same run.
    for (let isRunning = true; isRunning; ) {
      const { status, body } = await api.call<{ items: readonly RebuildComparison[] }>('POST', `${prefixOf(one)}/ops/projections/proof${query}`);
      isRunning = status === 202;
      proven.push(...body.items.map((item) => ({ service: one, ...item })));
    }
  }
  return proven;
};
