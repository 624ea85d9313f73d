import type { ServiceName } from '@orderlog/contracts';
import { decodeFact, positionOf, textsOf, type WirePosition, type WireRecord } from './cloud-events.js';
import type { Fact, FactsListener } from './facts.js';
import type { IncomingMessage, TopicPartition } from './kafka.port.js';
import type { Stray } from './parking.js';
import type { ClaimedPosition } from './positions.js';
import { describe } from './retries.js';

/** What a row of the producer's log means here, found out once however often it is tried. */
export type Reading =
  | { readonly kind: 'pass' }
  | { readonly kind: 'act'; readonly listener: FactsListener; readonly fact: Fact; readonly target: string; readonly wrong?: string }
  /** The message is damaged: the log has it whole. */
  | { readonly kind: 'garbled'; readonly reason: string }
  /** Readable, but of no use, and with no stream that could be parked. */
  | { readonly kind: 'stray'; readonly reason: string };

/** A row of the producer's log that waits to be applied: from the topic, or (without an offset) from the log itself. */
export interface Pending extends WirePosition {
  /** Of the message, or of the last repeat that came right behind the queue it stands at the end of. */
  offset: number | undefined;
  readonly timestampMs: number;
  decode(): Fact;
  stray(reason: string): Stray;
  reading: Reading | undefined;
}

/** Rows that follow the position without a hole. */
export type Run = { readonly partition: AssignedPartition; readonly items: readonly Pending[] };

/** What stands at the front of the queue: rows to apply, a hole before `before`, or nothing. */
export type Front = { readonly run: readonly Pending[] } | { readonly holeBefore: number } | undefined;

const remembered = 1024;

/** Headers come as texts from our own reader of fetch responses, as bytes from the client's. */
const textHeaders = (headers: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.slice(0, 200), (Buffer.isBuffer(value) ? value.toString('utf8') : typeof value === 'string' ? value : '').slice(0, 2000)]));

const strayOf = ({ topic, partition }: TopicPartition, { offset, key, headers, value }: IncomingMessage, reason: string): Stray => ({
  topic,
  partition,
  messageOffset: offset,
  reason,
  key: key?.toString('utf8'),
  headers: textHeaders(headers),
  value: value?.toString('utf8'),
});

/** A row as its message brought it. */
class FromTopic implements Pending {
  readonly logId: string;
  readonly shard: number;
  readonly seq: number;
  readonly eventId: string;
  readonly type: string;
  readonly timestampMs: number;
  offset: number | undefined;
  reading: Reading | undefined = undefined;
  readonly #partition: AssignedPartition;
  readonly #message: IncomingMessage;

  constructor(partition: AssignedPartition, message: IncomingMessage, { logId, shard, seq, eventId, type }: WirePosition) {
    // The partition's text, where it is the same: thousands of copies would wait otherwise.
    this.logId = logId === partition.logId ? partition.logId : logId;
    this.shard = shard;
    this.seq = seq;
    this.eventId = eventId;
    this.type = type;
    this.timestampMs = message.timestampMs;
    this.offset = message.offset;
    this.#partition = partition;
    this.#message = message;
  }

