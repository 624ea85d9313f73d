import { randomUUID } from 'node:crypto';
import { checkPayload, eventsTopic, type ServiceName } from '@orderlog/contracts';
import type { EventLog, SqlExecutor } from '@orderlog/event-log';
import { applyRuns, type Applied, type ApplyContext } from './apply-runs.js';
import { AssignedPartition, type Run } from './assigned-partition.js';
import type { Fact, FactsListener } from './facts.js';
import { FairTurns } from './fair-turns.js';
import type { IncomingBatch, KafkaClient, KafkaConsumer, TopicPartition } from './kafka.port.js';
import type { ProducerLog } from './log-reader.js';
import { stderrLogger, type MessagingLogger } from './logger.js';
import { parkedCount, quarantine } from './parking.js';
import { bindLog, claimPositions, movePositions } from './positions.js';
import { backOffMs, describe, isRetryable, transientTriesMax } from './retries.js';
import { Signal } from './signal.js';

/** What a consumer is made of. */
export type LogConsumerOptions = {
  /** The service that listens; its own log is written to. */
  readonly log: EventLog;
  /** The service's schema, for claims and quarantine: statements of their own, outside of the log's transactions. */
  readonly sql: SqlExecutor;
  readonly kafka: KafkaClient;
  readonly listeners: readonly FactsListener[];
  /** The log reader of every service that is listened to. */
  readonly producers: Readonly<Partial<Record<ServiceName, ProducerLog>>>;
  /** Default `<prefix><service>.process`. */
  readonly group?: string;
  /** Before every topic's name: for tests that share a broker. */
  readonly topicPrefix?: string;
  readonly logger?: MessagingLogger;
  /** The tail check's period and its patience; defaults 5 s and 10 s. */
  readonly tailCheckMs?: number;
  readonly tailFillAfterMs?: number;
  /** Most rows in one transaction; default 1,000. */
  readonly batchMax?: number;
  /** Parked streams beyond which it is a bug and no bad record, and the consumer stops; default 50. */
  readonly parkedMax?: number;
};

/** One assigned partition now. */
export type PartitionStats = {
  readonly topic: string;
  readonly partition: number;
  readonly status: AssignedPartition['status'];
  /** Why it stopped or waits, in words. */
  readonly reason?: string;
  readonly lastSeq: number;
  readonly lagRecords: number;
  readonly lagSeconds: number;
  readonly queued: number;
};

/** Counters since the start, and the partitions now. */
export type LogConsumerStats = {
  readonly status: 'starting' | 'running' | 'stopped' | 'failed';
  /** Why it failed, in words. */
  readonly reason?: string;
  readonly batches: number;
  readonly facts: number;
  readonly passed: number;
  readonly duplicates: number;
  readonly gaps: number;
  readonly gapFacts: number;
  readonly retries: number;
  readonly zombies: number;
  readonly parked: number;
  readonly quarantined: number;
  readonly partitions: readonly PartitionStats[];
};

/** Rows of one partition in one transaction. */
const runMax = 500;
/** And at least this many, if they are there, where several partitions share a transaction: each moves a position. */
const runLeast = 128;
/** Fetching pauses when two batches wait. */
const queueMax = 1000;
/** A position that only passed over rows may be this old in the database: reading them again does nothing. */
const storeAfterMs = 1000;
/** Under load facts gather this long: a transaction costs the same for one fact as for ten. The first after a pause is applied at once. */
const gatherMs = 30;
/** Facts of a minute below which one bad record is no bad rate. */
const rateSample = 1000;

/** Hears other services' facts: hand-over, positions, fence, gap fill, tail check, parking. */
export class LogConsumer {
  readonly group: string;
  readonly #options: LogConsumerOptions;
  readonly #logger: MessagingLogger;
  readonly #owner = randomUUID();
  readonly #sources = new Map<string, ServiceName>();
  readonly #listeners = new Map<ServiceName, Map<string, FactsListener>>();
  readonly #context: ApplyContext;
  readonly #work = new Signal();
  readonly #turns = new FairTurns({ rowsMax: runMax, rowsLeast: runLeast });
  readonly #counters = { batches: 0, facts: 0, passed: 0, duplicates: 0, gaps: 0, gapFacts: 0, retries: 0, zombies: 0, parked: 0, quarantined: 0 };
  #partitions = new Map<string, AssignedPartition>();
  #generation = 0;
  #status: LogConsumerStats['status'] = 'starting';
  #reason: string | undefined;
  #consumer: KafkaConsumer | undefined;
  /** The first assignment comes before the client is in our hands. */
  #joined: Promise<KafkaConsumer> | undefined;
  #worker: Promise<void> | undefined;
  #tailTimer: NodeJS.Timeout | undefined;
  #tailRunning: Promise<void> | undefined;
  readonly #background = new Set<Promise<void>>();
  #minute = { sinceMs: 0, facts: 0, parked: 0 };

