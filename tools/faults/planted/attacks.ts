import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { eventsTopic, services, shardsPerLog, type ServiceName } from '@orderlog/contracts';
import type { IncomingMessage } from '@orderlog/messaging';
import pg from 'pg';
import type { Scan } from '../../carrier/journey.js';
import { startScanSender } from '../../carrier/scan-sender.js';
import { apiClient, ProblemAnswer } from '../../cli/client.js';
import { isReady } from '../../system/parts.js';
import { hotSku, type AttackedSystem } from '../attacked-system.js';
import { tamperer } from '../messages.js';
import type { Fault, KillPoint } from '../plan.js';
import { readTopic, textOf } from '../topic-reader.js';
import type { Attack } from './bug.js';

const second = 1_000;
/** By then the last order of a planted run has been sent. */
const loadMs = 14 * second;

/** Faults one after another, each so long after the beginning. */
export const at =
  (...steps: readonly (readonly [ms: number, fault: Fault])[]): Attack =>
  async (_, injector) => {
    const startedAt = performance.now();
    for (const [ms, fault] of steps) {
      await pause(Math.max(0, ms - (performance.now() - startedAt)));
      await injector.inject(fault);
    }
  };

/** Kills of one service at points of its own, one after another, each when the service has come back from the one before. */
export const killsAt =
  (part: ServiceName, ...points: readonly KillPoint[]): Attack =>
  async ({ system }, injector) => {
    for (const point of points) {
      await pause(second);
      await system.ready(part);
      // The carrier is asked once for many labels: a third call may never come.
      await injector.inject({ kind: 'kill-at', part, point, nth: point.endsWith('-carrier') ? 1 : 3 });
    }
  };

/**
 * Orders are held and freed through two processes in turn: what the one has done, the other does not know when it decides. Left to chance two seldom
 * decide on one version: an attack that only let them work side by side met it in one of three runs.
 */
export const bothDecide: Attack = async ({ system }) => {
  await pause(second);
  const another = await system.another('order');
  for (const giveUpAt = Date.now() + 20 * second; !(await isReady(another.url)); await pause(100)) {
    if (Date.now() > giveUpAt) throw new Error('the other order service does not become ready');
  }
  const clients = [system.urls.order, another.url].map((baseUrl) => apiClient({ baseUrl, apiKey: system.secrets.apiKey }));
  let held = 0;
  try {
    for (let round = 0; round < 10; round += 1) {
      await pause(second / 2);
      const newest = await clients[0]?.call<{ readonly items: readonly { readonly id: string }[] }>('GET', '/v1/orders?limit=1');
      const [order] = newest?.body.items ?? [];
      if (order === undefined) continue;
      for (const api of [...clients, ...clients]) {
        try {
          const { body } = await api.call<{ readonly holds: readonly { readonly id: string; readonly reason: string }[] }>('POST', `/v1/orders/${order.id}/holds`, { reason: 'MANUAL' });
          held += 1;
          for (const { id } of body.holds.filter(({ reason }) => reason === 'MANUAL')) await api.call('DELETE', `/v1/orders/${order.id}/holds/${id}`);
        } catch (error) {
          // It has ended meanwhile, or is what the bug has made of it.
          if (!(error instanceof ProblemAnswer)) throw error;
        }
      }
    }
    if (held === 0) throw new Error('no order could be held');
  } finally {
    for (const api of clients) await api.close();
    await another.stop();
  }
};

/** Two processes of a service side by side. */
export const joined =
  (service: ServiceName): Attack =>
  async ({ system }) => {
    await pause(second);
    const another = await system.another(service);
    await pause(loadMs);
    await another.stop();
  };

const all = Array.from({ length: shardsPerLog }, (_, shard) => shard);

/** A listener is down while its producer's topic loses everything that it has not heard; orders go on after it has come back. */
export const unheard =
  (listener: ServiceName, producer: ServiceName, downAtMs = 3_000): Attack =>
  async ({ system }, injector) => {
    await pause(downAtMs);
    await system.down(listener);
    await pause(2_500);
    await injector.inject({ kind: 'emptied', service: producer, shards: all });
    await system.up(listener);
    await pause(loadMs - 6_000);
  };

/** The same when no more orders come: nothing newer tells the listener that something is missing. */
export const unheardAtTheEnd =
  (listener: ServiceName, producer: ServiceName): Attack =>
  async ({ system }, injector) => {
    await pause(loadMs - 3_000);
    await system.down(listener);
    await pause(6_000);
    await injector.inject({ kind: 'emptied', service: producer, shards: all });
    await system.up(listener);
  };

