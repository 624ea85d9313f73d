import type { EventLog, LogTransaction } from '@orderlog/event-log';
import type { AssignedPartition, Pending, Run } from './assigned-partition.js';
import type { Fact, FactsListener } from './facts.js';
import { park, parkedAmong, type Waiting } from './parking.js';
import { lockPositions, movePositions } from './positions.js';
import { describe, isRetryable } from './retries.js';
import { factSpans, type FactSpans } from './traced-facts.js';

/** Where runs are applied. */
export type ApplyContext = { readonly log: EventLog; readonly group: string; readonly listeners: readonly FactsListener[] };

/** What one transaction did. */
export type Applied = { readonly facts: number; readonly parked: number; readonly lost: readonly AssignedPartition[] };

type Step = { readonly run: Run; readonly item: Pending; readonly listener: FactsListener; readonly fact: Fact; readonly target: string; readonly wrong: string | undefined };

const stepsOf = (runs: readonly Run[]): readonly Step[] =>
  runs.flatMap((run) =>
    run.items.flatMap((item): Step[] => {
      const { reading } = item;
      if (reading?.kind !== 'act') return [];
      return [{ run, item, listener: reading.listener, fact: reading.fact, target: reading.target, wrong: reading.wrong }];
    }),
  );

const unique = (texts: readonly string[]): string[] => [...new Set(texts)].sort();

/** Source by source, as the listener names them. */
const inOrderOf = ({ hears }: FactsListener, facts: readonly Fact[]): readonly Fact[] =>
  hears.length === 1 ? facts : hears.flatMap(({ source }) => facts.filter((fact) => fact.source === source));

/** Facts that act, by listener, and those that wait with their parked stream. */
type Sorted = { readonly acting: ReadonlyMap<FactsListener, readonly Fact[]>; readonly targets: readonly string[]; readonly waiting: readonly Waiting[] };

const sorted = (steps: readonly Step[], parked: ReadonlySet<string>, spans: FactSpans): Sorted => {
  const closed = new Set(parked);
  const waiting: Waiting[] = [];
  const acting = new Map<FactsListener, Fact[]>();
  for (const { run, item, listener, fact, target, wrong } of steps) {
    if (wrong !== undefined) closed.add(target);
    if (closed.has(target)) {
      waiting.push({ streamId: target, topic: run.partition.topic, partition: run.partition.partition, seq: item.seq, fact, error: wrong ?? '' });
      continue;
    }
    const traced = spans.begin(fact, run.partition.topic);
    const facts = acting.get(listener);
    if (facts === undefined) acting.set(listener, [traced]);
    else facts.push(traced);
  }
  return { acting, targets: steps.map(({ target }) => target).filter((target) => !closed.has(target)), waiting };
};

/** Hands the facts to their listeners, in the listeners' fixed order. */
const handOut = async (tx: LogTransaction, { listeners }: ApplyContext, { acting, targets }: Sorted): Promise<void> => {
  // Each listener locks its streams sorted; two of them in one transaction together do not, unless all are locked here first.
  if (acting.size > 1) await tx.query('select 1 from streams where stream_id = any($1::text[]) order by stream_id for update', [unique(targets)]);
  for (const listener of listeners) {
    const facts = acting.get(listener);
    if (facts !== undefined) await listener.handle(inOrderOf(listener, facts), tx);
  }
};

/** T2: positions, parked streams, the listeners' work and the new positions in one transaction. */
const applyTraced = async (context: ApplyContext, runs: readonly Run[], spans: FactSpans): Promise<Applied> =>
  context.log.transact(async (tx) => {
    const held = await lockPositions(tx, context.group, runs.map(({ partition }) => partition));
    const mine = runs.filter(({ partition }) => held.has(partition.key));
    // After a commit whose answer was lost the row is ahead of what we know.
    const steps = stepsOf(mine).filter(({ run, item }) => item.seq > (held.get(run.partition.key) ?? 0));
    const parked = await parkedAmong(tx, unique(steps.map(({ target }) => target)));
    const sortedSteps = sorted(steps, parked, spans);
    const { waiting } = sortedSteps;
    // Sent before the listeners begin, because nothing they do changes it: the answers come while they decide. Parked streams are locked
    // before the streams themselves, as a release does it.
    const moved = movePositions(
      tx,
      context.group,
      mine.map(({ partition, items }) => ({
        topic: partition.topic,
        partition: partition.partition,
        epoch: partition.epoch,
        lastSeq: Math.max(items.at(-1)?.seq ?? 0, held.get(partition.key) ?? 0),
        nextOffset: partition.offsetAfter(items),
      })),
    );
    await Promise.all([moved, park(tx, context.group, waiting), handOut(tx, context, sortedSteps)]);
    return {
      facts: steps.length - waiting.length,
      parked: new Set(waiting.filter(({ error }) => error !== '').map(({ streamId }) => streamId)).size,
      lost: runs.filter(({ partition }) => !held.has(partition.key)).map(({ partition }) => partition),
    };
  });

const applyTogether = async (context: ApplyContext, runs: readonly Run[]): Promise<Applied> => {
  const spans = factSpans();
  try {
    const applied = await applyTraced(context, runs, spans);
    spans.end();
    return applied;
  } catch (error) {
    spans.end(error);
    throw error;
  }
};

const sum = (a: Applied, b: Applied): Applied => ({ facts: a.facts + b.facts, parked: a.parked + b.parked, lost: [...a.lost, ...b.lost] });

/** Halves of some runs, in order; a single row that acts cannot be halved. */
const halves = (runs: readonly Run[]): readonly [readonly Run[], readonly Run[]] | undefined => {
  if (runs.length > 1) {
    const middle = Math.ceil(runs.length / 2);
    return [runs.slice(0, middle), runs.slice(middle)];
  }
  const [run] = runs;
  const acting = run === undefined ? [] : run.items.filter(({ reading }) => reading?.kind === 'act');
  if (run === undefined || acting.length < 2) return undefined;
  const middle = run.items.indexOf(acting[Math.ceil(acting.length / 2)] as Pending);
  return [
    [{ partition: run.partition, items: run.items.slice(0, middle) }],
    [{ partition: run.partition, items: run.items.slice(middle) }],
  ];
};

/**
 * Applies runs in as few transactions as possible. What fails by its own fault is found by halving, each half in a transaction of its
 * own: 20 transactions find one bad row among 1,000, where a savepoint a row costs 1,000. The row left over is tried alone, then parked.
 * `done` is called after every commit; a transient failure is thrown, and what was not reported done is to be tried again.
 */
export const applyRuns = async (context: ApplyContext, runs: readonly Run[], done: (runs: readonly Run[]) => void): Promise<Applied> => {
  try {
    const applied = await applyTogether(context, runs);
    done(runs.filter(({ partition }) => !applied.lost.includes(partition)));
    return applied;
  } catch (error) {
    if (isRetryable(error)) throw error;
    const parts = halves(runs);
    if (parts !== undefined) {
      const first = await applyRuns(context, parts[0], done);
      return sum(first, await applyRuns(context, parts[1].filter(({ partition }) => !first.lost.includes(partition)), done));
    }
    const last = runs[0]?.items.find(({ reading }) => reading?.kind === 'act');
    if (last?.reading?.kind !== 'act' || last.reading.wrong !== undefined) throw error;
    last.reading = { ...last.reading, wrong: describe(error) };
    return applyRuns(context, runs, done);
  }
};
