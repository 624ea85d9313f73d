/** What a group commit needs. */
export type GroupCommitOptions<Request, Result> = {
  /** Commits a batch; answers one result a request, in order. */
  readonly run: (batch: readonly Request[]) => Promise<readonly Result[]>;
  /** Most requests in a batch (256). */
  readonly requestsMax?: number;
  /** Most bytes in a batch (1 MB), by `bytesOf`. */
  readonly bytesMax?: number;
  readonly bytesOf?: (request: Request) => number;
  /** Full batches that may wait (4); beyond them `submit` throws `Overloaded`. */
  readonly batchesQueuedMax?: number;
  /** Batches that run at once (2): one a writer connection. */
  readonly lanes?: number;
};

/** Turns concurrent requests into batches without a timer: an idle lane takes what waits. */
export type GroupCommit<Request, Result> = {
  submit(request: Request): Promise<Result>;
  readonly queued: number;
  /** Waits until nothing is queued or running; refuses new requests from now on. */
  drain(): Promise<void>;
};

/** Makes a group commit. */
export const createGroupCommit = <Request, Result>(_options: GroupCommitOptions<Request, Result>): GroupCommit<Request, Result> => {
  throw new Error('under construction');
};
