import { constants } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { StackError } from '../local-stack/stack-error.js';
import { startStack, removeStack } from '../local-stack/stack.js';
import { openDataFolder } from '../local-stack/data-folder.js';
import { startPeople } from '../sample-world/people.js';
import { loadSampleWorld } from '../sample-world/world.js';
import { runScenarios, summaryOf, type ScenarioResult } from '../sample-world/run-scenarios.js';
import { startSystem, type System } from '../system/system.js';
import { verifySystem } from '../verify/verify-system.js';
import { screen } from './screen.js';

const usage = `npm start -- [options]
  --orders N   how many orders the demo drives through (default 200; 0 = none)
  --exit       stop when they have ended; exit code 0 only if each ended as its scenario says and verify found nothing
  --data DIR   where everything is kept (default .orderlog)
  --reset      begin with nothing stored
  --port N     the public port (default: a free one)`;

const ordersMax = 1_000_000;

const wholeNumber = (name: string, text: string, max: number): number => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > max) throw new StackError(`--${name} ${text} is not a whole number from 0 to ${max}`, 'see npm start -- --help');
  return value;
};

const readOptions = () => {
  try {
    const { values } = parseArgs({
      options: {
        orders: { type: 'string', default: '200' },
        exit: { type: 'boolean', default: false },
        data: { type: 'string', default: '.orderlog' },
        reset: { type: 'boolean', default: false },
        port: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    return {
      ...values,
      orders: wholeNumber('orders', values.orders, ordersMax),
      data: resolve(values.data),
      port: values.port === undefined ? undefined : wholeNumber('port', values.port, 65_535),
    };
  } catch (error) {
    if (error instanceof StackError) throw error;
    throw new StackError(error instanceof Error ? error.message : String(error), 'see npm start -- --help', { cause: error });
  }
};

const next = (system: System, data: string): string => {
  const cli = `npm run --silent orderlog --${data === resolve('.orderlog') ? '' : ` --data ${data}`}`;
  return `
  API            ${system.baseUrl}/v1/orders          documentation ${system.baseUrl}/docs
  gRPC           ${system.grpc}  orderlog.order.v1
  API key        ${system.secrets.apiKey}

Try next:
  ${cli} verify
  curl -s -H "authorization: Bearer ${system.secrets.apiKey}" "${system.baseUrl}/v1/orders?limit=3"
  npm start -- --orders 500 --exit
`;
};

const main = async (): Promise<number> => {
  const options = readOptions();
  if (options.help) {
    console.log(usage);
    return 0;
  }
  const out = screen();
  const startedAt = performance.now();
  if (options.reset) await removeStack(options.data);
  openDataFolder(options.data);
  let stop = async (): Promise<void> => undefined;
  let endNow: (code: number) => void = () => undefined;
  const asked = new Promise<number>((resolve) => {
    endNow = resolve;
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => endNow(128 + constants.signals[signal]));

  const work = async (): Promise<number> => {
    const stack = await startStack({ dataDir: options.data, onProgress: (progress) => out.progress(progress) });
    stop = () => stack.stop();
    void stack.broken.then((error) => {
      out.line(`orderlog: ${error.message}`);
      endNow(1);
    });
    const system = await startSystem({
      databaseUrl: stack.databaseUrl,
      brokers: stack.brokers,
      dataDir: options.data,
      ...(options.port === undefined ? {} : { port: options.port }),
      onProgress: (text) => out.line(text),
      // One of the demo's lives waits for a lease to expire; the usual 15 minutes are too long to look on.
      env: { RESERVATION_LEASE_MS: process.env['RESERVATION_LEASE_MS'] ?? '15000' },
    });
    stop = async () => {
      await system.stop();
      await stack.stop();
    };
    out.line(`ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    const connection = { baseUrl: system.baseUrl, apiKey: system.secrets.apiKey };
    out.line('loading the sample world');
    await loadSampleWorld(connection);
    const people = startPeople({ ...connection, carrierUrl: system.carrierUrl });
    stop = async () => {
      await people.stop();
      await system.stop();
      await stack.stop();
    };
    let results: readonly ScenarioResult[] = [];
    if (options.orders > 0) {
      results = await runScenarios({ ...connection, orders: options.orders, onProgress: (text) => out.status(text) });
      out.end();
      out.line(summaryOf(results));
    }
    if (options.exit) {
      const findings = await verifySystem({ databaseUrl: stack.databaseUrl, chain: true, connection });
      const wrong = findings.filter((finding) => finding.violations.length > 0);
      for (const finding of wrong) out.line(`verify: ${finding.service}: ${finding.what}: ${finding.violations.map(({ where, why }) => `${where} ${why}`).join('; ')}`);
      out.line(`verify: ${findings.length} checks, ${wrong.length === 0 ? 'nothing found' : `${wrong.length} found something`}`);
      return wrong.length === 0 && results.every((result) => result.problem === undefined) ? 0 : 1;
    }
    out.line(next(system, options.data));
    out.line('running until Ctrl-C');
    return asked;
  };
  try {
    return await Promise.race([asked, work()]);
  } finally {
    out.end();
    await stop();
  }
};

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (error instanceof StackError) console.error(`orderlog: ${error.message}`);
    else console.error(error);
    process.exit(1);
  },
);
