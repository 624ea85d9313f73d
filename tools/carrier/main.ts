import { startCarrier } from './carrier.js';

const variable = (name: string, fallback?: string): string => {
  const value = process.env[name] ?? fallback;
  if (value !== undefined && value !== '') return value;
  console.error(`the simulated carrier needs ${name}`);
  return process.exit(2);
};

const log = (level: string, fields: object): void => console.log(JSON.stringify({ level, time: new Date().toISOString(), service: 'carrier', ...fields }));

let failures = 0;
const stateFile = process.env['DATA_FILE'];
const carrier = await startCarrier({
  port: Number(variable('PORT', '0')),
  host: variable('HOST', '127.0.0.1'),
  webhookUrl: variable('WEBHOOK_URL'),
  webhookSecret: variable('CARRIER_WEBHOOK_SECRET'),
  // A journey of two days takes a second and a half.
  speed: Number(variable('CARRIER_SPEED', '120000')),
  currency: variable('CARRIER_CURRENCY', 'EUR'),
  ...(stateFile === undefined || stateFile === '' ? {} : { stateFile }),
  onFailure: (reason) => {
    // The 1st, 10th, 20th …: a shipper that is down for a while must not fill the log.
    if (failures % 10 === 0) log('warn', { msg: 'the shipper did not take a webhook', reason, failures: failures + 1 });
    failures += 1;
  },
}).catch((error: unknown) => {
  console.error(`the simulated carrier could not start: ${error instanceof Error ? error.message : String(error)}`);
  return process.exit(1);
});
log('info', { msg: 'ready', url: carrier.url });

let stopping = false;
const stop = (): void => {
  if (stopping) return;
  stopping = true;
  void carrier.stop().then(() => process.exit(0));
};
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.on('disconnect', stop);
