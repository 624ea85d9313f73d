import { kafkaClients, type KafkaClient, type KafkaClientName } from '@orderlog/messaging';
import { appliedRate, contentsOf, handedOverRate, prepareListening } from './listening.js';
import { startLogBench } from './log-bench.js';
import type { BenchOptions } from './main.js';
import { figure, type Figure } from './report.js';

const factsDefault = 100_000;
const runsDefault = 5;

type Series = { readonly id: string; readonly name: KafkaClientName; readonly kafka: KafkaClient; readonly rates: number[]; readonly ratios: number[]; readonly untouched: number[] };

/**
 * B6: facts applied durably (a row of a read model each, and the position) against messages that the same client hands over to a listener that only
 * takes what is in them: clients make key, headers and payload before they hand over, and our reader of kafkajs's fetches makes them for
 * whoever asks. B6-untouched is against a listener that asks for nothing.
 */
export const consume = async ({ orders: wanted = factsDefault, runs = runsDefault, say }: BenchOptions): Promise<readonly Figure[]> => {
  const bench = await startLogBench(wanted, say);
  try {
    await prepareListening(bench);
    await bench.publish();
    const series = await Promise.all(
      kafkaClients.map(async (name): Promise<Series> => ({ id: name === 'kafkajs' ? 'B6' : `B6-${name}`, name, kafka: await bench.open(name), rates: [], ratios: [], untouched: [] })),
    );
    // The first run of each is for the compiler.
    for (let run = 0; run <= runs; run += 1) {
      for (const { id, kafka, rates, ratios, untouched } of series) {
        const before = await handedOverRate(bench, kafka, contentsOf);
        const rate = await appliedRate(bench, kafka);
        const after = await handedOverRate(bench, kafka, contentsOf);
        const counted = await handedOverRate(bench, kafka, () => undefined);
        const handedOver = (before + after) / 2;
        say(`${id} ${run}: applied ${rate.toFixed(0)}/s, handed over ${before.toFixed(0)} and ${after.toFixed(0)}/s, untouched ${counted.toFixed(0)}/s${run === 0 ? ' (to warm up)' : ''}`);
        if (run === 0) continue;
        rates.push(rate);
        ratios.push(rate / handedOver);
        untouched.push(rate / counted);
      }
    }
    return series.flatMap(({ id, name, rates, ratios, untouched }) => [
      figure(id, `facts applied durably a second / messages ${name} hands over to a listener that takes what is in them`, 'facts/s', rates, ratios),
      figure(`${id}-untouched`, 'the same / messages handed over to a listener that counts them', 'facts/s', rates, untouched),
    ]);
  } finally {
    await bench.stop();
  }
};
