import { verify, type Finding } from './verify.js';
import { programChecks } from './program-checks.js';

/** Every check there is, on a system's database. `chain` adds the hash chain of every shard. */
export const verifySystem = (options: { readonly databaseUrl: string; readonly chain?: boolean }): Promise<readonly Finding[]> =>
  verify({ databaseUrl: options.databaseUrl, programChecks: programChecks({ chain: options.chain ?? false }) });
