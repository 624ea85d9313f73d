import { createHash, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** What an API key may be used for. `ops` sees and repairs everything that concerns operations. */
export type Role = 'storefront' | 'warehouse' | 'ops' | 'import';

/** All roles there are. */
export const roles: readonly Role[] = ['storefront', 'warehouse', 'ops', 'import'];

/** Who is asking: never a person, always a key. */
export type Identity = { readonly keyId: string; readonly tenantId: string; readonly roles: readonly Role[] };

/** An API key as configuration knows it: its SHA-256 (hex), never the key. */
export type ApiKey = { readonly id: string; readonly sha256: string; readonly tenantId: string; readonly roles: readonly Role[] };

/** The keys of one service: presented key → identity, or undefined for a wrong one. */
export type ApiKeys = { readonly identify: (presented: string) => Identity | undefined };

/** Longer than any key of ours; what is longer is not even hashed. */
const presentedLengthMax = 256;

/** Compares with every key in constant time; identities of good keys are remembered, so that a busy caller is hashed once. */
export const apiKeys = (keys: readonly ApiKey[]): ApiKeys => {
  const known = keys.map(({ id, sha256, tenantId, roles: allowed }) => ({
    digest: Buffer.from(sha256, 'hex'),
    identity: { keyId: id, tenantId, roles: allowed } satisfies Identity,
  }));
  const remembered = new LRUCache<string, Identity>({ max: 1_000 });
  return {
    identify: (presented) => {
      const before = remembered.get(presented);
      if (before !== undefined || presented.length > presentedLengthMax) return before;
      const digest = createHash('sha256').update(presented).digest();
      let identity: Identity | undefined;
      for (const key of known) if (timingSafeEqual(key.digest, digest)) identity = key.identity;
      if (identity !== undefined) remembered.set(presented, identity);
      return identity;
    },
  };
};

/** Compares a service credential in constant time, whatever the lengths. */
export const isServiceToken = (presented: string, expected: string): boolean =>
  expected !== '' && timingSafeEqual(createHash('sha256').update(presented).digest(), createHash('sha256').update(expected).digest());

/** The credential in `Authorization: Bearer …` or `X-Api-Key`; undefined when there is none. */
export const presentedKey = (authorization: string | undefined, apiKey: string | undefined): string | undefined => {
  if (authorization !== undefined && /^bearer /i.test(authorization)) return authorization.slice(7).trim();
  return apiKey;
};
