import type { RecordedEvent } from '@orderlog/contracts';
import type { EventLog } from '@orderlog/event-log';
import type { Cursors } from './checkpoints.js';

/** The log up to some place, page by page and shard by shard. */
export type ReplayPages = {
  /** The page behind these cursors; undefined at the end. The one after it is being read already when this one is answered. */
  after(cursors: Cursors): Promise<readonly RecordedEvent[] | undefined>;
};

type Asked = { readonly shard: number; readonly after: number };

/** Begins to read. While a page is applied the server and the connection are at work on the next: one after the other they took half as long again. */
export const replayPages = (log: Pick<EventLog, 'replay'>, until: Cursors, pageRows: number): ReplayPages => {
  let ahead: (Asked & { readonly rows: Promise<readonly RecordedEvent[]> }) | undefined;
  const next = (cursors: Cursors): Asked | undefined => {
    const shard = until.findIndex((last, n) => last > (cursors[n] ?? 0));
    return shard < 0 ? undefined : { shard, after: cursors[shard] ?? 0 };
  };
  const read = ({ shard, after }: Asked): Promise<readonly RecordedEvent[]> => {
    const rows = log.replay(shard, after, Math.min(pageRows, (until[shard] ?? 0) - after));
    // Who asks for it hears of its failure; nobody may.
    rows.catch(() => undefined);
    return rows;
  };
  return {
    after: async (cursors) => {
      const asked = next(cursors);
      if (asked === undefined) return undefined;
      const { shard, after } = asked;
      const reading = ahead?.shard === shard && ahead.after === after ? ahead.rows : read(asked);
      ahead = undefined;
      const rows = await reading;
      const end = rows.at(-1)?.seq;
      if (end === undefined) throw new Error(`shard ${shard} of the log ends at ${after}, before ${until[shard]}`);
      const following = next(cursors.map((seq, n) => (n === shard ? end : seq)));
      if (following !== undefined) ahead = { ...following, rows: read(following) };
      return rows;
    },
  };
};
