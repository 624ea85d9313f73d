import { describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '@orderlog/contracts';
import fc from 'fast-check';
import { createFollower, createRecentRows, type RecentEvent } from './recent.js';

const row = (shard: number, seq: number, bytes = 10): RecentEvent => ({ event: { shard, seq } as RecordedEvent, metaJson: '{}', dataJson: `${seq}`, bytes });
const places = (rows: readonly { readonly event: Pick<RecordedEvent, 'shard' | 'seq'> }[] | undefined): readonly string[] | undefined => rows?.map(({ event: { shard, seq } }) => `${shard}/${seq}`);

describe('the rows a process appended last', () => {
  it('follow each cursor, a limited number a shard', () => {
    const recent = createRecentRows();
    recent.add([row(1, 4), row(1, 5), row(2, 9), row(1, 6)]);
    expect(places(recent.after([{ shard: 2, after: 8 }, { shard: 0, after: 0 }, { shard: 1, after: 3 }], 2))).toEqual(['1/4', '1/5', '2/9']);
    expect(places(recent.after([{ shard: 1, after: 6 }, { shard: 2, after: 12 }], 2))).toEqual([]);
  });
  it('do not answer where another process was in between, until the cursor is past it', () => {
    const recent = createRecentRows();
    recent.add([row(1, 4), row(1, 6)]);
    expect(recent.after([{ shard: 1, after: 3 }], 5)).toBeUndefined();
    expect(places(recent.after([{ shard: 1, after: 5 }], 5))).toEqual(['1/6']);
  });
  it('may come late: two commits of a process end in any order', () => {
    const recent = createRecentRows();
    recent.add([row(1, 3), row(1, 4)]);
    expect(recent.after([{ shard: 1, after: 0 }], 5)).toBeUndefined();
    recent.add([row(1, 1), row(1, 2)]);
    expect(places(recent.after([{ shard: 1, after: 0 }], 5))).toEqual(['1/1', '1/2', '1/3', '1/4']);
  });
  it('are fewer where they are heavy; one that is heavier than all may be stays alone', () => {
    const recent = createRecentRows(10, 100);
    recent.add([row(1, 1, 60), row(1, 2, 30), row(1, 3, 30)]);
    expect(recent.after([{ shard: 1, after: 0 }], 5)).toBeUndefined();
    expect(places(recent.after([{ shard: 1, after: 1 }], 5))).toEqual(['1/2', '1/3']);
    recent.add([row(1, 4, 500)]);
    expect(places(recent.after([{ shard: 1, after: 3 }], 5))).toEqual(['1/4']);
    expect(recent.after([{ shard: 1, after: 2 }], 5)).toBeUndefined();
  });
  it('go when everybody has read them, and not before', () => {
    const recent = createRecentRows();
    const [one, another] = [recent.join(), recent.join()];
    recent.add([row(1, 4), row(1, 5), row(2, 9)]);
    one([{ shard: 1, after: 5 }, { shard: 2, after: 9 }]);
    expect(places(recent.after([{ shard: 1, after: 3 }, { shard: 2, after: 8 }], 5))).toEqual(['1/4', '1/5', '2/9']);
    another([{ shard: 1, after: 4 }]);
    expect(recent.after([{ shard: 1, after: 3 }], 5)).toBeUndefined();
    expect(places(recent.after([{ shard: 1, after: 4 }, { shard: 2, after: 8 }], 5))).toEqual(['1/5', '2/9']);
    // Who begins anew does not bring back what went.
    one([{ shard: 1, after: 0 }]);
    another([{ shard: 1, after: 5 }]);
    expect(places(recent.after([{ shard: 1, after: 4 }], 5))).toEqual(['1/5']);
  });
  it('leave room for others when they go', () => {
    const recent = createRecentRows(10, 100);
    const read = recent.join();
    recent.add([row(1, 1, 40), row(2, 1, 40)]);
    read([{ shard: 2, after: 1 }]);
    recent.add([row(1, 2, 40), row(1, 3, 20)]);
    expect(places(recent.after([{ shard: 1, after: 0 }], 5))).toEqual(['1/1', '1/2', '1/3']);
  });
  it('are never more than it keeps, and never wrong', () => {
    const appends = fc.array(fc.record({ shard: fc.nat(2), count: fc.integer({ min: 1, max: 4 }), isOurs: fc.boolean() }), { maxLength: 40 });
    fc.assert(
      fc.property(appends, fc.integer({ min: 1, max: 20 }), fc.array(fc.nat(20), { minLength: 3, maxLength: 3 }), fc.integer({ min: 1, max: 6 }), (all, rowsMax, cursors, limit) => {
        const recent = createRecentRows(rowsMax);
        const read = recent.join();
        const heads = [0, 0, 0];
        for (const { shard, count, isOurs } of all) {
          const rows = Array.from({ length: count }, () => row(shard, (heads[shard] = (heads[shard] ?? 0) + 1)));
          if (isOurs) recent.add(rows);
          read(cursors.map((after, at) => ({ shard: at, after: Math.min(after, heads[at] ?? 0) })));
        }
        const got = recent.after(cursors.map((after, shard) => ({ shard, after })), limit);
        const next = [...cursors];
        for (const { event: { shard, seq } } of got ?? []) expect(seq).toBe((next[shard] = (next[shard] ?? 0) + 1));
        expect(got?.length ?? 0).toBeLessThanOrEqual(rowsMax);
        for (const [shard, seq] of next.entries()) expect(seq).toBeLessThanOrEqual(Math.max(heads[shard] ?? 0, cursors[shard] ?? 0));
      }),
    );
  });
});

describe('a follower', () => {
  const at = (after: number) => [{ shard: 0, after }];
  const followerOf = (recent: ReturnType<typeof createRecentRows>, heads: number[] = []) => {
    const asked: unknown[] = [];
    const answer = [row(0, 1)];
    const read = answer.map(({ event }) => event);
    const follower = createFollower(recent, {
      readShards: (cursors) => (asked.push(cursors), Promise.resolve(read)),
      readShardsStored: (cursors) => (asked.push(cursors), Promise.resolve(answer)),
      copyShardsStored: (cursors) => (asked.push('copy', cursors), Promise.resolve([])),
      headSeqs: () => (asked.push('heads'), Promise.resolve(heads)),
    });
    return { follower, asked, answer, read };
  };
  it('asks the database first, and again where memory has nothing or not everything', async () => {
    const recent = createRecentRows();
    const { follower, asked, answer, read } = followerOf(recent);
    recent.add([row(0, 2)]);
    expect(await follower.readStored(at(0), 9)).toBe(answer);
    expect(places(await follower.readStored(at(1), 9))).toEqual(['0/2']);
    expect(await follower.read(at(1), 9)).toEqual([{ shard: 0, seq: 2 }]);
    expect(await follower.read(at(2), 9)).toBe(read);
    recent.add([row(0, 4)]);
    expect(await follower.readStored(at(2), 9)).toBe(answer);
    expect(asked).toEqual([at(0), at(2), at(2)]);
  });
  it('copies what follows a read that was full, until one is not', async () => {
    const { follower, asked } = followerOf(createRecentRows());
    for (let n = 0; n < 3; n += 1) await follower.readStored(at(n), 1);
    expect(asked).toEqual([at(0), 'copy', at(1), at(2)]);
  });
  it('asks for no more than the heads where memory goes as far, and for the rows where another process is further', async () => {
    const recent = createRecentRows();
    recent.add([row(0, 1), row(0, 2)]);
    const alone = followerOf(recent, [2, 7]);
    expect(places(await alone.follower.readStored(at(0), 9))).toEqual(['0/1', '0/2']);
    expect(places(await alone.follower.readStored(at(1), 9))).toEqual(['0/2']);
    expect(alone.asked).toEqual(['heads']);
    const beside = followerOf(recent, [3, 7]);
    expect(await beside.follower.readStored(at(1), 9)).toBe(beside.answer);
    expect(beside.asked).toEqual(['heads', at(1)]);
    const another = followerOf(recent, [2, 7]);
    expect(await another.follower.readStored([...at(1), { shard: 1, after: 6 }], 9)).toBe(another.answer);
    const behindNobody = followerOf(recent, [2, 7]);
    expect(places(await behindNobody.follower.readStored([...at(1), { shard: 1, after: 7 }], 9))).toEqual(['0/2']);
  });
});
