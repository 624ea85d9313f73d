import { kafkaClients, type KafkaClient, type KafkaClientName } from '@orderlog/messaging';
import { appliedRate, handedOverRate, prepareListening } from './listening.js';
import { startLogBench } from './log-bench.js';
import type { BenchOptions } from './main.js';
import { figure, type Figure } from './report.js';

const factsDefault = 100_000;
const runsDefault = 5;

type Series = { readonly id: string; readonly name: KafkaClientName; readonly kafka: KafkaClient; readonly rates: number[]; readonly ratios: number[] };

/** B6: facts applied durably (a row of a read model each, and the position) against what the same client hands over to nobody. */
export const consume = async ({ orders: wanted = factsDefault, runs = runsDefault, say }: BenchOptions): Promise<readonly Figure[]> => {
  const bench = await startLogBench(wanted, say);
  try {
    await prepareListening(bench);
    await bench.publish();
    const series = await Promise.all(
      kafkaClients.map(async (name): Promise<Series> => ({ id: name === 'kafkajs' ? 'B6' : `B6-${name}`, name, kafka: await bench.open(name), rates: [], ratios: [] })),
    );
    // The first run of each is for the compiler.
    for (let run = 0; run <= runs; run += 1) {
      for (const { id, kafka, rates, ratios } of series) {
        const before = await handedOverRate(bench, kafka);
        const rate = await appliedRate(bench, kafka);
        const after = await handedOverRate(bench, kafka);
        const handedOver = (before + after) / 2;
        say(`${id} ${run}: applied ${rate.toFixed(0)}/s, handed over ${before.toFixed(0)} and ${after.toFixed(0)}/s${run === 0 ? ' (to warm up)' : ''}`);
        if (run === 0) continue;
        rates.push(rate);
        ratios.push(rate / handedOver);
      }
    }
    return series.map(({ id, name, rates, ratios }) => figure(id, `facts applied durably a second / messages ${name} hands over to a listener that counts them`, 'facts/s', rates, ratios));
  } finally {
    await bench.stop();
  }
};
