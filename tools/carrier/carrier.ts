import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { openDesk, type CounterDesk } from './counter-desk.js';
import { journeyOf } from './journey.js';
import { readLabelRequest, type LabelAnswer, type SoldLabel } from './label.js';
import { openNotebook, type Entry, type Notebook } from './notebook.js';
import { atSpeed, startScanSender, type ScanSender } from './scan-sender.js';

/** What a simulated carrier is started with. */
export type CarrierOptions = {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host?: string;
  /** Where scans are told. */
  readonly webhookUrl: string;
  /** `whsec_…`, shared with the shipper. */
  readonly webhookSecret: string;
  /** Simulated seconds a second. */
  readonly speed: number;
  readonly currency: string;
  /** Labels and parcels under way survive a restart when this is given. */
  readonly stateFile?: string;
  readonly onFailure?: (reason: string) => void;
};

/** A carrier that is open for business. */
export type RunningCarrier = { readonly url: string; readonly stop: () => Promise<void> };

const bodyBytesMax = 4 * 1024 * 1024;
const labelsPerBatchMax = 500;
const numbersPerPickupMax = 1_000;

type Parts = { readonly desk: CounterDesk; readonly sender: ScanSender; readonly notebook: Notebook; readonly speed: number; readonly counts: Counts };
type Counts = { sold: number; refused: number; voided: number; collected: number };
type Answer = { readonly status: number; readonly body?: unknown; readonly text?: string };

class BadRequest extends Error {}

