import { at, foreigner, killsAt, replays, sleeper, toldAgain, unheard, unheardAtTheEnd } from './attacks.js';
import type { PlantedBug } from './bug.js';

const relay = 'libs/messaging/src/relay.js';
const consumer = 'libs/messaging/src/consumer.js';
const partition = 'libs/messaging/src/assigned-partition.js';
const applying = 'libs/messaging/src/apply-runs.js';
const positions = 'libs/messaging/src/positions.js';

/** The row of the position is not asked what it has; the process believes its own memory. */
const trustsMemory = { file: applying, find: 'item.seq > (held.get(run.partition.key) ?? 0)', replace: 'item.seq > 0' } as const;

/** Bugs between one service's log and another's. */
export const messagingBugs: readonly PlantedBug[] = [
  {
    id: 'relay-from-now',
    what: 'a relay that takes a shard over begins at the newest row',
    edits: [
      {
        file: relay,
        find: 'const heads = await this.options.log.heads();',
        replace:
          'const heads = await this.options.log.heads();\n        for (const { shard, seq } of heads) { const owned = this.#owned.get(shard); if (owned !== undefined && !owned.begun) { owned.begun = true; owned.seq = Math.max(owned.seq, seq); } }',
      },
    ],
    expected: ['I5'],
    attack: async (attacked, injector) => {
      // Nothing is published while the broker stands still: whoever comes after the kill finds a tail.
      await Promise.all([at([2_000, { kind: 'broker-pause', ms: 4_000 }])(attacked, injector), at([4_000, { kind: 'kill', part: 'order' }])(attacked, injector)]);
      await at([4_000, { kind: 'kill', part: 'order' }])(attacked, injector);
    },
  },
  {
    id: 'cursor-before-ack',
    what: 'the cursor moves before the broker has acknowledged',
    edits: [
      {
        file: relay,
        find: 'const acknowledged = await this.producer.send(',
        replace: 'for (const { partition: shard, messages } of batches) { const cursor = this.#owned.get(shard); if (cursor !== undefined) cursor.seq += messages.length; }\n        const acknowledged = await this.producer.send(',
      },
      { file: relay, find: '            cursor.seq += messages.length;\n            cursor.topicEnd', replace: '            cursor.topicEnd' },
    ],
    expected: ['I5'],
    attack: at([1_500, { kind: 'broker-kill', ms: 14_000 }]),
  },
  {
    id: 'position-before-apply',
    what: 'the position is stored before the facts are applied',
    edits: [
      trustsMemory,
      {
        file: consumer,
        find: 'const applied = await applyRuns(this.#context, runs, (some)=>{',
        replace:
          'await movePositions(this.#options.sql, this.group, runs.map(({ partition, items })=>({ topic: partition.topic, partition: partition.partition, epoch: partition.epoch, lastSeq: items.at(-1).seq, nextOffset: partition.offsetAfter(items) })));\n            const applied = await applyRuns(this.#context, runs, (some)=>{',
      },
    ],
    expected: ['I5'],
    attack: killsAt('inventory', 'before-commit', 'before-append', 'before-commit', 'before-append'),
  },
  {
    id: 'position-apart',
    what: 'the position is not stored in the transaction that it stands for',
    edits: [{ file: applying, find: 'lastSeq: Math.max(items.at(-1)?.seq ?? 0, held.get(partition.key) ?? 0)', replace: 'lastSeq: held.get(partition.key) ?? 0' }],
    expected: ['I8'],
    attack: killsAt('inventory', 'after-commit', 'after-commit', 'after-commit', 'after-commit'),
  },
  {
    id: 'dedup-off',
    what: 'a message that comes again is applied again',
    edits: [
      trustsMemory,
      { file: partition, find: 'if (position !== undefined && this.#isRepeat(position, message.offset)) continue;', replace: '' },
      {
        file: partition,
        find: 'else if (item.seq < expected) this.#checkDuplicate(item, run);',
        replace: 'else if (item.seq < expected && run.length === 0) { this.lastSeq = item.seq - 1; run.push(item); }\n            else if (item.seq < expected) this.#checkDuplicate(item, run);',
      },
    ],
    expected: ['I8'],
    attack: replays,
  },
  {
    id: 'no-fence',
    what: 'whoever thinks that a partition is his moves its position',
    edits: [
      trustsMemory,
      { file: positions, find: 'on held.topic = mine.topic and held.partition = mine.partition and held.epoch = mine.epoch', replace: 'on held.topic = mine.topic and held.partition = mine.partition and mine.epoch > 0' },
      { file: positions, find: 'and held.partition = moved.partition and held.epoch = moved.epoch', replace: 'and held.partition = moved.partition and moved.epoch > 0' },
      { file: applying, find: 'lastSeq: Math.max(items.at(-1)?.seq ?? 0, held.get(partition.key) ?? 0)', replace: 'lastSeq: items.at(-1)?.seq ?? 0' },
    ],
    expected: ['I5', 'I8'],
    attack: sleeper('inventory'),
  },
  {
    id: 'gap-skipped',
    what: 'a hole in a topic is passed over',
    edits: [{ file: consumer, find: 'this.#inBackground(()=>this.#fillHole(state, front.holeBefore));', replace: 'state.lastSeq = front.holeBefore - 1;' }],
    expected: ['I5'],
    attack: unheard('routing', 'order'),
  },
  {
    id: 'tail-check-off',
    what: 'nobody asks whether the end of a topic is the end of the log',
    edits: [{ file: consumer, find: 'await this.#fillHole(state, state.headSeq + 1);', replace: 'state.tail = undefined;' }],
    expected: ['I5', 'I13'],
    attack: unheardAtTheEnd('inventory', 'order'),
  },
  {
    id: 'foreign-log-accepted',
    what: 'a message of another log is taken for the producer’s',
    edits: [{ file: partition, find: 'if (item.logId !== this.logId) this.strays', replace: 'if (item.seq < 0) this.strays' }],
    expected: ['I5', 'I12'],
    attack: foreigner,
  },
  {
    id: 'park-without-holding',
    what: 'of a parked stream only the fact that failed waits, those after it are applied',
    edits: [
      {
        file: 'services/inventory/api/kafka/order.listener.js',
        find: 'async follow(facts, tx) {',
        // Something to park: one in sixteen orders cannot be committed.
        replace: "async follow(facts, tx) {\n        if (facts.some(({ type, data })=>type === 'OrderReleased' && data.orderId.endsWith('0'))) throw new Error('provoked');",
      },
      { file: applying, find: 'if (closed.has(target)) {', replace: 'if (wrong !== undefined) {' },
    ],
    expected: ['I15'],
  },
  {
    id: 'late-scan-moves-back',
    what: 'a scan that is told again is believed again',
    edits: [
      { file: 'services/shipping/domain/tracking-scan.js', find: 'box?.label === undefined || box.scanIds.has(scan.scanId) || scanRefusal', replace: 'box?.label === undefined || scanRefusal' },
      { file: 'services/shipping/domain/tracking-scan.js', find: "if (box.status === 'handed_over') return [", replace: "if (box.status !== 'labeled') return [" },
    ],
    expected: ['I9'],
    attack: toldAgain,
  },
];
