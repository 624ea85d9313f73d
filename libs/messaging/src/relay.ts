import { randomUUID } from 'node:crypto';
import { eventsTopic, type ServiceName } from '@orderlog/contracts';
import type { EventLog, LogFollower, ShardCursors, SqlExecutor, StoredEvent } from '@orderlog/event-log';
import { encodeEvent } from './cloud-events.js';
import type { KafkaClient, KafkaProducer, OutgoingMessage, PartitionBatch } from './kafka.port.js';
import { stderrLogger, type MessagingLogger } from './logger.js';
import { firstRecent, moveCursors, takeLeases, type Cursor } from './relay-cursors.js';
import { backOffMs, describe } from './retries.js';
import { Signal } from './signal.js';

/** How far publishing is. */
export type RelayStats = {
  readonly ownedShards: readonly number[];
  readonly stoppedShards: readonly { readonly shard: number; readonly reason: string }[];
  readonly published: number;
  readonly sends: number;
  readonly republished: number;
  readonly errors: number;
  /** Rows of the owned shards that are not on the topic, as of the last renewal of the leases, and the age of the oldest one read. */
  readonly lagRecords: number;
  readonly lagSeconds: number;
};

/** Publishes a log, one active process per shard. */
export interface Relay {
  stop(): Promise<void>;
  stats(): RelayStats;
}

/** What a relay is made of. */
export type RelayOptions = {
  readonly log: EventLog;
  readonly sql: SqlExecutor;
  readonly kafka: KafkaClient;
  /** Default `<prefix><service>.events`. */
  readonly topic?: string;
  readonly topicPrefix?: string;
  readonly logger?: MessagingLogger;
};

/** Rows of one read: a few sends. With 8,000 a message took 31 us of CPU, with these 28 (means of four runs each). */
const rowsOfReadMax = 2000;
const rowsOfShardMax = 500;
const rowsOfShard = (shards: number): number => Math.min(rowsOfShardMax, Math.ceil(rowsOfReadMax / shards));
const rowsOfSendMax = 2000;
const bytesOfSendMax = 1024 * 1024;
const leaseMs = 5000;
const renewMs = 1500;
/**
 * Under load rows gather this long: a send for each commit would cost more than the rows in it. The first after a pause goes at once, and so
 * does everything behind a read that was full.
 */
const gatherMs = 60;
/** What this process appends wakes the relay; only what another process of the service appended waits this long. */
const idleMs = 250;
/** Moving a cursor is a commit. What a crash repeats because of this is dropped by the consumers. */
const storeMs = 200;

/** A shard in our hands; nothing of it is sent before it was compared with its topic. */
type Owned = Cursor & { storedSeq: number; isCompared: boolean };

type Round = { readonly published: number; readonly isFull: boolean };
const nothing: Round = { published: 0, isFull: false };
/** Rows asked for before those in front of them are published, and what they were asked for. */
type Ahead = { readonly cursors: ShardCursors; readonly limit: number; readonly rows: Promise<readonly StoredEvent[]> };

/** The cursors behind these rows. */
const behind = (cursors: ShardCursors, rows: readonly StoredEvent[]): ShardCursors => {
  const newest = new Map(rows.map(({ event: { shard, seq } }) => [shard, seq]));
  return cursors.map(({ shard, after }) => ({ shard, after: newest.get(shard) ?? after }));
};

