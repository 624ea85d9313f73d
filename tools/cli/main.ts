import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { randomUUID } from 'node:crypto';
import { Command, CommanderError } from 'commander';
import { shardsPerLog } from '@orderlog/contracts';
import { convertOlist } from '../olist/convert.js';
import { loadWorld } from '../sample-world/load-world.js';
import { readWorld } from '../sample-world/world-file.js';
import { verifySystem } from '../verify/verify-system.js';
import { apiClient } from './client.js';
import { connect, UsageError } from './connection.js';
import { exitCodes, failureOf } from './failure.js';
import { countRows, importOrders } from './import-orders.js';
import { parseMapping } from './import-file.js';
import { progressBar, table } from './output.js';
import { goBack, listProjections, proveProjection, rebuildProjection } from './projections.js';

const services = ['orders', 'stock', 'routing', 'warehouse', 'shipments'] as const;

const program = new Command('orderlog')
  .description('Orderlog from the terminal')
  .option('--url <url>', 'base URL (else ORDERLOG_URL, else the system that `npm start` runs here)')
  .option('--key <key>', 'API key (else ORDERLOG_API_KEY, else as above)')
  .option('--data <folder>', 'data folder of `npm start`', '.orderlog')
  .option('--json', 'JSON for programs instead of tables')
  .addHelpText('after', '\nExit codes: 0 done, 1 something was found or refused in part, 2 wrong use, 3 refused by Orderlog, 4 nobody answers')
  .showHelpAfterError()
  .exitOverride();

type Options = { url?: string; key?: string; data: string; json?: boolean };
const options = (): Options => {
  const given = program.opts<Options>();
  return { ...given, data: resolve(process.env['ORDERLOG_CWD'] ?? process.cwd(), given.data) };
};
const at = (path: string): string => resolve(process.env['ORDERLOG_CWD'] ?? process.cwd(), path);
const client = () => apiClient(connect(options()));
const wholeNumber = (name: string, text: string, max: number): number => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > max) throw new UsageError(`${name} is a whole number from 1 to ${max}`);
  return value;
};
const shardNumber = (text: string): number => {
  if (!/^\d{1,3}$/.test(text) || Number(text) >= shardsPerLog) throw new UsageError(`--shard is a whole number from 0 to ${shardsPerLog - 1}`);
  return Number(text);
};
const known = (service: string): string => {
  if (!services.some((one) => one === service)) throw new UsageError(`<service> is one of ${services.join(', ')}`);
  return service;
};
const print = (value: unknown, human: () => string): void => console.log(options().json === true ? JSON.stringify(value, null, 2) : human());

type OrderBody = {
  id: string;
  number?: string;
  status: string;
  version: number;
  channel: string;
  externalReference: string;
  currency: string;
  totals: { grandTotal: number };
  payment?: { status: string };
  holds: { reason: string; detail?: string }[];
  trackingUrl?: string;
  lines: { id: string; sku: string; quantity: number; quantities: Record<string, number> }[];
  fulfillments: { id: string; centerId: string; status: string; packages: { id: string; carrier?: string; trackingNumber?: string; status: string }[] }[];
};

const orderText = (order: OrderBody): string =>
  [
    `order ${order.id}  ${order.status}  version ${order.version}`,
    `${order.channel}/${order.externalReference}  total ${order.totals.grandTotal} ${order.currency} (minor units)  payment ${order.payment?.status ?? 'pending'}`,
    ...order.holds.map((hold) => `on hold: ${hold.reason} ${hold.detail ?? ''}`),
    '',
    table(
      order.lines.map((line) => ({
        line: line.id,
        sku: line.sku,
        ordered: line.quantity,
        units: Object.entries(line.quantities).filter(([, units]) => units > 0).map(([state, units]) => `${units} ${state}`).join(', '),
      })),
      ['line', 'sku', 'ordered', 'units'],
    ),
    '',
    table(
      order.fulfillments.flatMap((fulfillment) =>
        (fulfillment.packages.length === 0 ? [undefined] : fulfillment.packages).map((pack) => ({
          center: fulfillment.centerId,
          fulfillment: fulfillment.status,
          package: pack?.status ?? '',
          carrier: pack?.carrier ?? '',
          'tracking number': pack?.trackingNumber ?? '',
        })),
      ),
      ['center', 'fulfillment', 'package', 'carrier', 'tracking number'],
    ),
    ...(order.trackingUrl === undefined ? [] : ['', `track: ${order.trackingUrl}`]),
  ].join('\n');

