import type { PostgresEventLog, SqlExecutor, Upcasters } from '@orderlog/event-log';
import { compareWithRebuild, recordProof, type Projection, type RebuildComparison } from '@orderlog/projections';

/** Compares read models with a rebuild from the log: all of a service, or the one that is named. */
export type ProjectionProof = {
  readonly names: readonly string[];
  readonly compare: (name?: string) => Promise<readonly RebuildComparison[]>;
  /**
   * Also remembers those that are equal, as proven at their place in the log. A long log takes longer than a caller waits: undefined after ten
   * seconds, and who asks again hears of the same run.
   */
  readonly prove: (name?: string) => Promise<readonly RebuildComparison[] | undefined>;
};

const answerMs = 10_000;

const patience = (ms: number): { readonly over: Promise<undefined>; readonly end: () => void } => {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  return { over, end: () => clearTimeout(timer) };
};

/** Makes it. `make` makes the projections anew each time: what the running ones remember stays theirs. */
export const projectionProof = (log: PostgresEventLog, sql: SqlExecutor, make: () => readonly Projection<never>[], upcasters: Upcasters = {}): ProjectionProof => {
  const chosen = (name: string | undefined) => make().filter((projection) => name === undefined || projection.name === name);
  const compare = (name?: string) => compareWithRebuild(log, chosen(name), { upcasters });
  /** Runs whose outcome nobody has heard yet. */
  const runs = new Map<string | undefined, Promise<readonly RebuildComparison[]>>();
  const run = async (name: string | undefined): Promise<readonly RebuildComparison[]> => {
    const compared = await compare(name);
    const projections = chosen(name);
    for (const { projection: proven, positions, live, rebuilt } of compared) {
      const projection = projections.find((one) => one.name === proven);
      if (projection !== undefined && live === rebuilt) await recordProof(sql, projection, positions, live);
    }
    return compared;
  };
  return {
    names: make().map(({ name }) => name),
    compare,
    prove: async (name) => {
      const proving = runs.get(name) ?? run(name);
      // Nobody may be waiting when it fails: who asks next hears of it.
      proving.catch(() => undefined);
      runs.set(name, proving);
      const { over, end } = patience(answerMs);
      try {
        const answer = await Promise.race([proving, over]);
        if (answer !== undefined) runs.delete(name);
        return answer;
      } catch (error) {
        runs.delete(name);
        throw error;
      } finally {
        end();
      }
    },
  };
};