class ShardRelay implements Relay {
  readonly #topic: string;
  readonly #follower: LogFollower;
  readonly #owner = randomUUID();
  readonly #logger: MessagingLogger;
  readonly #wake = new Signal();
  readonly #stopped = new Map<number, string>();
  readonly #counters = { published: 0, sends: 0, republished: 0, errors: 0 };
  #owned = new Map<number, Owned>();
  /** By our own clock, for a process that was frozen: the database's clock decides, this one only spares the duplicates. */
  #leaseUntilMs = 0;
  #renewAtMs = 0;
  #storeAtMs = 0;
  #sentAtMs = 0;
  #ahead: Ahead | undefined;
  #lag = { records: 0, seconds: 0 };
  #isGoing = true;
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: RelayOptions,
    private readonly producer: KafkaProducer,
  ) {
    this.#topic = options.topic ?? `${options.topicPrefix ?? ''}${eventsTopic(options.log.service as ServiceName)}`;
    this.#follower = options.log.follow();
    this.#logger = options.logger ?? stderrLogger;
  }

  begin(): void {
    const unlisten = this.options.log.onAppended(() => this.#wake.notify());
    this.#running = this.#run().finally(unlisten);
  }

  async stop(): Promise<void> {
    this.#isGoing = false;
    this.#wake.notify();
    await this.#running;
    await this.producer.close();
  }

  stats(): RelayStats {
    return {
      ownedShards: [...this.#owned.keys()],
      stoppedShards: [...this.#stopped].map(([shard, reason]) => ({ shard, reason })),
      ...this.#counters,
      lagRecords: this.#lag.records,
      lagSeconds: this.#lag.seconds,
    };
  }

  async #run(): Promise<void> {
    for (let attempt = 0; this.#isGoing; ) {
      try {
        if (Date.now() >= this.#renewAtMs) await this.#renew();
        const { published, isFull } = await this.#round();
        await this.#store(published === 0 ? 0 : storeMs);
        attempt = 0;
        if (published === 0) await this.#wake.wait(idleMs);
        else if (!isFull) await this.#gather();
      } catch (error) {
        attempt += 1;
        this.#counters.errors += 1;
        this.#logger.error({ topic: this.#topic, error: describe(error), attempt }, 'publishing failed; it is tried again');
        await this.#wake.wait(backOffMs(attempt));
      }
    }
    await this.#release().catch((error: unknown) => this.#logger.warn({ topic: this.#topic, error: describe(error) }, 'the leases were not given back'));
  }

  /** Lets at least `gatherMs` pass between two sends. */
  async #gather(): Promise<void> {
    const ms = this.#sentAtMs + gatherMs - Date.now();
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** Takes and renews leases; a shard that comes new is compared with its topic. */
  async #renew(): Promise<void> {
    const askedAtMs = Date.now();
    const cursors = await takeLeases(this.options.sql, this.#owner, this.options.log.shards, leaseMs);
    const before = this.#owned;
    this.#owned = new Map(
      cursors.map((cursor) => {
        const known = before.get(cursor.shard);
        return [cursor.shard, known?.epoch === cursor.epoch ? known : { ...cursor, storedSeq: cursor.seq, isCompared: false }];
      }),
    );
    const fresh = [...this.#owned.values()].filter(({ isCompared }) => !isCompared);
    for (const { shard } of fresh) this.#stopped.delete(shard);
    if (fresh.length > 0) await this.#compareWithTopic(fresh);
    this.#leaseUntilMs = askedAtMs + leaseMs;
    this.#renewAtMs = askedAtMs + renewMs;
    await this.#measureLag();
  }

  async #measureLag(): Promise<void> {
    const heads = await this.options.log.heads();
    const records = heads.reduce((total, { shard, seq }) => total + Math.max(0, seq - (this.#owned.get(shard)?.seq ?? seq)), 0);
    this.#lag = { records, seconds: records === 0 ? 0 : this.#lag.seconds };
  }

  /** A topic that ends before our last send was emptied or made anew: what it should still hold is published again. */
  async #compareWithTopic(cursors: readonly Owned[]): Promise<void> {
    const admin = await this.options.kafka.admin();
    try {
      const ends = new Map((await admin.ends(this.#topic)).map((end) => [end.partition, end]));
      for (const cursor of cursors) {
        const end = ends.get(cursor.shard);
        if (end === undefined) throw new Error(`${this.#topic} has no partition ${cursor.shard}`);
        const isShorter = end.high < cursor.topicEnd;
        const isEmptied = end.low === end.high;
        if (cursor.seq > 0 && (isShorter || isEmptied)) await this.#backToRecent(cursor, isShorter ? 'shorter' : 'empty');
        cursor.isCompared = true;
      }
    } finally {
      await admin.close();
    }
  }

  async #backToRecent(cursor: Owned, what: string): Promise<void> {
    const first = await firstRecent(this.options.log, cursor.shard, cursor.seq);
    if (first > cursor.seq) return;
    this.#logger.error({ topic: this.#topic, shard: cursor.shard, from: first, to: cursor.seq }, `the topic is ${what} than it was left; it is published again`);
    this.#counters.republished += cursor.seq - first + 1;
    cursor.seq = first - 1;
    cursor.topicEnd = 0;
  }

  /** Reads and sends until no shard has more or there is something else to do; answers how many rows were published, and whether a shard has more. */
  async #round(): Promise<Round> {
    if (Date.now() >= this.#leaseUntilMs) return nothing;
    let cursors: ShardCursors = [...this.#owned.values()].filter(({ shard, isCompared }) => isCompared && !this.#stopped.has(shard)).map(({ shard, seq }) => ({ shard, after: seq }));
    if (cursors.length === 0) return nothing;
    const limit = rowsOfShard(cursors.length);
    let published = 0;
    let isFull: boolean;
    let sending: Promise<boolean> | undefined;
    try {
      do {
        const rows = await this.#read(cursors, limit);
        const [first] = rows;
        if (first === undefined) return { published, isFull: false };
        // By (shard, seq): whatever lies this far behind another row of its shard is the last that was read of it.
        isFull = rows.some(({ event: { shard } }, n) => rows[n + limit - 1]?.event.shard === shard);
        this.#lag = { ...this.#lag, seconds: Math.max(0, (Date.now() - Date.parse(first.event.recordedAt)) / 1000) };
        const contiguous = this.#contiguous(cursors, rows);
        cursors = behind(cursors, rows);
        if (isFull) this.#readAhead(cursors, limit);
        for (const chunk of this.#chunks(contiguous)) {
          // Made ready while the one before is on its way.
          const batches = sending === undefined ? chunk : this.producer.prepare(chunk);
          if ((await sending) === false || Date.now() >= this.#leaseUntilMs) return { published, isFull };
          sending = this.#send(batches);
          // It is awaited, but something else may go wrong first.
          sending.catch(() => undefined);
          published += chunk.reduce((count, { messages }) => count + messages.length, 0);
          // The client writes its request before anything else is done.
          await new Promise((resolve) => setImmediate(resolve));
        }
      } while (isFull && this.#isGoing && Date.now() < Math.min(this.#renewAtMs, this.#storeAtMs + storeMs));
      return { published, isFull };
    } finally {
      // No round leaves a send behind: its acknowledgement would move cursors from which the next round had already begun.
      await sending;
    }
  }

  /** The messages of the rows, as much at a time as fits a send. */
  *#chunks(rows: readonly StoredEvent[]): Generator<readonly PartitionBatch[]> {
    let chunk = new Map<number, OutgoingMessage[]>();
    let [count, bytes] = [0, 0];
    const batchesOf = (messagesOf: typeof chunk): readonly PartitionBatch[] => [...messagesOf].map(([partition, messages]) => ({ partition, messages }));
    for (const row of rows) {
      const message = encodeEvent(this.options.log.service as ServiceName, row);
      const size = message.value.length + 600;
      if (count >= rowsOfSendMax || (count > 0 && bytes + size > bytesOfSendMax)) {
        yield batchesOf(chunk);
        chunk = new Map();
        [count, bytes] = [0, 0];
      }
      const { shard } = row.event;
      const some = chunk.get(shard);
      if (some === undefined) chunk.set(shard, [message]);
      else some.push(message);
      count += 1;
      bytes += size;
    }
    if (count > 0) yield batchesOf(chunk);
  }

  /** What was read ahead, if it is what follows now; else what follows now. */
  async #read(cursors: ShardCursors, limit: number): Promise<readonly StoredEvent[]> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const isNext = ahead?.limit === limit && ahead.cursors.length === cursors.length && cursors.every(({ shard, after }, n) => ahead.cursors[n]?.shard === shard && ahead.cursors[n].after === after);
    return isNext ? ahead.rows : this.#follower.readStored(cursors, limit);
  }

  /** Begins to read what follows while what was read is sent: the database and the broker work at the same time. */
  #readAhead(cursors: ShardCursors, limit: number): void {
    const ahead = { cursors, limit, rows: this.#follower.readStored(cursors, limit) };
    // Whoever takes it hears of it; nobody may.
    ahead.rows.catch(() => undefined);
    this.#ahead = ahead;
  }

  /** Rows that follow their shard's cursor. A hole cannot be: whoever sees one stops the shard and calls for help. */
  #contiguous(cursors: ShardCursors, rows: readonly StoredEvent[]): readonly StoredEvent[] {
    const expected = new Map(cursors.map(({ shard, after }) => [shard, after + 1]));
    return rows.filter(({ event: { shard, seq } }) => {
      const next = expected.get(shard);
      if (next === undefined || this.#stopped.has(shard)) return false;
      if (seq !== next) {
        const reason = `seq ${seq} follows ${next - 1} in shard ${shard}`;
        this.#stopped.set(shard, reason);
        this.#logger.error({ topic: this.#topic, shard, reason }, 'the log has a hole; the shard is not published any more');
        return false;
      }
      expected.set(shard, seq + 1);
      return true;
    });
  }

  /** One send. Cursors move only behind the acknowledgement; false: one of them was set back, and what follows these rows may not go out now. */
  async #send(batches: readonly PartitionBatch[]): Promise<boolean> {
    this.#sentAtMs = Date.now();
    const acknowledged = await this.producer.send(this.#topic, batches);
    this.#counters.sends += 1;
    const offsets = new Map(acknowledged.map(({ partition, baseOffset }) => [partition, baseOffset]));
    let goesOn = true;
    for (const { partition: shard, messages } of batches) {
      const cursor = this.#owned.get(shard);
      if (cursor === undefined) continue;
      const baseOffset = offsets.get(shard) ?? cursor.topicEnd;
      const wasShorter = baseOffset < cursor.topicEnd;
      cursor.seq += messages.length;
      cursor.topicEnd = baseOffset + messages.length;
      this.#counters.published += messages.length;
      if (!wasShorter) continue;
      await this.#backToRecent(cursor, 'shorter');
      goesOn = false;
    }
    return goesOn;
  }

  async #store(everyMs: number): Promise<void> {
    const moved = [...this.#owned.values()].filter(({ seq, storedSeq }) => seq !== storedSeq);
    if (moved.length === 0 || Date.now() < this.#storeAtMs + everyMs) return;
    this.#storeAtMs = Date.now();
    const mine = await moveCursors(this.options.sql, this.#owner, moved);
    for (const cursor of moved) {
      cursor.storedSeq = cursor.seq;
      // Another epoch: the shard has a new owner, or an operator set its cursor back.
      if (!mine.has(cursor.shard)) {
        this.#owned.delete(cursor.shard);
        this.#renewAtMs = 0;
      }
    }
  }

  async #release(): Promise<void> {
    await this.#store(0);
    await this.options.sql.query('update relay_cursor set lease_until = clock_timestamp() where owner = $1', [this.#owner]);
  }
}

/** Starts publishing the log to its topic, one to one. */
export const startRelay = async (options: RelayOptions): Promise<Relay> => {
  const relay = new ShardRelay(options, await options.kafka.producer());
  relay.begin();
  return relay;
};

/** Rows of a shard that are published again, both included. */
export type Republished = { readonly shard: number; readonly fromSeq: number; readonly toSeq: number };

/**
 * Sets cursors back, so that the relay publishes again, whoever runs it: its epoch ends here. Without `fromSeq` each shard goes back to
 * the first row that its topic should still hold (consumers read older ones from the log). Consumers drop what they have.
 */
export const republish = async (options: {
  readonly log: EventLog;
  readonly sql: SqlExecutor;
  /** Default: all. */
  readonly shards?: readonly number[];
  readonly fromSeq?: number;
}): Promise<readonly Republished[]> => {
  const { log, sql, shards = Array.from({ length: log.shards }, (_, shard) => shard), fromSeq } = options;
  const heads = new Map((await log.heads()).map(({ shard, seq }) => [shard, seq]));
  const again = await Promise.all(shards.map(async (shard) => ({ shard, fromSeq: fromSeq ?? (await firstRecent(log, shard, heads.get(shard) ?? 0)) })));
  const { rows } = await sql.query<{ shard: number; from_seq: string; to_seq: string }>(
    `with before as (select shard, seq from relay_cursor where shard = any($1::integer[])),
     back as (
       update relay_cursor c set seq = least(c.seq, again.seq), epoch = c.epoch + 1, owner = '', lease_until = clock_timestamp()
       from unnest($1::integer[], $2::bigint[]) as again (shard, seq) where c.shard = again.shard returning c.shard, c.seq)
     select shard, back.seq + 1 as from_seq, before.seq as to_seq from back join before using (shard) where before.seq > back.seq order by shard`,
    [again.map(({ shard }) => shard), again.map((one) => one.fromSeq - 1)],
  );
  return rows.map(({ shard, from_seq, to_seq }) => ({ shard, fromSeq: Number(from_seq), toSeq: Number(to_seq) }));
};
