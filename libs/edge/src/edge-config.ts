import type { Environment } from './environment.js';
import { roles, type ApiKey, type Role } from './identity.js';

/** What the edge of every service reads from the environment. */
export type EdgeConfig = {
  /** `HOST`, 127.0.0.1 unless told. */
  readonly host: string;
  /** `PORT`; 0 takes a free one. */
  readonly port: number;
  /** `GRPC_PORT`; 0 takes a free one. */
  readonly grpcPort: number;
  /** `PUBLIC_URL`: where customers and callers reach the system; links are made from it. Without a slash at the end. */
  readonly publicUrl: string;
  /** `API_KEYS`: JSON `[{id, sha256, tenantId, roles}]`. */
  readonly apiKeys: readonly ApiKey[];
  /** `SERVICE_TOKEN`: the credential of the services among each other. */
  readonly serviceToken: string;
};

const isRole = (value: unknown): value is Role => roles.some((role) => role === value);

const apiKeyOf = (value: unknown, index: number): ApiKey => {
  const wrong = (what: string): never => {
    throw new TypeError(`entry ${index}: ${what}`);
  };
  if (typeof value !== 'object' || value === null) return wrong('it is not an object');
  const { id, sha256, tenantId, roles: allowed } = value as Record<string, unknown>;
  if (typeof id !== 'string' || id === '') return wrong('id is missing');
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/i.test(sha256)) return wrong('sha256 is not 64 hex digits');
  if (typeof tenantId !== 'string' || tenantId === '') return wrong('tenantId is missing');
  if (!Array.isArray(allowed) || !allowed.every(isRole)) return wrong(`roles are not among ${roles.join(', ')}`);
  return { id, sha256, tenantId, roles: allowed };
};

/** Reads the edge's part of the environment. */
export const edgeConfig = (env: Environment): EdgeConfig => ({
  host: env.text('HOST', '127.0.0.1'),
  port: env.port('PORT'),
  grpcPort: env.port('GRPC_PORT'),
  publicUrl: env.url('PUBLIC_URL', 'http://127.0.0.1').replace(/\/+$/, ''),
  apiKeys: env.json('API_KEYS', (value) => {
    if (!Array.isArray(value)) throw new TypeError('it is not a list');
    return value.map(apiKeyOf);
  }),
  serviceToken: env.text('SERVICE_TOKEN'),
});
