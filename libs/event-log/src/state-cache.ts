import { LRUCache } from 'lru-cache';

/** A folded state and the version it was folded up to. */
export type Folded<S = unknown> = { readonly version: number; readonly state: S };

/** Anything that identifies how a state was folded: the aggregate's decider. */
type Owner = object;
type Entry = Folded & { readonly owner: Owner; readonly bytes: number };

/** Bounded cache of folded states. What it answers is right for its version only; whoever appends compares the version. */
export type StateCache = {
  get<S>(streamId: string, owner: Owner): Folded<S> | undefined;
  /** `bytes`: what the events since the entry before weighed, as a guess of the state's size. */
  set(streamId: string, owner: Owner, folded: Folded, bytes: number): void;
  forget(streamId: string): void;
};

const entryBytes = 256;

/**
 * A state is at most about as big as the payloads it was folded from; measuring it would cost more than the cache saves. As objects it takes four
 * to five times that, and V8 marks every one of them in each full collection: with 64 MB instead of 16 the order service had a live heap of 147 MB
 * instead of 90 after 30,000 orders, and p99 of accepting at half load was 168 ms instead of 100.
 */
export const createStateCache = ({ streamsMax = 50_000, bytesMax = 16 * 1024 * 1024 } = {}): StateCache => {
  const entries = new LRUCache<string, Entry>({ max: streamsMax, maxSize: bytesMax, sizeCalculation: ({ bytes }) => bytes });
  return {
    get: <S>(streamId: string, owner: Owner) => {
      const entry = entries.get(streamId);
      return entry?.owner === owner ? (entry as Folded<S> & Entry) : undefined;
    },
    set: (streamId, owner, { version, state }, bytes) => {
      const before = entries.peek(streamId);
      if (before !== undefined && before.owner === owner && before.version > version) return;
      const known = before?.owner === owner ? before.bytes : entryBytes;
      entries.set(streamId, { owner, version, state, bytes: Math.min(known + bytes, 64 * 1024) });
    },
    forget: (streamId) => {
      entries.delete(streamId);
    },
  };
};
