import { describe, expect, it } from '@jest/globals';
import { AssignedPartition } from './assigned-partition.js';
import { textsOf } from './cloud-events.js';

// Found by a fault campaign: what its poison left in quarantine had lost the headers that say where it came from.
it.each([
  ['texts', { ce_type: 'Anything' }],
  ['bytes', { ce_type: Buffer.from('Anything') }],
])('a message that is set aside keeps its headers when they come as %s', (_, headers) => {
  const partition = new AssignedPartition({ topic: 'order.events', partition: 3 }, 'order');
  partition.accept([{ offset: 7, key: Buffer.from('x'), texts: textsOf(headers), headers, value: Buffer.from('{}'), timestampMs: 0 }]);
  expect(partition.strays).toMatchObject([{ messageOffset: 7, headers: { ce_type: 'Anything' } }]);
});

const logId = '7d1b0000-0000-4000-8000-000000000000';
const message = (offset: number, seq: number, eventId = `event-${seq}`, log = logId) => {
  const headers = { orderlogseq: String(seq), orderlogshard: '3', orderloglogid: log, ce_id: eventId, ce_type: 'Anything' };
  return { offset, key: Buffer.from('order-1'), texts: textsOf(headers), headers, value: Buffer.from('{}'), timestampMs: 0 };
};
const begun = (lastSeq = 0): AssignedPartition => {
  const partition = new AssignedPartition({ topic: 'order.events', partition: 3 }, 'order');
  partition.begin({ topic: 'order.events', partition: 3, epoch: 1, logId, lastSeq, nextOffset: lastSeq });
  return partition;
};
const run = (partition: AssignedPartition) => {
  const front = partition.front(10);
  if (front === undefined || !('run' in front)) throw new Error(`no run: ${JSON.stringify(front)}`);
  partition.done(front.run);
  return front.run.map(({ seq }) => seq);
};

describe('a message that comes again', () => {
  it('is dropped while the first waits, and its offset is done with what was in front of it', () => {
    const partition = begun();
    partition.accept([message(0, 1), message(1, 2), message(2, 1), message(3, 2), message(4, 3)]);
    expect([partition.queued, partition.duplicates]).toEqual([3, 2]);
    expect(run(partition)).toEqual([1, 2, 3]);
    expect(partition.nextOffset).toBe(5);
  });

  it('is dropped after the first was applied, also when that is long ago', () => {
    const partition = begun(2_000);
    partition.accept([message(2_000, 2_001), message(2_001, 2_001), message(2_002, 7, 'nobody remembers')]);
    expect(run(partition)).toEqual([2_001]);
    expect(partition.nextOffset).toBe(2_003);
    partition.accept([message(2_003, 2_001)]);
    expect([partition.queued, partition.duplicates, partition.nextOffset]).toEqual([0, 3, 2_004]);
  });

  it('stops the partition when it is another event, waiting or applied', () => {
    for (const isApplied of [false, true]) {
      const partition = begun();
      partition.accept([message(0, 1)]);
      if (isApplied) run(partition);
      partition.accept([message(1, 1, 'another')]);
      partition.front(10);
      expect([partition.status, partition.reason]).toEqual(['stopped', 'seq 1 came as event event-1 and again as event another']);
    }
  });

  it('is set aside when it is of another log, and waits behind a hole like any other', () => {
    const partition = begun();
    partition.accept([message(0, 1, 'event-1', 'another log'), message(1, 1), message(2, 1, 'event-1', 'another log'), message(3, 3)]);
    expect(run(partition)).toEqual([1]);
    expect(partition.strays).toHaveLength(2);
    expect(partition.front(10)).toEqual({ holeBefore: 3 });
  });
});