  decode(): Fact {
    const message = this.#message;
    return decodeFact(this.#partition.source, message.key?.toString('utf8'), (names) => message.texts(names), message.value?.toString('utf8'), this);
  }

  stray(reason: string): Stray {
    return strayOf(this.#partition, this.#message, reason);
  }
}

/** One partition between its claim and the next rebalance: the queue, the position, the state it is in. Knows no database and no Kafka. */
export class AssignedPartition implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly source: ServiceName;
  readonly key: string;
  epoch = 0;
  logId: string | undefined;
  /** Applied or passed over, in this process. */
  lastSeq = 0;
  /** As the database has it: never more than `lastSeq`. */
  storedSeq = 0;
  nextOffset = 0;
  storedAtMs = 0;
  committedOffset = -1;
  status: 'claiming' | 'running' | 'waiting' | 'stopped' = 'claiming';
  reason: string | undefined;
  attempts = 0;
  retryAtMs = 0;
  isPaused = true;
  isFilling = false;
  highWatermark = 0;
  /** The producer's newest, as of the last tail check. */
  headSeq = 0;
  tail: { readonly sinceMs: number; readonly seq: number } | undefined;
  readonly strays: Stray[] = [];
  duplicates = 0;
  #queue: Pending[] = [];
  readonly #ids = new Array<string | undefined>(remembered);

  constructor({ topic, partition }: TopicPartition, source: ServiceName) {
    this.topic = topic;
    this.partition = partition;
    this.source = source;
    this.key = `${topic}/${partition}`;
  }

  get queued(): number {
    return this.#queue.length;
  }

  /** The newest row that is here, applied or not. */
  get knownSeq(): number {
    return Math.max(this.lastSeq, this.#queue.at(-1)?.seq ?? 0);
  }

  get oldestTimestampMs(): number | undefined {
    return this.#queue[0]?.timestampMs;
  }

  /** Begins at a claimed position. */
  begin(claimed: ClaimedPosition): void {
    this.epoch = claimed.epoch;
    this.logId = claimed.logId;
    this.lastSeq = claimed.lastSeq;
    this.storedSeq = claimed.lastSeq;
    this.nextOffset = claimed.nextOffset;
    this.#queue = [];
  }

  get isStopped(): boolean {
    return this.status === 'stopped';
  }

  stop(reason: string): void {
    this.status = 'stopped';
    this.reason = reason;
    this.#queue = [];
  }

  /** Takes messages in as they came. */
  accept(messages: readonly IncomingMessage[]): void {
    for (const message of messages) {
      const position = positionOf((names) => message.texts(names));
      if (position !== undefined && this.#isRepeat(position, message.offset)) continue;
      if (position === undefined || position.shard !== this.partition) this.strays.push(strayOf(this, message, 'its envelope cannot be read'));
      else this.#queue.push(new FromTopic(this, message, position));
    }
  }

  /** Takes rows in that the topic did not bring; they belong before everything that waits. */
  fill(records: readonly WireRecord[], nowMs: number): void {
    const rows = records.flatMap(({ key, headers, value }): Pending[] => {
      const texts = textsOf(headers);
      const position = positionOf(texts);
      if (position === undefined) return [];
      const stray = (reason: string): Stray => ({ topic: this.topic, partition: this.partition, messageOffset: -position.seq, reason, key, headers, value });
      return [{ ...position, offset: undefined, timestampMs: nowMs, reading: undefined, decode: () => decodeFact(this.source, key, texts, value, position), stray }];
    });
    this.#queue.unshift(...rows);
  }

  /** Looks at the front of the queue, throwing away on the way what is another log's or has been applied. */
  front(max: number): Front {
    const run: Pending[] = [];
    let n = 0;
    for (; n < this.#queue.length && run.length < max && !this.isStopped; n += 1) {
      const item = this.#queue[n] as Pending;
      const expected = this.lastSeq + run.length + 1;
      if (item.logId !== this.logId) this.strays.push(item.stray(`it is of another log, ${item.logId}`));
      else if (item.seq < expected) this.#checkDuplicate(item, run);
      else if (item.seq > expected) break;
      else run.push(item);
    }
    const next = this.#queue[n];
    if (this.isStopped) return undefined;
    if (n > run.length) this.#queue = run.concat(this.#queue.slice(n));
    if (run.length > 0) return { run };
    return next === undefined ? undefined : { holeBefore: next.seq };
  }

  /** A row came again: it has to be the same one. */
  #checkDuplicate(item: Pending, run: readonly Pending[]): void {
    this.duplicates += 1;
    if (item.offset !== undefined) this.nextOffset = Math.max(this.nextOffset, run.length === 0 ? item.offset + 1 : 0);
    const first = item.seq > this.lastSeq ? run[item.seq - this.lastSeq - 1]?.eventId : this.#idOf(item.seq);
    if (first !== undefined && first !== item.eventId) {
      this.stop(`seq ${item.seq} came as event ${first} and again as event ${item.eventId}`);
    }
  }

  #idOf(seq: number): string | undefined {
    return seq > this.lastSeq - remembered ? this.#ids[seq % remembered] : undefined;
  }

  /**
   * Drops a row that is here already, or was applied, before anything is made of it: a producer that lost an acknowledgement sends hundreds again.
   * Whatever is not plainly the same row waits in the queue for `front` to judge.
   */
  #isRepeat({ logId, shard, seq, eventId }: WirePosition, offset: number): boolean {
    const last = this.#queue.at(-1);
    if (logId !== this.logId || shard !== this.partition || seq > (last?.seq ?? this.lastSeq)) return false;
    const waiting = this.#queue[seq - (this.#queue[0]?.seq ?? 0)];
    const known = seq <= this.lastSeq ? (this.#idOf(seq) ?? eventId) : waiting?.seq === seq && waiting.logId === logId ? waiting.eventId : undefined;
    // A row from the log itself has no offset, and by that is known not to be a message.
    if (known !== eventId || (last !== undefined && last.offset === undefined)) return false;
    this.duplicates += 1;
    // What is applied up to here makes this message done, too.
    if (last === undefined) this.nextOffset = Math.max(this.nextOffset, offset + 1);
    else last.offset = Math.max(last.offset ?? 0, offset);
    return true;
  }

  /** The producer has no row before this one, hence not this one either. */
  rejectBeyond(seq: number): void {
    for (const item of this.#queue) if (item.seq >= seq) this.strays.push(item.stray("it is beyond the head of the producer's log"));
    this.#queue = this.#queue.filter((item) => item.seq < seq);
  }

  /** Removes one message that cannot be read, so that its row is filled from the log. */
  discard(item: Pending): void {
    this.#queue = this.#queue.filter((other) => other !== item);
  }

  /** The front of the queue is done, up to and including `items`. */
  done(items: readonly Pending[]): void {
    for (const item of items) {
      this.#ids[item.seq % remembered] = item.eventId;
      this.lastSeq = item.seq;
      if (item.offset !== undefined) this.nextOffset = Math.max(this.nextOffset, item.offset + 1);
    }
    const last = items.at(-1)?.seq ?? 0;
    let n = 0;
    while (n < this.#queue.length && (this.#queue[n] as Pending).seq <= last) n += 1;
    this.#queue.splice(0, n);
    this.attempts = 0;
    this.retryAtMs = 0;
  }

  /** The offset to begin at after these items. */
  offsetAfter(items: readonly Pending[]): number {
    return items.reduce((next, { offset }) => (offset === undefined ? next : Math.max(next, offset + 1)), this.nextOffset);
  }

  /** What an item means to the listener for its type, if any: read once. */
  read(item: Pending, listener: FactsListener | undefined, check: (fact: Fact) => string | undefined): Reading {
    item.reading ??= readingOf(item, listener, check);
    return item.reading;
  }
}

const pass: Reading = { kind: 'pass' };

const readingOf = (item: Pending, listener: FactsListener | undefined, check: (fact: Fact) => string | undefined): Reading => {
  if (listener === undefined) return pass;
  let fact: Fact;
  try {
    fact = item.decode();
  } catch (error) {
    return { kind: 'garbled', reason: `it cannot be read: ${describe(error)}` };
  }
  const wrong = check(fact);
  let target: string | undefined;
  try {
    target = listener.target(fact);
  } catch (error) {
    return { kind: 'stray', reason: wrong ?? `its target cannot be told: ${describe(error)}` };
  }
  if (target !== undefined) return { kind: 'act', listener, fact, target, ...(wrong === undefined ? {} : { wrong }) };
  return wrong === undefined ? pass : { kind: 'stray', reason: wrong };
};
