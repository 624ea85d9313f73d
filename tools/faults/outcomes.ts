import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { OutcomeRecord } from './dump-format.js';

/** What is known of a request when it is sent. */
export type Asked = Pick<OutcomeRecord, 'client' | 'kind' | 'key' | 'channel' | 'externalReference' | 'bodyHash' | 'body' | 'orderId'>;
/** What became of it. */
export type Heard = Pick<OutcomeRecord, 'outcome' | 'status' | 'orderId' | 'replayed' | 'version' | 'why'>;

/** Writes down what clients asked and heard, in the order in which they asked. */
export type OutcomeLog = {
  /** Answers what to call when it is over. */
  readonly begin: (asked: Asked) => (heard: Heard) => void;
  readonly counts: Readonly<Record<OutcomeRecord['outcome'], number>>;
  readonly close: () => Promise<void>;
};

/** Starts a file of outcomes. */
export const openOutcomes = (path: string): OutcomeLog => {
  const out = createWriteStream(path);
  const counts = { ok: 0, failed: 0, unknown: 0 };
  let op = 0;
  /** Those that are not written yet: the first of them is not over. */
  let waiting: { line: string | undefined }[] = [];
  const flush = (): void => {
    const open = waiting.findIndex(({ line }) => line === undefined);
    const over = open < 0 ? waiting : waiting.slice(0, open);
    if (over.length === 0) return;
    out.write(over.map(({ line }) => `${line}\n`).join(''));
    waiting = waiting.slice(over.length);
  };
  return {
    counts,
    begin: (asked) => {
      op += 1;
      const begun = { op, ...asked, invokedNs: String(process.hrtime.bigint()) };
      const entry: { line: string | undefined } = { line: undefined };
      waiting.push(entry);
      return (heard) => {
        const { body, ...rest } = { ...begun, endedNs: String(process.hrtime.bigint()), ...heard };
        counts[heard.outcome] += 1;
        entry.line = JSON.stringify({ ...rest, ...(body === undefined ? {} : { body }) });
        if (waiting[0] === entry) flush();
      };
    },
    close: async () => {
      flush();
      out.end();
      await finished(out);
    },
  };
};