type TimelineEntry = { recordedAt: string; service: string; type: string; actor: { type: string; id: string }; reason?: string };

const order = program.command('order').description('orders');
order
  .command('show <id>')
  .description('one order')
  .option('--as-of <time>', 'as it was at a moment: RFC 3339, such as 2026-11-23T08:15:00Z')
  .action(async (id: string, given: { asOf?: string }) => {
    const api = client();
    const query = given.asOf === undefined ? '' : `?as_of=${encodeURIComponent(given.asOf)}`;
    const { body } = await api.call<OrderBody>('GET', `/v1/orders/${encodeURIComponent(id)}${query}`);
    print(body, () => orderText(body));
    await api.close();
  });
order
  .command('timeline <id>')
  .description('every fact of its whole life')
  .action(async (id: string) => {
    const api = client();
    const { body } = await api.call<{ entries: TimelineEntry[] }>('GET', `/v1/orders/${encodeURIComponent(id)}/timeline`);
    print(body, () =>
      table(
        body.entries.map((entry) => ({ time: entry.recordedAt, service: entry.service, fact: entry.type, actor: `${entry.actor.type}/${entry.actor.id}`, reason: entry.reason ?? '' })),
        ['time', 'service', 'fact', 'actor', 'reason'],
      ),
    );
    await api.close();
  });
order
  .command('submit <file>')
  .description('submits the order document in a JSON file')
  .option('--idempotency-key <key>', 'to repeat a submission safely')
  .action(async (file: string, given: { idempotencyKey?: string }) => {
    const api = client();
    const { status, body, headers } = await api.call<OrderBody>('POST', '/v1/orders', readFileSync(at(file), 'utf8'), {
      'idempotency-key': given.idempotencyKey ?? randomUUID(),
    });
    print(body, () => `${status === 201 ? 'accepted' : 'known already'}${headers['idempotent-replayed'] === undefined ? '' : ' (replayed)'}\n${orderText(body)}`);
    await api.close();
  });

program
  .command('import <file>')
  .description('submits every order of a .csv or .ndjson file; a repeat changes nothing twice')
  .option('--map <pairs>', 'CSV columns: field=column,… (fields as in the order document, lines.sku for a line)')
  .option('--dry-run', 'checks every row, stores nothing')
  .option('--concurrency <n>', 'requests at once', '64')
  .option('--journal <file>', 'remembers what was taken, to go on after an interruption (default: <file>.journal)')
  .action(async (file: string, given: { map?: string; dryRun?: boolean; concurrency: string; journal?: string }) => {
    const path = at(file);
    const mapping = parseMapping(given.map);
    const concurrency = wholeNumber('--concurrency', given.concurrency, 256);
    const api = apiClient(connect(options()), { connections: concurrency });
    const bar = progressBar(given.dryRun === true ? 'checking' : 'importing', await countRows(path, mapping));
    const report = await importOrders({
      client: api,
      file: path,
      mapping,
      dryRun: given.dryRun === true,
      concurrency,
      journal: given.journal === undefined ? `${path}.journal` : at(given.journal),
      onProgress: (done) => bar.update(done),
    }).finally(() => bar.end());
    await api.close();
    print(report, () =>
      [
        `${report.rows} orders read in ${report.seconds.toFixed(1)} s: ${report.accepted} ${given.dryRun === true ? 'would be accepted' : 'accepted'}${report.held === 0 ? '' : ` (${report.held} on hold: unknown products)`}, ${report.already} known already, ${report.skipped} done in an earlier run, ${report.refused.length} refused`,
        ...(report.refused.length === 0 ? [] : ['', table(report.refused, ['line', 'externalReference', 'why'], 100)]),
      ].join('\n'),
    );
    if (report.refused.length > 0) process.exitCode = exitCodes.found;
  });

