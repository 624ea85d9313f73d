import { localLogReader, LogConsumer, type Fact, type FactsListener, type IncomingMessage, type KafkaClient, type ProducerLog } from '@orderlog/messaging';
import { loudOnly, soon, type LogBench } from './log-bench.js';

const heard = [{ source: 'order', types: ['OrderPackagePacked'] }] as const;

/** What the listener does with each fact: a row of a read model, written anew if it comes again. Facts of poisoned orders throw. */
const listenerOf = (poisoned: ReadonlySet<string>): FactsListener => ({
  hears: heard,
  target: ({ streamId }) => streamId,
  handle: async (facts, tx) => {
    const poison = facts.find(({ correlationId }) => poisoned.has(correlationId));
    if (poison !== undefined) throw new Error(`an order that cannot be borne: ${poison.correlationId}`);
    const data = facts as readonly (Fact & { readonly data: { readonly packageId: string; readonly weightGrams: number } })[];
    await tx.query(
      `insert into bench_packages (package_id, stream_id, weight_grams, updated_at)
       select * from unnest($1::text[], $2::text[], $3::integer[], $4::timestamptz[])
       on conflict (package_id) do update set weight_grams = excluded.weight_grams, updated_at = excluded.updated_at`,
      [
        data.map(({ data: { packageId } }) => packageId),
        data.map(({ streamId }) => streamId),
        data.map(({ data: { weightGrams } }) => weightGrams),
        data.map(({ recordedAt }) => recordedAt),
      ],
    );
  },
});

/** Makes the read model of these benchmarks. */
export const prepareListening = async ({ sql }: LogBench): Promise<void> => {
  await sql.query('create table shipping.bench_packages (package_id text primary key, stream_id text not null, weight_grams integer not null, updated_at timestamptz not null)');
  await sql.query('grant select, insert, update on shipping.bench_packages to shipping_app');
};

let groups = 0;

/** How facts are applied. */
export type Listening = {
  /** Before the topic's name. */
  readonly prefix?: string;
  /** Orders the listener throws at. */
  readonly poisoned?: ReadonlySet<string>;
  /** Streams that have to be parked afterwards. */
  readonly parked?: number;
};

/** Facts applied durably a second: from the moment all partitions run until the last position is stored; everything is counted afterwards. */
export const appliedRate = async (bench: LogBench, kafka: KafkaClient, { prefix = '', poisoned = new Set(), parked = 0 }: Listening = {}): Promise<number> => {
  const { sql, listener: log, facts } = bench;
  await sql.query('truncate shipping.bench_packages, shipping.parked_event, shipping.parked_stream');
  await sql.query('checkpoint');
  groups += 1;
  const group = `bench.${groups}`;
  const order: ProducerLog = localLogReader(bench.log);
  const consumer = new LogConsumer({
    log,
    sql: log.sql,
    kafka,
    group,
    listeners: [listenerOf(poisoned)],
    producers: { order },
    topicPrefix: prefix,
    logger: { ...loudOnly, error: parked > 0 ? () => undefined : loudOnly.error },
    // What is parked here is parked on purpose.
    parkedMax: Number.MAX_SAFE_INTEGER,
  });
  await consumer.start();
  await soon(() => consumer.stats().partitions.filter(({ status }) => status === 'running').length === log.shards, 'all partitions run');
  const startedAt = performance.now();
  const applied = (): number => consumer.stats().partitions.reduce((total, { lastSeq }) => total + lastSeq, 0);
  await soon(() => applied() >= facts || consumer.stats().status === 'failed', 'all facts are applied');
  const seconds = (performance.now() - startedAt) / 1000;
  const { status, reason, gaps } = consumer.stats();
  await consumer.stop();
  if (status === 'failed') throw new Error(`the consumer stopped: ${reason}`);
  const { rows } = await sql.query<{ written: number; waiting: number; streams: number; stored: number }>(
    `select (select count(*)::int from shipping.bench_packages) as written, (select count(*)::int from shipping.parked_event) as waiting,
       (select count(*)::int from shipping.parked_stream) as streams,
       (select coalesce(sum(last_seq), 0)::int from shipping.consumer_position where consumer_group = $1) as stored`,
    [group],
  );
  const [found] = rows;
  if (found === undefined || found.written + found.waiting !== facts || found.stored !== facts || found.streams !== parked || gaps !== 0) {
    throw new Error(`of ${facts} facts: ${JSON.stringify({ ...found, gaps })}, with ${parked} streams to be parked`);
  }
  return facts / seconds;
};

/** All that a message holds. */
export const contentsOf = ({ key, headers, value }: IncomingMessage): readonly unknown[] => [key, headers, value];

/** Messages a second handed over by the client alone, to a listener that does this with each and counts them. */
export const handedOverRate = async (bench: LogBench, kafka: KafkaClient, take: (message: IncomingMessage) => unknown): Promise<number> => {
  groups += 1;
  let count = 0;
  let assigned: Parameters<Awaited<ReturnType<KafkaClient['consumer']>>['resume']>[0] = [];
  const consumer = await kafka.consumer({
    groupId: `bench.${groups}`,
    topics: [bench.topic],
    listener: {
      onAssigned: (partitions) => (assigned = partitions),
      onBatch: ({ messages }) => {
        for (const message of messages) take(message);
        count += messages.length;
      },
      onCrash: () => undefined,
    },
  });
  await soon(() => assigned.length === bench.log.shards, 'all partitions are assigned');
  const startedAt = performance.now();
  for (const partition of await bench.admin.ends(bench.topic)) consumer.seek({ topic: bench.topic, partition: partition.partition }, partition.low);
  consumer.resume(assigned);
  await soon(() => count >= bench.facts, 'all messages were handed over');
  const seconds = (performance.now() - startedAt) / 1000;
  await consumer.stop();
  if (count !== bench.facts) throw new Error(`${bench.facts} messages are on the topic, ${count} were handed over`);
  return count / seconds;
};
