import { OutcomeUnknown, Overloaded } from './event-log.js';
import { isContention, isTransient } from './sql-errors.js';

/** What a group commit needs. */
export type GroupCommitOptions<Request, Result> = {
  /** Commits a batch; answers one result a request, in order. */
  readonly run: (batch: readonly Request[]) => Promise<readonly Result[]>;
  /** Most requests in a batch (256). */
  readonly requestsMax?: number;
  /** Most bytes in a batch (1 MB), by `bytesOf`; a bigger request goes alone. */
  readonly bytesMax?: number;
  readonly bytesOf?: (request: Request) => number;
  /** Full batches that may wait (4); beyond them `submit` throws `Overloaded`. */
  readonly batchesQueuedMax?: number;
  /** Batches that run at once (2): one a writer connection. The first takes whatever waits, a further one begins with an eighth of a full batch. */
  readonly lanes?: number;
  /** Or when a request comes and the first of the queue has waited this long (50): a batch that waits for a lock must not hold up the others. */
  readonly patienceMs?: number;
  /** How often a batch that met a deadlock or lock timeout is run again (5). */
  readonly retriesMax?: number;
};

/** Turns concurrent requests into batches without a timer: an idle lane takes what waits. */
export type GroupCommit<Request, Result> = {
  submit(request: Request): Promise<Result>;
  /** Requests that wait for a lane. */
  readonly queued: number;
  /** Waits until nothing is queued or running; new requests are refused with `Overloaded` from now on. */
  drain(): Promise<void>;
};

type Waiting<Request, Result> = {
  readonly request: Request;
  readonly bytes: number;
  readonly since: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
};

/** Waits a random time that grows with the attempt: 5, 10, 20 … ms at most, never above 200. */
export const backOff = (attempt: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(200, 5 * 2 ** attempt)));

/** Of a full batch. */
const furtherLaneShare = 1 / 8;

/** Makes a group commit. */
export const createGroupCommit = <Request, Result>(options: GroupCommitOptions<Request, Result>): GroupCommit<Request, Result> => {
  const { run, requestsMax = 256, bytesMax = 1_048_576, bytesOf = () => 0, batchesQueuedMax = 4, lanes = 2, patienceMs = 50, retriesMax = 5 } = options;
  const queue: Waiting<Request, Result>[] = [];
  const idle: (() => void)[] = [];
  let queuedBytes = 0;
  let running = 0;
  let isWoken = false;
  let isDraining = false;

  const take = (): readonly Waiting<Request, Result>[] => {
    let count = 0;
    let bytes = 0;
    for (const { bytes: more } of queue) {
      if (count === requestsMax || (count > 0 && bytes + more > bytesMax)) break;
      count += 1;
      bytes += more;
    }
    queuedBytes -= bytes;
    return queue.splice(0, count);
  };

  /** One bad row must not fail 255 good ones: a batch with a data error is halved until the bad one is alone. Outages fail all alike. */
  const commit = async (batch: readonly Waiting<Request, Result>[], attempt = 0): Promise<void> => {
    try {
      const results = await run(batch.map(({ request }) => request));
      if (results.length !== batch.length) throw new Error(`${batch.length} requests got ${results.length} results`);
      batch.forEach(({ resolve }, n) => resolve(results[n] as Result));
    } catch (error) {
      if (isContention(error) && attempt < retriesMax) {
        await backOff(attempt);
        await commit(batch, attempt + 1);
      } else if (batch.length === 1 || error instanceof OutcomeUnknown || isTransient(error)) {
        for (const { reject } of batch) reject(error);
      } else {
        const middle = batch.length >> 1;
        await commit(batch.slice(0, middle));
        await commit(batch.slice(middle));
      }
    }
  };

  /**
   * Most of what a small batch costs is the batch: an append of one event takes PostgreSQL 0.5 to 0.7 CPU-ms, one of eight 0.9 to 1.5. Accepting 2,000
   * orders a second took 0.32 of them an order where any request opened the second lane, and takes 0.25. What waits goes with the next batch.
   */
  const isWorthALane = (): boolean => {
    const [first] = queue;
    if (first === undefined) return false;
    return running === 0 || queue.length >= requestsMax * furtherLaneShare || queuedBytes >= bytesMax * furtherLaneShare || performance.now() - first.since >= patienceMs;
  };

  const pump = (): void => {
    isWoken = false;
    while (running < lanes && isWorthALane()) {
      running += 1;
      void commit(take()).finally(() => {
        running -= 1;
        pump();
      });
    }
    if (running === 0 && queue.length === 0) for (const resolve of idle.splice(0)) resolve();
  };

  return {
    submit: (request) => {
      const bytes = bytesOf(request);
      const isFull = queue.length >= requestsMax * batchesQueuedMax || (queue.length > 0 && queuedBytes + bytes > bytesMax * batchesQueuedMax);
      if (isDraining || isFull) return Promise.reject(new Overloaded());
      queuedBytes += bytes;
      return new Promise((resolve, reject) => {
        queue.push({ request, bytes, since: performance.now(), resolve, reject });
        // At the end of this turn, so that what one turn submits (a batch of HTTP/2 frames, a bulk import) goes together.
        if (!isWoken) queueMicrotask(pump);
        isWoken = true;
      });
    },
    get queued() {
      return queue.length;
    },
    drain: () => {
      isDraining = true;
      return new Promise((resolve) => {
        idle.push(resolve);
        pump();
      });
    },
  };
};
