import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, fileError, StackError } from '../local-stack/stack-error.js';

/** What a local system needs to know and nobody else may: made once, kept in the data folder, readable by its owner only. */
export type Secrets = {
  /** The key that `npm start` prints; it may do everything. */
  readonly apiKey: string;
  readonly serviceToken: string;
  readonly carrierWebhookSecret: string;
  readonly personalDataKey: string;
  readonly databasePassword: string;
};

const fileName = 'secrets.json';
const token = (bytes: number): string => randomBytes(bytes).toString('base64url');

/** Reads the data folder's secrets, or makes them. */
export const secretsOf = (dataDir: string): Secrets => {
  const path = join(dataDir, fileName);
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Secrets;
  } catch (error) {
    // Not made anew: the database's roles and the personal data go by what it held.
    if (error instanceof SyntaxError) throw new StackError(`${path} is damaged`, 'restore it, or begin with nothing stored: --reset', { cause: error });
    if (codeOf(error) !== 'ENOENT') throw fileError(error, path);
  }
  const secrets: Secrets = {
    apiKey: `ol_${token(24)}`,
    serviceToken: token(32),
    carrierWebhookSecret: `whsec_${randomBytes(32).toString('base64')}`,
    personalDataKey: randomBytes(32).toString('hex'),
    databasePassword: token(24),
  };
  // Written whole or not at all: half a file would lock its owner out of the data.
  try {
    writeFileSync(`${path}.new`, JSON.stringify(secrets, null, 2), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw fileError(error, path);
  }
  return secrets;
};

/** The `API_KEYS` value of a service: keys are known by their SHA-256 only. */
export const apiKeysOf = (secrets: Secrets): string =>
  JSON.stringify([
    {
      id: 'local',
      sha256: createHash('sha256').update(secrets.apiKey).digest('hex'),
      tenantId: 'default',
      roles: ['storefront', 'warehouse', 'ops', 'import'],
    },
  ]);
