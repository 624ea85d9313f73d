import { startPeople } from './people.js';
import { runScenarios, summaryOf } from './run-scenarios.js';
import { loadSampleWorld } from './world.js';

// The demo against a system that runs already, a containerized one for example: everything goes through its front door.
const required = (name: string): string => {
  const value = process.env[name];
  if (value !== undefined && value !== '') return value;
  console.error(`the demo needs ${name}`);
  return process.exit(2);
};

const wholeNumber = (name: string, fallback: number): number => {
  const value = Number(process.env[name] || fallback);
  if (Number.isInteger(value) && value >= 0) return value;
  console.error(`${name} is not a whole number`);
  return process.exit(2);
};

const connection = { baseUrl: required('ORDERLOG_URL'), apiKey: required('ORDERLOG_API_KEY') };
const carrierUrl = required('CARRIER_URL');
const orders = wholeNumber('ORDERS', 100);
const sayEveryMs = 5_000;
let saidAt = 0;

// Nothing here needs putting away: what was begun goes on when the demo is run again.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const live = async (): Promise<boolean> => {
  console.log(`loading the sample world into ${connection.baseUrl}`);
  await loadSampleWorld(connection);
  const people = startPeople({ ...connection, carrierUrl });
  const results = await runScenarios({
    ...connection,
    orders,
    leaseMs: wholeNumber('RESERVATION_LEASE_MS', 900_000),
    onProgress: (text) => {
      if (Date.now() - saidAt < sayEveryMs) return;
      saidAt = Date.now();
      console.log(text);
    },
  });
  await people.stop();
  console.log(summaryOf(results));
  return results.every(({ problem }) => problem === undefined);
};

live().then(
  (isRight) => process.exit(isRight ? 0 : 1),
  (error: unknown) => {
    console.error(`the demo ended early: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