/** A service is frozen while another process of it takes over; it wakes when nobody orders any more. */
export const sleeper =
  (part: ServiceName): Attack =>
  async (_, injector) => {
    await pause(loadMs - 6_000);
    await injector.inject({ kind: 'zombie', part, ms: 12_000 });
  };

/** After the orders: a message that looks like a next row of the order's log, from another log. */
export const foreigner: Attack = async (attacked: AttackedSystem) => {
  await pause(loadMs + 6_000);
  const kafka = tamperer(attacked);
  const topic = eventsTopic('order');
  let newest: { readonly partition: number; readonly message: IncomingMessage } | undefined;
  const last = new Map<number, number>();
  await readTopic(kafka, topic, (partition, messages) => {
    for (const message of messages) {
      const seq = Number(textOf(message.headers['orderlogseq']) ?? 0);
      last.set(partition, Math.max(last.get(partition) ?? 0, seq));
      if (textOf(message.headers['ce_type']) === 'OrderBackordered') newest = { partition, message };
    }
  });
  if (newest === undefined) throw new Error('no order waits for stock');
  const { partition, message } = newest;
  const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, textOf(value) ?? '']));
  const forged = { ...headers, ce_id: randomUUID(), orderloglogid: randomUUID(), orderlogseq: String((last.get(partition) ?? 0) + 1) };
  const producer = await kafka.producer();
  await producer.send(topic, [{ partition, messages: [{ key: textOf(message.key) ?? '', headers: forged, value: textOf(message.value) }] }]);
  await producer.close();
  await pause(2 * second);
};

/**
 * Two routers, and an inventory that takes some units of what everybody wants in and then says nothing for a while: each router gives them to its own
 * orders. More come meanwhile than are covered; what waited before gets its share of the delivery first.
 */
export const contested: Attack = async (attacked, injector) => {
  const { system, world } = attacked;
  const api = apiClient({ baseUrl: system.baseUrl, apiKey: system.secrets.apiKey });
  const deliverAndFreeze = async (): Promise<void> => {
    for (const n of [1, 2, 3, 4]) {
      await pause(1.5 * second);
      await api.call('POST', '/v1/stock/receipts', { receiptId: `contested-${n}`, centerId: world.centers[0]?.centerId, lines: [{ sku: hotSku, quantity: 8 }] });
      await pause(second / 2);
      await injector.inject({ kind: 'pause', part: 'inventory', ms: 1_500 });
    }
  };
  try {
    await Promise.all([joined('routing')(attacked, injector), deliverAndFreeze()]);
  } finally {
    await api.close();
  }
};

/** After the orders: the carrier tells again what it told before, to the last scan. A carrier that lost an answer does so, but no kill makes it sure. */
export const toldAgain: Attack = async ({ system, databaseUrl }) => {
  await pause(loadMs + 6_000);
  const sql = new pg.Client({ connectionString: databaseUrl });
  await sql.connect();
  const { rows } = await sql
    .query<{ scan: Scan }>(
      `select json_build_object('scanId', s.data->>'scanId', 'carrier', p.carrier, 'trackingNumber', s.data->>'trackingNumber', 'status', s.data->>'status', 'text', s.data->>'carrierText',
         'scannedAt', s.data->>'scannedAt', 'city', s.data->>'city', 'countryCode', s.data->>'countryCode') as scan
       from shipping.event_log_json s join shipping.tracked_packages p on p.package_id = s.data->>'packageId' where s.type = 'TrackingScanRecorded'`,
    )
    .finally(() => sql.end());
  if (!rows.some(({ scan }) => scan.status === 'delivered')) throw new Error('nothing was delivered');
  const sender = startScanSender({ url: `${system.urls.shipping}/v1/shipments/carrier-scans`, secret: system.secrets.carrierWebhookSecret });
  const told = new Promise<boolean>((taken) => sender.plan(rows.map(({ scan }) => ({ toldAtMs: 0, scan })), () => taken(true)));
  const areTaken = await Promise.race([told, pause(30 * second).then(() => false)]);
  await sender.stop();
  if (!areTaken) throw new Error(`shipping did not take ${rows.length} scans again within 30 s`);
};

/** Every topic is published again from its first row. */
export const replays: Attack = async (attacked, injector) => {
  await pause(loadMs - 4_000);
  for (const service of services) await injector.inject({ kind: 'replay', service, shards: all });
  await pause(3 * second);
};
