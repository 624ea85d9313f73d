import { programChecks } from './program-checks.js';
import { proveProjections } from './projection-proof.js';
import { verify, type Finding } from './verify.js';

/**
 * Every check there is. `chain` adds the hash chain of every shard; with `connection` the running services also prove their read models,
 * without it (nobody runs) those are left out.
 */
export const verifySystem = async (options: {
  readonly databaseUrl: string;
  readonly chain?: boolean;
  readonly connection?: { readonly baseUrl: string; readonly apiKey: string };
}): Promise<readonly Finding[]> => [
  ...(await verify({ databaseUrl: options.databaseUrl, programChecks: programChecks({ chain: options.chain ?? false }) })),
  ...(options.connection === undefined ? [] : await proveProjections(options.connection)),
];