program
  .command('stock')
  .description('stock')
  .command('receive <center> <sku> <quantity>')
  .description('receives units at a center')
  .option('--receipt <id>', 'id of the receipt, to repeat it safely')
  .action(async (centerId: string, sku: string, quantity: string, given: { receipt?: string }) => {
    const units = wholeNumber('<quantity>', quantity, 10_000_000);
    const api = client();
    const receiptId = given.receipt ?? randomUUID();
    const { status, body } = await api.call('POST', '/v1/stock/receipts', { receiptId, centerId, lines: [{ sku, quantity: units }] });
    print(body, () => `${status === 200 ? 'received before, nothing changed:' : 'received'} ${units} × ${sku} at ${centerId} (receipt ${receiptId})`);
    await api.close();
  });

type Parked = { streamId: string; since: string; events: number; error: string };
const parked = program.command('parked').description('streams that wait for a person, because a fact could not be applied');
parked
  .command('list')
  .description('parked streams of all services')
  .action(async () => {
    const api = client();
    const lists = await Promise.all(services.map(async (service) => (await api.call<{ items: Parked[] }>('GET', `/v1/${service}/ops/parked`)).body.items.map((entry) => ({ service, ...entry }))));
    const all = lists.flat();
    print(all, () => (all.length === 0 ? 'nothing is parked' : table(all, ['service', 'streamId', 'since', 'events', 'error'])));
    await api.close();
    if (all.length > 0) process.exitCode = exitCodes.found;
  });
for (const [name, method, suffix, done] of [
  ['show', 'GET', '', ''],
  ['release', 'POST', '/release', 'released'],
  ['drop', 'DELETE', '', 'dropped'],
] as const) {
  parked
    .command(`${name} <service> <stream>`)
    .description({ show: 'the error and the facts that wait', release: 'tries again, in order', drop: 'forgets the facts that wait' }[name])
    .action(async (service: string, stream: string) => {
      const api = client();
      const { body } = await api.call(method, `/v1/${known(service)}/ops/parked/${encodeURIComponent(stream)}${suffix}`);
      print(body, () => (done === '' ? JSON.stringify(body, null, 2) : `${done} ${stream}`));
      await api.close();
    });
}

type Quarantined = { id: string; seenAt: string; reason: string };
const quarantined = program.command('quarantined').description('messages on our topics that are no rows of a log: set aside, and never acted');
quarantined
  .command('list')
  .description('quarantined messages of all services that nobody has cleared')
  .action(async () => {
    const api = client();
    const lists = await Promise.all(services.map(async (service) => (await api.call<{ items: Quarantined[] }>('GET', `/v1/${service}/ops/quarantined`)).body.items.map((entry) => ({ service, ...entry }))));
    const all = lists.flat();
    print(all, () => (all.length === 0 ? 'nothing is quarantined' : table(all, ['service', 'id', 'seenAt', 'reason'])));
    await api.close();
    if (all.length > 0) process.exitCode = exitCodes.found;
  });
quarantined
  .command('show <service> <id>')
  .description('why it was set aside, and what could be read of it')
  .action(async (service: string, id: string) => {
    const api = client();
    const { body } = await api.call('GET', `/v1/${known(service)}/ops/quarantined/${encodeURIComponent(id)}`);
    print(body, () => JSON.stringify(body, null, 2));
    await api.close();
  });
quarantined
  .command('clear <service> [id]')
  .description('notes that somebody has looked at it')
  .option('--all', 'all of the service instead of one')
  .action(async (service: string, id: string | undefined, given: { all?: boolean }) => {
    if ((id === undefined) !== (given.all === true)) throw new UsageError('either <id> or --all says what is cleared');
    const api = client();
    const { body } = await api.call<{ cleared: number }>('DELETE', `/v1/${known(service)}/ops/quarantined${id === undefined ? '' : `/${encodeURIComponent(id)}`}`);
    print(body, () => `cleared ${body.cleared}`);
    await api.close();
  });

