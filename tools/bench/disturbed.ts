import type { OutgoingMessage } from '@orderlog/messaging';
import { appliedRate, prepareListening } from './listening.js';
import { startLogBench } from './log-bench.js';
import type { BenchOptions } from './main.js';
import { figure, type Figure } from './report.js';

const factsDefault = 100_000;
const runsDefault = 5;
const every = 100;

const twice = (messages: readonly OutgoingMessage[]): OutgoingMessage[] => messages.flatMap((message) => [message, message]);

/** The first fact of a poisoned order, broken against its contract; the others are sound and have to wait with it. */
const broken = (message: OutgoingMessage, poisoned: ReadonlySet<string>): OutgoingMessage =>
  message.headers?.['ce_sequence'] === '1' && poisoned.has(message.headers['ce_subject'] ?? '') ? { ...message, value: '{"orderId":7}' } : message;

/** B12: a consumer with every message delivered twice, and with one poisoned stream in a hundred, against the same consumer undisturbed. */
export const disturbed = async ({ orders: wanted = factsDefault, runs = runsDefault, say }: BenchOptions): Promise<readonly Figure[]> => {
  const bench = await startLogBench(wanted, say);
  try {
    await prepareListening(bench);
    await bench.publish();
    const kafka = await bench.open('kafkajs');
    const producer = await kafka.producer();
    const poisoned = new Set(bench.orders.filter((_, n) => n % every === 0));
    for (const prefix of ['twice.', 'broken.']) await bench.makeTopics(prefix);
    for (const { partition, messages } of await bench.messages()) {
      // In two sends: a thousand facts are more than a broker takes at once.
      for (const half of [messages.slice(0, 250), messages.slice(250)].filter(({ length }) => length > 0)) await producer.send(`twice.${bench.topic}`, [{ partition, messages: twice(half) }]);
      await producer.send(`broken.${bench.topic}`, [{ partition, messages: messages.map((message) => broken(message, poisoned)) }]);
    }
    await producer.close();
    const kinds = [
      { id: 'B12-duplicates', what: 'with every message delivered twice', listening: { prefix: 'twice.' } },
      { id: 'B12-poison', what: 'with one stream in a hundred parked for a fact that breaks its contract', listening: { prefix: 'broken.', parked: poisoned.size } },
      { id: 'B12-thrown', what: 'with one stream in a hundred parked for a fact that its listener throws at', listening: { poisoned, parked: poisoned.size } },
    ].map((kind) => ({ ...kind, rates: [] as number[], ratios: [] as number[] }));
    // The first run of each is for the compiler.
    for (let run = 0; run <= runs; run += 1) {
      for (const { id, listening, rates, ratios } of kinds) {
        const before = await appliedRate(bench, kafka);
        const rate = await appliedRate(bench, kafka, listening);
        const after = await appliedRate(bench, kafka);
        const clean = (before + after) / 2;
        say(`${id} ${run}: ${rate.toFixed(0)}/s, clean ${before.toFixed(0)} and ${after.toFixed(0)}/s${run === 0 ? ' (to warm up)' : ''}`);
        if (run === 0) continue;
        rates.push(rate);
        ratios.push(rate / clean);
      }
    }
    return kinds.map(({ id, what, rates, ratios }) => figure(id, `facts settled durably a second ${what} / undisturbed`, 'facts/s', rates, ratios));
  } finally {
    await bench.stop();
  }
};
