import { join } from 'node:path';
import { openDataFolder, takeDataFolder } from '../local-stack/data-folder.js';
import { endGuarded } from '../local-stack/guarded.js';
import { requirePort } from '../local-stack/ports.js';
import { StackError } from '../local-stack/stack-error.js';
import { removeStack, startStack } from '../local-stack/stack.js';
import { startPeople } from '../sample-world/people.js';
import { runScenarios, summaryOf, type ScenarioResult } from '../sample-world/run-scenarios.js';
import { loadSampleWorld } from '../sample-world/world.js';
import { removeSystemFiles } from '../system/parts.js';
import { startSystem } from '../system/system.js';
import { verifySystem } from '../verify/verify-system.js';
import { openMailbox } from './mailbox.js';
import type { StartOptions } from './options.js';
import type { Screen } from './screen.js';
import { tryNext } from './try-next.js';

// All is over 10 s after Ctrl-C; what has not ended by itself until then is ended by force.
const endWithinMs = 8_500;
const peopleGraceMs = 1_000;
// One of the demo's lives waits for a lease to expire; the usual 15 minutes are too long to look on.
const leaseMs = Number(process.env['RESERVATION_LEASE_MS'] || 15_000);

/** What has to be put away at the end; the last thing started comes first. */
export type Closing = (() => Promise<unknown>)[];

const within = (ms: number, work: Promise<unknown>): Promise<unknown> => Promise.race([work, new Promise((resolve) => setTimeout(resolve, ms).unref())]);

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

const prepareFolder = async (options: StartOptions): Promise<void> => {
  if (options.port !== undefined) await requirePort(options.port);
  const given = ['DATABASE_URL', 'KAFKA_BROKERS'].filter((name) => process.env[name]);
  if (options.reset && given.length > 0) {
    throw new StackError(`--reset cannot empty what ${given.join(' and ')} point${given.length === 1 ? 's' : ''} to`, 'name an empty database there and other topics (TOPIC_PREFIX), or leave --reset out');
  }
  openDataFolder(options.data);
  // Until the very end: whatever still runs then has been ended before.
  process.once('exit', takeDataFolder(options.data));
  if (!options.reset) return;
  await removeStack(options.data);
  removeSystemFiles(options.data);
};

const startAll = async (options: StartOptions, out: Screen, closing: Closing, onBroken: (error: StackError) => void) => {
  await prepareFolder(options);
  const stack = await startStack({ dataDir: options.data, onProgress: out.progress });
  closing.push(() => stack.stop());
  void stack.broken.then(onBroken);
  const smtpUrl = process.env['SMTP_URL'];
  const mailbox = smtpUrl ? undefined : await openMailbox(join(options.data, 'letters'));
  if (mailbox !== undefined) closing.push(() => within(peopleGraceMs, mailbox.close()));
  const system = await startSystem({
    databaseUrl: stack.databaseUrl,
    brokers: stack.brokers,
    dataDir: options.data,
    topicPrefix: process.env['TOPIC_PREFIX'] ?? '',
    ...(options.port === undefined ? {} : { port: options.port }),
    onProgress: (text, passing) => (passing === true ? out.status(text) : out.line(text)),
    env: { RESERVATION_LEASE_MS: String(leaseMs), ...(mailbox === undefined ? {} : { SMTP_URL: mailbox.url }) },
  });
  closing.push(() => system.stop());
  out.clear();
  const letters = (): string => (mailbox === undefined ? 'sent through SMTP_URL' : `${mailbox.count()} in ${mailbox.folder}  (kept there, not sent: SMTP_URL is not set)`);
  return { stack, system, letters };
};

const liveOrders = async (options: StartOptions, out: Screen, connection: { baseUrl: string; apiKey: string }): Promise<readonly ScenarioResult[]> => {
  if (options.orders === 0) return [];
  const startedAt = performance.now();
  const results = await runScenarios({ ...connection, orders: options.orders, leaseMs, onProgress: out.status });
  out.keep();
  out.line(summaryOf(results));
  const wrong = results.filter(({ problem }) => problem !== undefined).length;
  out.line(`${results.length} lives ended after ${seconds(startedAt)}, ${wrong === 0 ? 'each as its scenario says' : `${wrong} of them not as their scenario says`}`);
  return results;
};

const verify = async (databaseUrl: string, out: Screen, connection: { baseUrl: string; apiKey: string }): Promise<boolean> => {
  out.status('verifying');
  const findings = await verifySystem({ databaseUrl, chain: true, connection });
  out.clear();
  const wrong = findings.filter((finding) => finding.violations.length > 0);
  for (const finding of wrong) out.line(`verify: ${finding.service}: ${finding.what}: ${finding.violations.map(({ where, why }) => `${where} ${why}`).join('; ')}`);
  out.line(`verify: ${findings.length} checks, ${wrong.length === 0 ? 'nothing found' : `${wrong.length} found something`}`);
  return wrong.length === 0;
};

/** Starts everything and lives the orders; answers the exit code, or undefined when it shall go on running. */
export const work = async (options: StartOptions, out: Screen, closing: Closing, onBroken: (error: StackError) => void): Promise<number | undefined> => {
  const startedAt = performance.now();
  const { stack, system, letters } = await startAll(options, out, closing, onBroken);
  out.line(`ready after ${seconds(startedAt)}`);
  const connection = { baseUrl: system.baseUrl, apiKey: system.secrets.apiKey };
  out.status('loading the sample world');
  await loadSampleWorld(connection);
  out.clear();
  const people = startPeople({ ...connection, carrierUrl: system.carrierUrl });
  closing.push(() => within(peopleGraceMs, people.stop()));
  const results = await liveOrders(options, out, connection);
  if (options.exit) {
    const isRight = await verify(stack.databaseUrl, out, connection);
    return isRight && results.every(({ problem }) => problem === undefined) ? 0 : 1;
  }
  out.line(tryNext({ system, data: options.data, orderId: results.find(({ orderId }) => orderId !== undefined)?.orderId, letters: letters() }));
  return undefined;
};

/** Puts everything away, the last thing first, within 10 s. */
export const end = async (closing: Closing): Promise<void> => {
  const force = setTimeout(() => void endGuarded(0), endWithinMs);
  try {
    for (let close = closing.pop(); close !== undefined; close = closing.pop()) await close();
  } finally {
    // What was still starting knows no other end.
    await endGuarded(endWithinMs / 2);
    clearTimeout(force);
  }
};
