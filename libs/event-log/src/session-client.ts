import type { Writable } from 'node:stream';
import { Client, type QueryResult } from 'pg';

/**
 * pg's client with promises of our own. Where pg makes the promise it does so with `query.callback = (error, result) => …`, and V8 puts a function
 * that is written as the value of a property into its old space at once (`set_pretenure` in its parser, for methods that are set once). From there
 * it holds the query with its values and rows, and what awaits them, until the next full collection: young ones copied what was of no use any more,
 * 96 % of the texts that appends sent while orders were accepted. A function that is handed over is made where everything else is: 13 %.
 */
export class SessionClient extends Client {
  #isCorked = false;

  // `never`, because pg's overloads answer anything: a promise, nothing, or what was submitted.
  override query(first: unknown, second?: unknown, third?: unknown): never {
    const isOwn = typeof first === 'string' || (typeof first === 'object' && first !== null && !('submit' in first));
    if (!isOwn || typeof second === 'function' || typeof third === 'function') {
      return super.query(first as string, second as unknown[], third as () => void) as never;
    }
    this.#gather();
    const answer = new Promise<QueryResult>((resolve, reject) => {
      super.query(first as string, second as unknown[], (error: Error | null, result) => {
        if (error === null) resolve(result);
        else reject(error);
      });
    });
    return answer.catch((error: unknown) => {
      // As pg does: a stack that ends in the socket says nobody whose statement it was.
      if (error instanceof Error) Error.captureStackTrace(error);
      throw error;
    }) as never;
  }

  /** What one turn asks goes out in one write: `begin` with the first statement, the last one with `commit`. */
  #gather(): void {
    const { stream } = (this as unknown as { readonly connection: { readonly stream: Writable } }).connection;
    if (this.#isCorked) return;
    this.#isCorked = true;
    stream.cork();
    queueMicrotask(() => {
      this.#isCorked = false;
      stream.uncork();
    });
  }
}