const readJson = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw new BadRequest(`the body has more than ${bodyBytesMax} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw new BadRequest('the body is not JSON', { cause: error });
  }
};

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;

/** Sells a batch; new labels are in the notebook before anybody hears of them. */
const sellAll = async ({ desk, notebook, counts }: Parts, requests: readonly { readonly value: unknown; readonly key: unknown }[]): Promise<readonly LabelAnswer[]> => {
  const entries: Entry[] = [];
  const answers = requests.map(({ value, key }, n): LabelAnswer => {
    const request = readLabelRequest(value, key);
    if (typeof request === 'string') return { key: String(key), refused: { reason: 'invalid_request', detail: `entry ${n}: ${request}` } };
    const { answer, isNew } = desk.sell(request);
    if ('label' in answer && isNew) entries.push({ kind: 'label', label: answer.label });
    if ('refused' in answer) counts.refused += 1;
    return answer;
  });
  await notebook.write(entries);
  counts.sold += entries.length;
  return answers;
};

const setOff = ({ sender, notebook, speed }: Omit<Parts, 'desk' | 'counts'>, label: SoldLabel, atMs: number): void => {
  const { trackingNumber } = label;
  sender.plan(atSpeed(journeyOf(label, atMs), atMs, speed), () => void notebook.write([{ kind: 'done', trackingNumber }]));
};

const collectAll = async (parts: Parts, numbers: readonly string[], underWay: Set<string>): Promise<Answer> => {
  const unknown: string[] = [];
  const atMs = Date.now();
  const labels: SoldLabel[] = [];
  for (const trackingNumber of numbers) {
    const label = parts.desk.collect(trackingNumber);
    if (label === undefined) unknown.push(trackingNumber);
    else if (!underWay.has(trackingNumber)) {
      underWay.add(trackingNumber);
      labels.push(label);
    }
  }
  await parts.notebook.write(labels.map(({ trackingNumber }) => ({ kind: 'pickup', trackingNumber, atMs })));
  for (const label of labels) setOff(parts, label, atMs);
  parts.counts.collected += labels.length;
  return { status: 202, body: { collected: labels.length, unknown } };
};

const metricsText = ({ counts, sender }: Parts): string => {
  const { scansSent, webhooksSent, webhooksFailed, waiting } = sender.stats();
  const lines: readonly (readonly [name: string, kind: string, help: string, value: number])[] = [
    ['carrier_labels_sold_total', 'counter', 'Labels sold', counts.sold],
    ['carrier_labels_refused_total', 'counter', 'Label requests refused', counts.refused],
    ['carrier_labels_voided_total', 'counter', 'Labels taken back', counts.voided],
    ['carrier_parcels_collected_total', 'counter', 'Parcels picked up', counts.collected],
    ['carrier_scans_sent_total', 'counter', 'Scans the shipper took', scansSent],
    ['carrier_webhooks_sent_total', 'counter', 'Webhooks the shipper took', webhooksSent],
    ['carrier_webhooks_failed_total', 'counter', 'Webhooks the shipper did not take', webhooksFailed],
    ['carrier_scans_waiting', 'gauge', 'Scans not told yet', waiting],
  ];
  return lines.map(([name, kind, help, value]) => `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${name} ${value}\n`).join('');
};

const labelOf = (answer: LabelAnswer): Answer => ('label' in answer ? { status: 200, body: answer.label } : { status: 422, body: answer.refused });

const routes = (parts: Parts, underWay: Set<string>) => async (request: IncomingMessage): Promise<Answer> => {
  const url = new URL(request.url ?? '/', 'http://carrier');
  const route = `${request.method} ${url.pathname}`;
  const id = /^\/(labels|parcels)\/([\w-]{1,64})$/.exec(url.pathname);
  if (route === 'POST /labels') {
    const [answer] = await sellAll(parts, [{ value: await readJson(request), key: request.headers['idempotency-key'] }]);
    return answer === undefined ? { status: 500 } : labelOf(answer);
  }
  if (route === 'POST /labels/batch') {
    const labels = memberOf(await readJson(request), 'labels');
    if (!Array.isArray(labels) || labels.length === 0 || labels.length > labelsPerBatchMax) throw new BadRequest(`labels has to have 1 to ${labelsPerBatchMax} entries`);
    return { status: 200, body: { labels: await sellAll(parts, labels.map((value) => ({ value, key: memberOf(value, 'key') }))) } };
  }
  if (route === 'GET /labels') {
    return { status: 200, body: { labels: url.searchParams.getAll('key').slice(0, labelsPerBatchMax).flatMap((key) => parts.desk.byKey(key) ?? []) } };
  }
  if (route === 'POST /pickups') {
    const numbers = memberOf(await readJson(request), 'trackingNumbers');
    if (!Array.isArray(numbers) || numbers.length > numbersPerPickupMax || !numbers.every((entry) => typeof entry === 'string')) {
      throw new BadRequest(`trackingNumbers has to be a list of at most ${numbersPerPickupMax} texts`);
    }
    return collectAll(parts, numbers, underWay);
  }
  if (request.method === 'DELETE' && id?.[1] === 'labels') {
    const label = parts.desk.take(id[2] ?? '', String(request.headers['x-account-id'] ?? ''));
    if (typeof label === 'string') return { status: label === 'unknown_label' ? 404 : 409, body: { reason: label } };
    await parts.notebook.write([{ kind: 'label', label }]);
    parts.counts.voided += 1;
    return { status: 204 };
  }
  if (request.method === 'GET' && id?.[1] === 'parcels') {
    const label = parts.desk.byTrackingNumber(id[2] ?? '');
    return label === undefined ? { status: 404 } : { status: 200, body: { trackingNumber: label.trackingNumber, carrier: label.carrier, to: label.to.city } };
  }
  if (route === 'GET /healthz' || route === 'GET /readyz') return { status: 200, body: { ready: true } };
  if (route === 'GET /metrics') return { status: 200, text: metricsText(parts) };
  return { status: 404, body: { reason: 'no_such_path' } };
};

const send = (response: ServerResponse, { status, body, text }: Answer): void => {
  response.writeHead(status, { 'content-type': text === undefined ? 'application/json' : 'text/plain; version=0.0.4' });
  response.end(text ?? (body === undefined ? undefined : JSON.stringify(body)));
};

/** Brings back labels and parcels under way. A parcel's scans are told again from the first: the shipper knows them by their ids. */
const restore = async (parts: Parts, underWay: Set<string>): Promise<void> => {
  const pickups = new Map<string, number>();
  for (const entry of await parts.notebook.read()) {
    if (entry.kind === 'label') parts.desk.restore(entry.label);
    else if (entry.kind === 'pickup') pickups.set(entry.trackingNumber, entry.atMs);
    else pickups.delete(entry.trackingNumber);
    if (entry.kind !== 'label') underWay.add(entry.trackingNumber);
  }
  for (const trackingNumber of underWay) parts.desk.collect(trackingNumber);
  for (const [trackingNumber, atMs] of pickups) {
    const label = parts.desk.byTrackingNumber(trackingNumber);
    if (label !== undefined) setOff(parts, label, atMs);
  }
};

const listen = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });

/** Opens a simulated carrier: an HTTP server of its own that knows nothing of Orderlog but a webhook's address. */
export const startCarrier = async (options: CarrierOptions): Promise<RunningCarrier> => {
  const host = options.host ?? '127.0.0.1';
  let url = '';
  const parts: Parts = {
    desk: openDesk({ publicUrl: () => url, currency: options.currency, now: () => Date.now() }),
    sender: startScanSender({ url: options.webhookUrl, secret: options.webhookSecret, ...(options.onFailure === undefined ? {} : { onFailure: options.onFailure }) }),
    notebook: openNotebook(options.stateFile),
    speed: options.speed,
    counts: { sold: 0, refused: 0, voided: 0, collected: 0 },
  };
  const underWay = new Set<string>();
  const answer = routes(parts, underWay);
  const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
    answer(request).then(
      (result) => send(response, result),
      (error: unknown) => {
        if (!(error instanceof BadRequest)) options.onFailure?.(error instanceof Error ? error.message : String(error));
        send(response, error instanceof BadRequest ? { status: 400, body: { reason: 'bad_request', detail: error.message } } : { status: 500, body: { reason: 'unexpected' } });
      },
    );
  });
  url = `http://${host}:${await listen(server, options.port, host)}`;
  await restore(parts, underWay);
  return {
    url,
    stop: async () => {
      await parts.sender.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
