import pg from 'pg';
import { logChecks, serviceChecks, type Check } from './checks.js';

/** What one check found in one service. `looked` is how many things it looked at. */
export type Finding = {
  readonly service: string;
  readonly id: string;
  readonly what: string;
  readonly promise: number;
  readonly looked: number;
  readonly violations: readonly { readonly where: string; readonly why: string }[];
  readonly ms: number;
};

/** A check that is more than SQL; it is handed a read-only connection whose search path is the service's schema. */
export type ProgramCheck = Omit<Check, 'sql' | 'counted'> & {
  readonly service: string;
  readonly run: (sql: pg.ClientBase) => Promise<{ readonly looked: number; readonly violations: readonly { readonly where: string; readonly why: string }[] }>;
};

const services = ['order', 'inventory', 'routing', 'warehouse', 'shipping'] as const;

/** A reading transaction on one moment of the database: what is written meanwhile must not look like a hole. */
const onSnapshot = async <T>(url: string, schema: string, work: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: url, application_name: 'orderlog-verify' });
  // A session that the server ends between two queries: the next query says so.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('begin isolation level repeatable read read only');
    await client.query(`set local search_path = ${client.escapeIdentifier(schema)}`);
    // A million events take longer than a request may.
    await client.query("set local statement_timeout = '10min'");
    return await work(client);
  } finally {
    await client.end();
  }
};

/** Runs every check on every service's schema; reads only. Throws when a schema or table is missing. */
export const verify = async (options: {
  readonly databaseUrl: string;
  readonly programChecks?: readonly ProgramCheck[];
  readonly onFinding?: (finding: Finding) => void;
}): Promise<readonly Finding[]> => {
  const findings: Finding[] = [];
  const add = (finding: Finding): void => {
    findings.push(finding);
    options.onFinding?.(finding);
  };
  for (const service of services) {
    await onSnapshot(options.databaseUrl, service, async (client) => {
      for (const check of [...logChecks, ...(serviceChecks[service] ?? [])]) {
        const startedAt = performance.now();
        const violations = await client.query<{ where: string; why: string }>(check.sql);
        const counted = await client.query<{ n: number }>(check.counted);
        const { id, what, promise } = check;
        add({ service, id, what, promise, looked: counted.rows[0]?.n ?? 0, violations: violations.rows, ms: performance.now() - startedAt });
      }
      for (const check of (options.programChecks ?? []).filter((candidate) => candidate.service === service)) {
        const startedAt = performance.now();
        const { id, what, promise } = check;
        add({ service, id, what, promise, ...(await check.run(client)), ms: performance.now() - startedAt });
      }
    });
  }
  return findings;
};
