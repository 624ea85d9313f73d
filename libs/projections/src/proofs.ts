import type { SqlExecutor } from '@orderlog/event-log';
import { keyOf, type Projection } from './projection.js';

/** When a read model was last found equal to a rebuild: events applied until then, over all shards, and the content's digest. */
export type Proof = { readonly events: number; readonly digest: string; readonly provenAt: string };

/** Remembers that a read model equals its rebuild at some positions. An older proof does not replace a newer one. */
export const recordProof = async (sql: SqlExecutor, projection: Pick<Projection, 'name' | 'version'>, positions: readonly number[], digest: string): Promise<void> => {
  await sql.query(
    `insert into projection_proof as p (projection, events, positions, digest, proven_at)
     select $1, (select sum(seq) from unnest($2::bigint[]) as seq), $2::bigint[], $3, now()
     on conflict (projection) do update set events = excluded.events, positions = excluded.positions, digest = excluded.digest, proven_at = excluded.proven_at
     where p.events <= excluded.events`,
    [keyOf(projection), positions, digest],
  );
};

/** The last proofs, by the projection's key. */
export const readProofs = async (sql: SqlExecutor): Promise<ReadonlyMap<string, Proof>> => {
  const { rows } = await sql.query<{ projection: string; events: string; digest: string; proven_at: Date | string }>(
    'select projection, events::text as events, digest, proven_at from projection_proof',
    [],
  );
  return new Map(rows.map(({ projection, events, digest, proven_at: at }) => [projection, { events: Number(events), digest, provenAt: new Date(at).toISOString() }]));
};