program
  .command('republish <service>')
  .description('publishes again from the log, for a topic that was emptied or cut; whoever listens drops what it has')
  .option('--shard <n>', 'one shard instead of all')
  .option('--from <seq>', 'first sequence number (default: what the topic should still hold)')
  .action(async (service: string, given: { shard?: string; from?: string }) => {
    const shard = given.shard === undefined ? undefined : shardNumber(given.shard);
    const fromSeq = given.from === undefined ? undefined : wholeNumber('--from', given.from, Number.MAX_SAFE_INTEGER);
    const api = client();
    const { body } = await api.call<{ items: { shard: number; fromSeq: number; toSeq: number }[] }>('POST', `/v1/${known(service)}/ops/republish`, {
      ...(shard === undefined ? {} : { shard }),
      ...(fromSeq === undefined ? {} : { fromSeq }),
    });
    print(body.items, () => (body.items.length === 0 ? 'there is nothing to publish again' : table(body.items, ['shard', 'fromSeq', 'toSeq'])));
    await api.close();
  });

const databaseOf = (databaseUrl: string | undefined, command: string): string => {
  if (databaseUrl === undefined) throw new UsageError(`${command} needs the database: set DATABASE_URL, or run it beside \`npm start\``);
  return databaseUrl;
};
const hours = (text: string): number => wholeNumber('--keep-hours', text, 8_760);

const projections = program.command('projections').description('read models: where they stand, rebuilds beside the live one, proofs');
projections
  .command('list')
  .description('every read model: versions, lag, when it was last proven')
  .action(async () => {
    const api = client();
    const all = await listProjections(api);
    print(all, () =>
      table(
        all.map(({ service, name, version, versions, proven, ...lag }) => ({
          service,
          name,
          versions: versions.map(({ number, state, fedUntil, events }) => `${version}.${number} ${state}${fedUntil === undefined ? '' : ` until ${fedUntil}`}${events > 0 && state !== 'live' ? ` (${events} behind)` : ''}`).join(', '),
          lag: lag.events === 0 ? 'none' : `${lag.events} events, ${(lag.ageMs / 1_000).toFixed(1)} s`,
          proven: proven === undefined ? 'never' : `at ${proven.events} events, ${proven.provenAt}`,
        })),
        ['service', 'name', 'versions', 'lag', 'proven'],
        80,
      ),
    );
    await api.close();
  });
projections
  .command('rebuild <service> <name>')
  .description('builds it from the log beside the live one, compares them, and lets readers see the new one')
  .option('--accept-difference', 'switch although the rows differ: they were wrong, or the code has changed')
  .option('--keep-hours <n>', 'how long the old one is fed for going back', '24')
  .action(async (service: string, name: string, given: { acceptDifference?: boolean; keepHours: string }) => {
    const keepHours = hours(given.keepHours);
    const connection = connect(options());
    const databaseUrl = databaseOf(connection.databaseUrl, 'rebuild');
    const api = apiClient(connection);
    const bar = progressBar('rebuilding', 100);
    const report = await rebuildProjection({
      api,
      databaseUrl,
      service,
      name,
      keepHours,
      acceptDifference: given.acceptDifference === true,
      onProgress: (built, live) => bar.update(live === 0 ? 100 : Math.min(100, Math.floor((100 * built) / live)), `% (${built} of ${live} events)`),
    }).finally(() => bar.end());
    await api.close();
    const differences = report.outcome === 'not_level' ? [] : report.differences.flatMap(({ table: where, onlyLive, onlyRebuilt }) => [...onlyLive.map((row) => ({ table: where, 'only in': 'live', row })), ...onlyRebuilt.map((row) => ({ table: where, 'only in': 'rebuilt', row }))]);
    print(report, () =>
      [
        report.outcome === 'switched'
          ? `${name} of ${service} is read from version ${report.number} now${differences.length === 0 ? ', which equals the one before' : ', which differs from the one before'}; that one is fed for ${keepHours} h more (\`projections back ${service} ${name}\`)`
          : `${name} of ${service} was not switched: the rebuilt rows differ from those that are read (--accept-difference if they are the right ones)`,
        ...(differences.length === 0 ? [] : ['', table(differences, ['table', 'only in', 'row'], 120)]),
      ].join('\n'),
    );
    if (report.outcome !== 'switched') process.exitCode = exitCodes.found;
  });
projections
  .command('back <service> <name>')
  .description('lets readers see the version before again')
  .option('--keep-hours <n>', 'how long the one that is left is fed', '24')
  .action(async (service: string, name: string, given: { keepHours: string }) => {
    const keepHours = hours(given.keepHours);
    const connection = connect(options());
    const databaseUrl = databaseOf(connection.databaseUrl, 'back');
    const api = apiClient(connection);
    const report = await goBack({ api, databaseUrl, service, name, keepHours });
    await api.close();
    print(report, () => `${name} of ${service} is read from version ${report.outcome === 'switched' ? report.number : '?'} again`);
  });
