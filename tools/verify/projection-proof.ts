import { apiClient, ProblemAnswer, Unreachable, type ApiClient } from '../cli/client.js';
import { servicePrefixes } from '../cli/projections.js';
import type { Finding } from './verify.js';

type Proof = {
  readonly items: readonly {
    readonly projection: string;
    readonly events: number;
    readonly live: string;
    readonly rebuilt: string;
    readonly differences: readonly { readonly table: string; readonly onlyLive: readonly string[]; readonly onlyRebuilt: readonly string[] }[];
  }[];
};

const patienceMs = 30_000;

/** A service that is being started again answers 502 or 503 for some seconds; it is waited for, not taken for a finding. */
const proofOf = async (api: ApiClient, path: string): Promise<Proof> => {
  for (const giveUpAt = Date.now() + patienceMs; ; ) {
    try {
      return (await api.call<Proof>('GET', path)).body;
    } catch (error) {
      const isPassing = error instanceof Unreachable || (error instanceof ProblemAnswer && error.status >= 502 && error.status <= 504);
      if (!isPassing || Date.now() > giveUpAt) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
};

/** Asks every running service to compare its read models with a rebuild from its log (promise 6). */
export const proveProjections = async (connection: { readonly baseUrl: string; readonly apiKey: string }): Promise<readonly Finding[]> => {
  const api = apiClient(connection, { connections: 1 });
  const findings: Finding[] = [];
  try {
    for (const [service, prefix] of Object.entries(servicePrefixes)) {
      const startedAt = performance.now();
      const { items } = await proofOf(api, `${prefix}/ops/projections/proof`);
      for (const { projection, events, live, rebuilt, differences } of items) {
        findings.push({
          service,
          id: `projection-${projection}`,
          what: `read model ${projection} equals the fold of its events`,
          promise: 6,
          looked: events,
          violations:
            live === rebuilt
              ? []
              : differences.flatMap(({ table, onlyLive, onlyRebuilt }) => [
                  ...onlyLive.map((row) => ({ where: table, why: `only live: ${row}` })),
                  ...onlyRebuilt.map((row) => ({ where: table, why: `only rebuilt: ${row}` })),
                ]),
          ms: performance.now() - startedAt,
        });
      }
    }
  } finally {
    await api.close();
  }
  return findings;
};
