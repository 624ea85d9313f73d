import { apiClient } from '../cli/client.js';
import type { Finding } from './verify.js';

const prefixes = { order: '/v1/orders', inventory: '/v1/stock', routing: '/v1/routing', warehouse: '/v1/warehouse', shipping: '/v1/shipments' } as const;

type Proof = {
  readonly items: readonly {
    readonly projection: string;
    readonly events: number;
    readonly live: string;
    readonly rebuilt: string;
    readonly differences: readonly { readonly table: string; readonly onlyLive: readonly string[]; readonly onlyRebuilt: readonly string[] }[];
  }[];
};

/** Asks every running service to compare its read models with a rebuild from its log (promise 6). */
export const proveProjections = async (connection: { readonly baseUrl: string; readonly apiKey: string }): Promise<readonly Finding[]> => {
  const api = apiClient(connection, { connections: 1 });
  const findings: Finding[] = [];
  try {
    for (const [service, prefix] of Object.entries(prefixes)) {
      const startedAt = performance.now();
      const { body } = await api.call<Proof>('GET', `${prefix}/ops/projections/proof`);
      for (const { projection, events, live, rebuilt, differences } of body.items) {
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