  constructor(options: LogConsumerOptions) {
    const { log, listeners, producers, topicPrefix = '' } = options;
    this.#options = options;
    this.#logger = options.logger ?? stderrLogger;
    this.group = options.group ?? `${topicPrefix}${log.service}.process`;
    this.#context = { log, group: this.group, listeners };
    for (const listener of listeners) {
      for (const { source, types } of listener.hears) {
        if (producers[source] === undefined) throw new Error(`there is no log reader for ${source}`);
        this.#sources.set(`${topicPrefix}${eventsTopic(source)}`, source);
        const ofSource = this.#listeners.get(source) ?? new Map<string, FactsListener>();
        this.#listeners.set(source, ofSource);
        for (const type of types) {
          if (ofSource.has(type)) throw new Error(`two listeners for ${source}/${type}: an event has one target here`);
          ofSource.set(type, listener);
        }
      }
    }
  }

  /** Joins the group; resolves when the client runs, which is before the first assignment. */
  async start(): Promise<void> {
    this.#worker = this.#run();
    await this.#join();
    const everyMs = this.#options.tailCheckMs ?? 5000;
    this.#tailTimer = setInterval(() => {
      this.#tailRunning ??= this.#checkTails().finally(() => (this.#tailRunning = undefined));
    }, everyMs);
  }

  /** Stops the intake, finishes the running transaction, stores positions, leaves the group. */
  async stop(): Promise<void> {
    if (this.#status !== 'failed') this.#status = 'stopped';
    clearInterval(this.#tailTimer);
    this.#work.notify();
    await Promise.all([this.#worker, this.#tailRunning]);
    await this.#storePassed(0).catch((error: unknown) => this.#logger.warn({ error: describe(error) }, 'positions were not stored at the end'));
    await this.#commitOffsets();
    await this.#leave();
    await Promise.all(this.#background);
  }

  /** False while it cannot do all of its work: it failed, or a partition stopped. */
  isReady(): boolean {
    return this.#status === 'running' && ![...this.#partitions.values()].some(({ status }) => status === 'stopped');
  }

  stats(): LogConsumerStats {
    const partitions = [...this.#partitions.values()];
    const now = Date.now();
    return {
      status: this.#status,
      ...(this.#reason === undefined ? {} : { reason: this.#reason }),
      ...this.#counters,
      duplicates: this.#counters.duplicates + partitions.reduce((total, { duplicates }) => total + duplicates, 0),
      partitions: partitions.map((state) => ({
        topic: state.topic,
        partition: state.partition,
        status: state.status,
        ...(state.reason === undefined ? {} : { reason: state.reason }),
        lastSeq: state.lastSeq,
        lagRecords: Math.max(0, state.headSeq - state.lastSeq, state.queued),
        lagSeconds: state.oldestTimestampMs === undefined ? 0 : Math.max(0, (now - state.oldestTimestampMs) / 1000),
        queued: state.queued,
      })),
    };
  }

  async #join(): Promise<void> {
    this.#joined = this.#options.kafka.consumer({
      groupId: this.group,
      topics: [...this.#sources.keys()],
      listener: {
        onAssigned: (partitions) => this.#assigned(partitions),
        onBatch: (batch) => this.#take(batch),
        onCrash: (error, restarts) => this.#crashed(error, restarts),
      },
    });
    this.#consumer = await this.#joined;
  }

  async #leave(): Promise<void> {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    this.#generation += 1;
    this.#retire();
    await consumer?.stop();
  }

  #crashed(error: Error, restarts: boolean): void {
    this.#logger.error({ group: this.group, error: describe(error), restarts }, 'the Kafka client gave up');
    if (restarts) return;
    this.#inBackground(async () => {
      await this.#leave();
      for (let attempt = 1; this.#isGoing(); attempt += 1) {
        await this.#pause(backOffMs(attempt));
        if (!this.#isGoing()) return;
        try {
          await this.#join();
          return;
        } catch (again) {
          this.#logger.error({ group: this.group, error: describe(again) }, 'the Kafka client cannot start');
        }
      }
    });
  }

  #isGoing(): boolean {
    return this.#status === 'starting' || this.#status === 'running';
  }

  /** Sleeps, but not through the end. */
  async #pause(ms: number): Promise<void> {
    const until = Date.now() + ms;
    while (this.#isGoing() && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, Math.min(100, Math.max(1, until - Date.now()))));
  }

  #inBackground(work: () => Promise<void>): void {
    const running = work()
      .catch((error: unknown) => this.#logger.error({ group: this.group, error: describe(error) }, 'work beside the batches failed'))
      .finally(() => this.#background.delete(running));
    this.#background.add(running);
  }

  /** Counters of partitions that go are kept. */
  #retire(): void {
    for (const { duplicates } of this.#partitions.values()) this.#counters.duplicates += duplicates;
    this.#partitions = new Map();
  }

  /** Every partition begins anew at every assignment: whoever had it in between may have moved it. All are paused when this is called. */
  #assigned(partitions: readonly TopicPartition[]): void {
    this.#generation += 1;
    const generation = this.#generation;
    this.#retire();
    const states = partitions.flatMap((partition) => {
      const source = this.#sources.get(partition.topic);
      return source === undefined ? [] : [new AssignedPartition(partition, source)];
    });
    // The same partition of every topic side by side: the facts of an order meet in one transaction, and its events go to one shard.
    this.#partitions = new Map(states.sort((one, other) => one.partition - other.partition).map((state) => [state.key, state]));
    if (this.#status === 'starting') this.#status = 'running';
    this.#inBackground(() => this.#claim(states, generation));
  }

  /** Claims partitions and begins at their positions; gives up as soon as they are no longer assigned. */
  async #claim(states: readonly AssignedPartition[], generation: number): Promise<void> {
    const isCurrent = (): boolean => generation === this.#generation && this.#isGoing();
    for (let attempt = 1; isCurrent() && states.length > 0; attempt += 1) {
      try {
        const claimed = await claimPositions(this.#options.sql, this.group, this.#owner, states);
        if (!isCurrent()) return;
        const positions = new Map(claimed.map((position) => [`${position.topic}/${position.partition}`, position]));
        for (const state of states) {
          const position = positions.get(state.key);
          if (position !== undefined) state.begin(position);
        }
        break;
      } catch (error) {
        this.#logger.warn({ group: this.group, error: describe(error), attempt }, 'positions could not be claimed');
        await this.#pause(backOffMs(attempt));
      }
    }
    await Promise.all([...new Set(states.map(({ topic }) => topic))].map((topic) => this.#open(states.filter((state) => state.topic === topic), isCurrent)));
  }

  /** Makes sure of the producer's log, then lets the partitions of one topic run. */
  async #open(states: readonly AssignedPartition[], isCurrent: () => boolean): Promise<void> {
    const [first] = states;
    if (first === undefined) return;
    const { topic, source } = first;
    for (let attempt = 1; isCurrent(); attempt += 1) {
      try {
        const producer = await this.#producer(source).heads();
        if (!isCurrent()) return;
        if (states.some(({ logId }) => logId === undefined)) await bindLog(this.#options.sql, this.group, topic, producer.logId);
        for (const state of states) {
          state.logId ??= producer.logId;
          this.#compare(state, producer);
        }
        break;
      } catch (error) {
        this.#logger.warn({ group: this.group, topic, error: describe(error), attempt }, 'the log reader of the producer does not answer');
        // Known logs may begin: the producer is needed for holes only.
        if (states.every(({ logId }) => logId !== undefined)) break;
        for (const state of states) state.reason = `the log reader of ${source} does not answer`;
        await this.#pause(Math.min(backOffMs(attempt), 1000));
      }
    }
    const consumer = await this.#joined;
    if (!isCurrent()) return;
    const going = states.filter(({ status }) => status !== 'stopped');
    for (const state of going) {
      state.status = 'running';
      state.reason = undefined;
      state.isPaused = false;
      consumer?.seek(state, state.nextOffset);
    }
    consumer?.resume(going);
  }

  /** A position can only lie in the producer's log as it is. `lastSeq` is the position from before the heads were asked for: it moves on meanwhile. */
  #compare(state: AssignedPartition, producer: { readonly logId: string; readonly heads: ReadonlyMap<number, number> }, lastSeq = state.lastSeq): void {
    const head = producer.heads.get(state.partition) ?? 0;
    if (state.logId !== producer.logId) this.#stopPartition(state, `${state.source} has another log now, ${producer.logId}`);
    else if (lastSeq > head) this.#stopPartition(state, `the position ${lastSeq} is beyond the head ${head} of ${state.source}`);
    else state.headSeq = head;
  }

  #stopPartition(state: AssignedPartition, reason: string): void {
    state.stop(reason);
    this.#consumer?.pause([state]);
    this.#logger.error({ group: this.group, topic: state.topic, partition: state.partition, reason }, 'the partition is stopped');
  }

  #producer(source: ServiceName): ProducerLog {
    const producer = this.#options.producers[source];
    if (producer === undefined) throw new Error(`there is no log reader for ${source}`);
    return producer;
  }

  /** Kafka's loop: only hands over. */
  #take({ topic, partition, messages, highWatermark }: IncomingBatch): void {
    const state = this.#partitions.get(`${topic}/${partition}`);
    if (state === undefined || state.status === 'claiming' || state.status === 'stopped' || !this.#isGoing()) return;
    state.highWatermark = highWatermark;
    state.accept(messages);
    if (state.queued + state.strays.length >= queueMax && !state.isPaused) {
      state.isPaused = true;
      this.#consumer?.pause([state]);
    }
    this.#work.notify();
  }

  async #run(): Promise<void> {
    while (this.#isGoing()) {
      try {
        await this.#setAside();
        const startedAtMs = Date.now();
        const runs = this.#ready();
        if (runs.length > 0) {
          await this.#apply(runs);
          const rows = runs.reduce((total, { items }) => total + items.length, 0);
          if (rows < runMax) await this.#pause(startedAtMs + gatherMs - Date.now());
        } else {
          await this.#storePassed(storeAfterMs);
          await this.#work.wait(100);
        }
      } catch (error) {
        this.#logger.error({ group: this.group, error: describe(error) }, 'a round of the consumer failed');
        await this.#pause(200);
      }
    }
  }

  /** What may be applied now: contiguous rows of the partitions that have some, shared fairly; one that failed is tried alone. */
  #ready(): readonly Run[] {
    const states = [...this.#partitions.values()];
    const now = Date.now();
    const waiting = states.map((state) => ((state.status === 'running' || state.status === 'waiting') && !state.isFilling && state.retryAtMs <= now ? state.queued : 0));
    const failed = states.findIndex(({ attempts }, n) => attempts > 0 && (waiting[n] ?? 0) > 0);
    if (failed >= 0) {
      const again = this.#runOf(states[failed] as AssignedPartition, runMax);
      if (again !== undefined) return [again];
      waiting[failed] = 0;
    }
    return this.#turns.share(waiting, this.#options.batchMax ?? 1000).flatMap(({ partition, rows }) => this.#runOf(states[partition] as AssignedPartition, rows) ?? []);
  }

  /** The next rows of a partition, if they are here; sees to what keeps them away. */
  #runOf(state: AssignedPartition, rows: number): Run | undefined {
    const front = state.front(rows);
    if (state.isStopped) this.#stopPartition(state, state.reason ?? '');
    else if (front === undefined) this.#resume(state);
    else if ('holeBefore' in front) this.#inBackground(() => this.#fillHole(state, front.holeBefore));
    else {
      const items = this.#readable(state, front.run);
      if (items.length > 0) return { partition: state, items };
    }
    return undefined;
  }

  /** Reads the rows; ends before one that the topic garbled, which then is filled from the log like any other hole. */
  #readable(state: AssignedPartition, items: Run['items']): Run['items'] {
    const listeners = this.#listeners.get(state.source);
    for (const [n, item] of items.entries()) {
      const reading = state.read(item, listeners?.get(item.type), checkFact);
      if (reading.kind !== 'stray' && reading.kind !== 'garbled') continue;
      state.strays.push(item.stray(reading.reason));
      if (reading.kind === 'garbled' && item.offset !== undefined) {
        state.discard(item);
        return items.slice(0, n);
      }
      item.reading = { kind: 'pass' };
    }
    return items;
  }

  async #setAside(): Promise<void> {
    const states = [...this.#partitions.values()].filter(({ strays }) => strays.length > 0);
    if (states.length === 0) return;
    const strays = states.flatMap((state) => state.strays);
    await quarantine(this.#options.sql, this.group, strays);
    this.#counters.quarantined += strays.length;
    for (const state of states) state.strays.splice(0, strays.filter(({ topic, partition }) => topic === state.topic && partition === state.partition).length);
    const [first] = strays;
    this.#logger.error({ group: this.group, count: strays.length, topic: first?.topic, partition: first?.partition, reason: first?.reason }, 'messages were quarantined');
  }

  async #apply(runs: readonly Run[]): Promise<void> {
    if (runs.every(({ items }) => items.every(({ reading }) => reading?.kind === 'pass'))) {
      for (const run of runs) this.#done(run);
      await this.#storePassed(storeAfterMs);
      return;
    }
    try {
      const applied = await applyRuns(this.#context, runs, (some) => {
        for (const run of some) {
          this.#done(run);
          run.partition.storedSeq = run.partition.lastSeq;
          run.partition.storedAtMs = Date.now();
        }
        this.#counters.batches += 1;
      });
      this.#counters.facts += applied.facts;
      this.#lost(applied.lost);
      await this.#countParked(applied);
    } catch (error) {
      this.#failed(runs, error);
    }
  }

  #done({ partition, items }: Run): void {
    this.#counters.passed += items.reduce((total, { reading }) => total + (reading?.kind === 'pass' ? 1 : 0), 0);
    partition.done(items);
    partition.status = partition.status === 'waiting' ? 'running' : partition.status;
    partition.reason = partition.status === 'stopped' ? partition.reason : undefined;
    this.#resume(partition);
  }

  #resume(state: AssignedPartition): void {
    if (!state.isPaused || state.queued >= queueMax / 2 || state.status === 'stopped' || this.#partitions.get(state.key) !== state) return;
    state.isPaused = false;
    this.#consumer?.resume([state]);
  }

  #failed(runs: readonly Run[], error: unknown): void {
    for (const { partition: state, items } of runs) {
      const isDone = (items.at(-1)?.seq ?? 0) <= state.lastSeq;
      if (isDone || this.#partitions.get(state.key) !== state || state.isStopped) continue;
      if (!isRetryable(error) && runs.length === 1) {
        this.#stopPartition(state, `neither applied nor parked: ${describe(error)}`);
        continue;
      }
      this.#counters.retries += 1;
      state.attempts = (state.attempts % transientTriesMax) + 1;
      state.retryAtMs = Date.now() + backOffMs(state.attempts);
      state.status = 'waiting';
      state.reason = describe(error);
      if (state.attempts === transientTriesMax) {
        this.#logger.error({ group: this.group, topic: state.topic, partition: state.partition, reason: state.reason }, 'a batch keeps failing; it is tried on');
      }
    }
  }

  /** The fence: somebody claimed what we thought was ours. If Kafka still says it is, it is claimed again. */
  #lost(states: readonly AssignedPartition[]): void {
    const assigned = states.filter((state) => this.#partitions.get(state.key) === state);
    this.#counters.zombies += states.length;
    if (assigned.length === 0) return;
    this.#consumer?.pause(assigned);
    const generation = this.#generation;
    const fresh = assigned.map((state) => new AssignedPartition(state, state.source));
    for (const state of fresh) {
      this.#counters.duplicates += this.#partitions.get(state.key)?.duplicates ?? 0;
      this.#partitions.set(state.key, state);
    }
    this.#logger.warn({ group: this.group, partitions: fresh.map(({ key }) => key) }, 'partitions were claimed by another; claiming again');
    this.#inBackground(async () => {
      await this.#pause(Math.random() * 200);
      await this.#claim(fresh, generation);
    });
  }

  /** A bad record is one thing, many are a bug: then nothing more is applied until somebody has looked. */
  async #countParked({ facts, parked }: Applied): Promise<void> {
    const now = Date.now();
    if (now - this.#minute.sinceMs > 60_000) this.#minute = { sinceMs: now, facts: 0, parked: 0 };
    this.#minute.facts += facts;
    this.#minute.parked += parked;
    if (parked === 0) return;
    this.#counters.parked += parked;
    this.#logger.error({ group: this.group, count: parked }, 'streams were parked');
    const most = this.#options.parkedMax ?? 50;
    const all = await parkedCount(this.#options.sql);
    const isRate = this.#minute.facts >= rateSample && this.#minute.parked > this.#minute.facts / 100;
    if (all > most || isRate) this.#fail(isRate ? `${this.#minute.parked} of ${this.#minute.facts} facts of a minute parked their stream` : `${all} streams are parked`);
  }

  #fail(reason: string): void {
    this.#status = 'failed';
    this.#reason = reason;
    this.#logger.error({ group: this.group, reason }, 'the consumer stops');
    this.#inBackground(() => this.#leave());
  }

  /** Fills a hole in the topic from the log itself. */
  async #fillHole(state: AssignedPartition, before: number): Promise<void> {
    if (state.isFilling) return;
    state.isFilling = true;
    const after = state.lastSeq;
    try {
      const { logId, records } = await this.#producer(state.source).read(state.partition, after, Math.min(runMax, before - 1 - after));
      if (this.#partitions.get(state.key) !== state || state.isStopped) return;
      if (logId !== state.logId) this.#stopPartition(state, `${state.source} has another log now, ${logId}`);
      else if (records.length === 0) state.rejectBeyond(before);
      else {
        this.#counters.gaps += 1;
        this.#counters.gapFacts += records.length;
        this.#logger.warn({ topic: state.topic, partition: state.partition, after, count: records.length }, 'a hole in the topic was filled from the log');
        state.fill(records, Date.now());
      }
      state.attempts = 0;
    } catch (error) {
      state.attempts = (state.attempts % transientTriesMax) + 1;
      state.retryAtMs = Date.now() + backOffMs(state.attempts);
      state.status = state.status === 'running' ? 'waiting' : state.status;
      state.reason = `a hole after ${after} cannot be filled: ${describe(error)}`;
      this.#logger.warn({ topic: state.topic, partition: state.partition, reason: state.reason }, 'the partition waits');
    } finally {
      state.isFilling = false;
      this.#work.notify();
    }
  }

  /** Compares every position with the producer's head; what the topic has not brought in time is filled. */
  async #checkTails(): Promise<void> {
    const { tailFillAfterMs = 10_000 } = this.#options;
    await Promise.all(
      [...this.#sources].map(async ([topic, source]) => {
        const states = [...this.#partitions.values()].filter((state) => state.topic === topic && (state.status === 'running' || state.status === 'waiting'));
        if (states.length === 0) return;
        const before = new Map(states.map((state) => [state, state.lastSeq]));
        try {
          const producer = await this.#producer(source).heads();
          const now = Date.now();
          for (const state of states) {
            if (this.#partitions.get(state.key) !== state) continue;
            this.#compare(state, producer, before.get(state));
            const known = state.knownSeq;
            if (state.isStopped || state.headSeq <= known || state.queued > 0) state.tail = undefined;
            else if (state.tail === undefined || state.tail.seq !== known) state.tail = { sinceMs: now, seq: known };
            else if (now - state.tail.sinceMs >= tailFillAfterMs) await this.#fillHole(state, state.headSeq + 1);
          }
        } catch (error) {
          this.#logger.warn({ topic, error: describe(error) }, 'the tail check could not ask the producer');
        }
      }),
    );
    await this.#commitOffsets();
  }

  /** Positions that only passed over rows, a second later at the earliest. */
  async #storePassed(olderMs: number): Promise<void> {
    const now = Date.now();
    const states = [...this.#partitions.values()].filter(({ status, lastSeq, storedSeq }) => status !== 'claiming' && lastSeq > storedSeq);
    if (!states.some(({ storedAtMs }) => now - storedAtMs >= olderMs)) return;
    const moves = states.map(({ topic, partition, epoch, lastSeq, nextOffset }) => ({ topic, partition, epoch, lastSeq, nextOffset }));
    const moved = await movePositions(this.#options.sql, this.group, moves);
    for (const [n, state] of states.entries()) {
      state.storedSeq = moves[n]?.lastSeq ?? state.storedSeq;
      state.storedAtMs = now;
    }
    this.#lost(states.filter(({ key }) => !moved.has(key)));
  }

  /** For monitoring only: whatever goes wrong here changes nothing. */
  async #commitOffsets(): Promise<void> {
    const states = [...this.#partitions.values()].filter(({ status, nextOffset, committedOffset }) => status === 'running' && nextOffset > committedOffset);
    if (states.length === 0) return;
    const offsets = states.map(({ topic, partition, nextOffset }) => ({ topic, partition, offset: nextOffset }));
    try {
      await this.#consumer?.commit(offsets);
      for (const [n, state] of states.entries()) state.committedOffset = offsets[n]?.offset ?? -1;
    } catch (error) {
      this.#logger.info({ group: this.group, error: describe(error) }, 'offsets were not committed');
    }
  }
}

const checkFact = (fact: Fact): string | undefined => checkPayload(fact.source, fact.type, fact.data);