projections
  .command('prove [service] [name]')
  .description('rebuilds in temporary tables, compares, and remembers at which place in the log they were equal')
  .action(async (service: string | undefined, name: string | undefined) => {
    const api = client();
    const all = await proveProjection(api, service, name);
    const wrong = all.filter(({ live, rebuilt }) => live !== rebuilt);
    print(all, () =>
      [
        table(all.map((one) => ({ service: one.service, name: one.projection, events: one.events, result: one.live === one.rebuilt ? 'equal' : 'DIFFERENT' })), ['service', 'name', 'events', 'result']),
        ...wrong.flatMap(({ service: where, projection, differences }) => [
          '',
          `${where}: ${projection}`,
          table(differences.flatMap(({ table: of, onlyLive, onlyRebuilt }) => [...onlyLive.map((row) => ({ table: of, 'only in': 'live', row })), ...onlyRebuilt.map((row) => ({ table: of, 'only in': 'rebuilt', row }))]), ['table', 'only in', 'row'], 120),
        ]),
      ].join('\n'),
    );
    await api.close();
    if (wrong.length > 0) process.exitCode = exitCodes.found;
  });

program
  .command('verify')
  .description('checks every promise on the stored facts: reads only')
  .option('--chain', 'also the hash chain of every shard')
  .action(async (given: { chain?: boolean }) => {
    const { databaseUrl, ...connection } = connect(options());
    if (databaseUrl === undefined) throw new UsageError('verify reads the database: set DATABASE_URL, or run it beside `npm start`');
    const findings = await verifySystem({ databaseUrl, chain: given.chain === true, connection });
    const wrong = findings.filter((finding) => finding.violations.length > 0);
    print(findings, () =>
      [
        table(
          findings.map((finding) => ({ service: finding.service, check: finding.what, looked: finding.looked, result: finding.violations.length === 0 ? 'ok' : `${finding.violations.length} WRONG` })),
          ['service', 'check', 'looked', 'result'],
          100,
        ),
        ...wrong.flatMap((finding) => ['', `${finding.service}: ${finding.what}`, table(finding.violations, ['where', 'why'], 120)]),
        '',
        wrong.length === 0 ? `verified: ${findings.length} checks, nothing found` : `${wrong.length} of ${findings.length} checks found something`,
      ].join('\n'),
    );
    if (wrong.length > 0) process.exitCode = exitCodes.found;
  });

program
  .command('world')
  .description('reference data')
  .command('load <file>')
  .description('loads centers, coordinates, items and stock of a world file through the public API')
  .action(async (file: string) => {
    const world = readWorld(at(file));
    const connection = connect(options());
    const bar = progressBar('loading', 100);
    await loadWorld(world, { ...connection, onProgress: (share) => bar.update(Math.round(share * 100)) }).finally(() => bar.end());
    print({ centers: world.centers.length, items: world.items.length }, () => `loaded ${world.centers.length} centers, ${world.coordinates.length} postcodes, ${world.items.length} items`);
  });

program
  .command('olist')
  .description('the public data set')
  .command('convert <from> <to>')
  .option('--seed <n>', 'seed of everything made up', '1')
  .option('--centers <n>', 'how many fulfillment centers the sellers are grouped into', '12')
  .action(async (from: string, to: string, given: { seed: string; centers: string }) => {
    const report = await convertOlist({ from: at(from), to: at(to), seed: wholeNumber('--seed', given.seed, 2 ** 31), centers: wholeNumber('--centers', given.centers, 100) });
    print(report, () => table(Object.entries(report).map(([what, count]) => ({ what, count })), ['what', 'count']));
  });

try {
  await program.parseAsync();
} catch (error) {
  // Commander has said what was wrong, or the help that was asked for.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  else {
    const failure = failureOf(error);
    process.exitCode = failure.exitCode;
    console.error(options().json === true ? JSON.stringify(failure.problem ?? { error: failure.text }, null, 2) : failure.text);
  }
}
