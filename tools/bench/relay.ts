import { kafkaClients, republish, startRelay, type KafkaClient, type KafkaClientName, type PartitionBatch } from '@orderlog/messaging';
import { loudOnly, soon, startLogBench, type LogBench } from './log-bench.js';
import type { BenchOptions } from './main.js';
import { figure, type Figure } from './report.js';

const factsDefault = 100_000;
const runsDefault = 5;
/** As many different messages as the raw client sends over and over: what it sends costs it nothing to have. */
const rawMessagesOfShardMax = 1000;

type Series = { readonly id: string; readonly name: KafkaClientName; readonly kafka: KafkaClient; readonly rates: number[]; readonly ratios: number[] };

/** Messages a second of the relay, from its start with the whole log waiting to the acknowledgement of the last. */
const relayRate = async ({ log, topic, facts, count, empty }: LogBench, kafka: KafkaClient): Promise<number> => {
  await empty(topic);
  await republish({ log, sql: log.sql });
  const startedAt = performance.now();
  const relay = await startRelay({ log, sql: log.sql, kafka, logger: loudOnly });
  await soon(() => relay.stats().published >= facts, 'the log is published');
  const seconds = (performance.now() - startedAt) / 1000;
  const { published } = relay.stats();
  await relay.stop();
  const found = await count(topic);
  if (published !== facts || found !== facts) throw new Error(`${facts} facts are in the log, ${published} were published, ${found} messages are on the topic`);
  return facts / seconds;
};

/** Messages a second of the client alone: made beforehand, awaited batches of 500. */
const rawRate = async ({ topic, facts, count, empty }: LogBench, kafka: KafkaClient, batches: readonly PartitionBatch[]): Promise<number> => {
  await empty(topic);
  const producer = await kafka.producer();
  let sent = 0;
  const startedAt = performance.now();
  for (let n = 0; sent < facts; n += 1) {
    const { partition, messages } = batches[n % batches.length] as PartitionBatch;
    const some = messages.slice(0, facts - sent);
    await producer.send(topic, [{ partition, messages: some }]);
    sent += some.length;
  }
  const seconds = (performance.now() - startedAt) / 1000;
  await producer.close();
  const found = await count(topic);
  if (found !== facts) throw new Error(`${facts} messages were sent, ${found} are on the topic`);
  return facts / seconds;
};

/** B5: the relay on a full log against the client it stands on, for each client behind the port. */
export const relay = async ({ orders: wanted = factsDefault, runs = runsDefault, say }: BenchOptions): Promise<readonly Figure[]> => {
  const bench = await startLogBench(wanted, say);
  try {
    const batches = await bench.messages(rawMessagesOfShardMax);
    const series = await Promise.all(
      kafkaClients.map(async (name): Promise<Series> => ({ id: name === 'kafkajs' ? 'B5' : `B5-${name}`, name, kafka: await bench.open(name), rates: [], ratios: [] })),
    );
    // The first run of each is for the compiler.
    for (let run = 0; run <= runs; run += 1) {
      for (const { id, kafka, rates, ratios } of series) {
        const before = await rawRate(bench, kafka, batches);
        const rate = await relayRate(bench, kafka);
        const after = await rawRate(bench, kafka, batches);
        const raw = (before + after) / 2;
        say(`${id} ${run}: relay ${rate.toFixed(0)}/s, raw ${before.toFixed(0)} and ${after.toFixed(0)}/s${run === 0 ? ' (to warm up)' : ''}`);
        if (run === 0) continue;
        rates.push(rate);
        ratios.push(rate / raw);
      }
    }
    return series.map(({ id, name, rates, ratios }) => figure(id, `messages a second relayed from a full log / ${name} alone, batches of 500 made beforehand`, 'messages/s', rates, ratios));
  } finally {
    await bench.stop();
  }
};
