import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { migrateService } from '@orderlog/backbone';
import { copyOut, createEventLog, newOrderId, openPool, type Aggregate, type EventLog, type PostgresEventLog } from '@orderlog/event-log';
import { order, orderStatus, type FollowFact, type Moment, type Order, type OrderCommand, type OrderEvent, type OrderPlacedData, type OrderRefusal } from '@orderlog/order-domain';
import { createProjections, openProjectionOwner, type Projection } from '@orderlog/projections';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { removeStack } from '../local-stack/stack.js';
import { startPostgres } from '../local-stack/postgres.js';
import { seededRandom } from '../olist/random.js';
import type { BenchOptions } from './main.js';
import { figure, type Figure } from './report.js';

const ordersDefault = 20_000;
const runsDefault = 5;
const password = 'only-for-the-benchmark';
/** Lives that go on at the same time: what lies between two events of one order. */
const wave = 2_000;
const batch = 250;
const askEveryMs = 10;

const orders: Aggregate<OrderCommand, OrderEvent, Order, OrderRefusal> = { category: 'order', decider: order, stateSchema: 1 };

const day = '2026-11-02T09:00:00.000Z';
const at: Moment = { now: day, allocateBy: day, fulfillBy: day, deliverBy: day, payBy: day, reviewAt: day, answerBy: day };

/** An order as the order service takes it, with 1 to 3 lines. */
const placedOrder = (orderId: string, n: number, random: () => number): OrderPlacedData => {
  const lines = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, line) => {
    const [quantity, unitPrice] = [1 + Math.floor(random() * 2), 500 + Math.floor(random() * 5_000)];
    return { lineId: `${line + 1}`, externalId: `${line + 1}`, sku: `SKU-${1000 + Math.floor(random() * 500)}`, name: 'Enamel mug, 0.4 l', quantity, unitPrice, discount: 0, tax: 0, total: unitPrice * quantity, taxLines: [], metadata: {} };
  });
  const sum = lines.reduce((total, line) => total + line.total, 0);
  return {
    orderId,
    tenantId: 'acme',
    channel: 'bench',
    externalReference: `replay-${n}`,
    number: '',
    placedAt: day,
    currency: 'EUR',
    taxIncluded: true,
    customerExternalId: '',
    customerType: 'person',
    customerLocale: '',
    destination: { countryCode: 'BR', region: 'SP', postalCode: '01310-100', city: 'São Paulo' },
    delivery: { method: 'ship', serviceLevel: 'standard', amount: 490, discount: 0, tax: 0, total: 490, promisedBy: '', notBefore: '' },
    lines,
    discounts: [],
    totals: { lines: sum, delivery: 490, tax: 0, grandTotal: sum + 490 },
    payment: { status: 'paid', reference: '', authorizedAmount: 0, capturedAmount: sum + 490, authorizedUntil: '' },
    policy: { split: 'allow', backorder: 'wait', substitution: 'never', releaseOn: 'authorized' },
    giftWrap: false,
    giftHidePrices: false,
    business: { purchaseOrderNumber: '', terms: '' },
    tags: [],
    metadata: {},
    personalDataVersion: 1,
    personalDataDigest: '3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855a',
    trackingToken: 'k3J9-sQ2mV7xT1bN8cR4aZ6w',
    receivedAt: day,
    requestDigest: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  };
};

/** The commands of a plain life, placed to delivered: one center, one package. */
const life = (placed: OrderPlacedData): readonly OrderCommand[] => {
  const lines = placed.lines.map(({ lineId, sku, quantity }) => ({ lineId, sku, quantity }));
  const fulfillmentOrderId = `${placed.orderId}.1.1`;
  const box = { fulfillmentOrderId, packageId: `${fulfillmentOrderId}.p1`, lines };
  const facts = {
    RoutingDecided: { attempt: 1, legs: [{ fulfillmentOrderId, centerId: 'sao-paulo', centerKind: 'own', lines, shipBy: day, expectedDelivery: day }], serviceLevel: 'standard' },
    StockReserved: { attempt: 1, epoch: 1, expiresAt: day },
    FulfillmentOrderAccepted: { fulfillmentOrderId, lines },
    FulfillmentOrderPicked: { fulfillmentOrderId, lines },
    PackageClosed: { ...box, weightGrams: 900, carton: 'S' },
    LabelPurchased: { ...box, carrier: 'swift', trackingNumber: 'SW123456789BR', trackingUrl: 'https://swift.example/SW123456789BR' },
    ShipmentHandedOver: { fulfillmentOrderId, shipmentId: `${fulfillmentOrderId}.s1`, carrier: 'swift', packages: [{ packageId: box.packageId, trackingNumber: 'SW123456789BR', lines }] },
    PackageDelivered: { ...box, deliveredAt: day },
  };
  // Names and data of one union member: the compiler does not put them together by itself.
  const follow = Object.entries(facts).map(([type, fact]) => ({ type: `Follow${type}`, data: { fact, factId: `${placed.orderId} ${type}`, at } }) as unknown as FollowFact);
  return [{ type: 'PlaceOrder', data: { order: placed, unknownSkuLines: [], at } }, ...follow];
};

/** Fills a log with whole lives, through the decider and the log's own append. */
const fill = async (log: PostgresEventLog, count: number): Promise<void> => {
  const random = seededRandom(9);
  for (let first = 0; first < count; first += wave) {
    const lives = Array.from({ length: Math.min(wave, count - first) }, (_, n) => life(placedOrder(newOrderId((first + n) % log.shards, log.shards), first + n, random)));
    for (let step = 0; step < Math.max(...lives.map(({ length }) => length)); step += 1) {
      for (let from = 0; from < lives.length; from += batch) {
        const commands = lives.slice(from, from + batch).flatMap(([place, ...rest]) => {
          if (place?.type !== 'PlaceOrder') return [];
          const { orderId, tenantId } = place.data.order;
          const command = step === 0 ? place : rest[step - 1];
          const context = { tenantId, actor: { type: 'service', id: 'bench' }, commandId: `${orderId}-${step}`, correlationId: orderId } as const;
          return command === undefined ? [] : [{ streamId: `order-${orderId}`, command, context }];
        });
        await log.transact((tx) => tx.decide(orders, commands));
      }
    }
  }
};

const seconds = async (work: () => Promise<void>): Promise<number> => {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
};

type SummaryModule = { readonly orderSummary: (log: EventLog) => Projection<never> };

/** The read model as the order service has it. Not imported by name: tools are no part of any service, and only a benchmark runs its insides. */
const loadSummary = async (): Promise<SummaryModule> =>
  (await import(new URL('../../services/order/read-models/order-summary/order-summary.projection.js', import.meta.url).href)) as SummaryModule;

/**
 * Reading a whole log again: folded by the order's decider, and written as the list of orders into a fresh table beside the live one, each
 * divided by a COPY of the same rows that Node only drains. PostgreSQL and this process, nothing else.
 */
export const replay = async ({ orders: count = ordersDefault, runs = runsDefault, say }: BenchOptions): Promise<readonly Figure[]> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'orderlog-bench-'));
  const postgres = await startPostgres({ dataDir });
  try {
    await migrateService({ adminUrl: postgres.databaseUrl, service: 'order', appPassword: password });
    const appUrl = new URL(postgres.databaseUrl);
    [appUrl.username, appUrl.password] = ['order_app', password];
    const connectionString = appUrl.toString();
    const log = await createEventLog({ service: 'order', connectionString });
    const admin = new pg.Client({ connectionString: postgres.databaseUrl });
    await admin.connect();
    const plain = openPool(connectionString, 'order', 'orderlog bench copy', 1, () => undefined, { pipeline: false });
    const source = await new DataSource({ type: 'postgres', url: connectionString, poolSize: 4, extra: { options: '-c search_path="order" -c TimeZone=UTC -c enable_seqscan=off -c jit=off' } }).initialize();
    const owner = await openProjectionOwner(postgres.databaseUrl, 'order');
    try {
      say(`filling a log with ${count} lives`);
      await fill(log, count);
      await admin.query('vacuum (analyze) "order".event_log');
      await admin.query('checkpoint');
      const heads = await log.heads();
      const events = heads.reduce((sum, { seq }) => sum + seq, 0);
      const expect = (what: string, found: number, wanted: number): void => {
        if (found !== wanted) throw new Error(`${what}: ${found} instead of ${wanted}`);
      };

      const drained = async (): Promise<void> => {
        let rows = 0;
        const client = await plain.connect();
        await copyOut(client, 'copy event_log to stdout', () => (rows += 1)).finally(() => client.release());
        expect('rows drained', rows, events);
      };
      const folded = async (): Promise<void> => {
        let [rows, delivered] = [0, 0];
        for (const { shard } of heads) {
          for (const { version, state } of (await log.foldShard(orders, shard)).values()) {
            rows += version;
            delivered += Number(orderStatus(state) === 'delivered');
          }
        }
        expect('events folded', rows, events);
        expect('orders delivered', delivered, count);
      };

      const summary = (await loadSummary()).orderSummary;
      const live = summary(log);
      const runner = createProjections({ log, dataSource: source, projections: [live], another: () => summary(log), versionsMs: 20, idleMs: 20 });
      runner.start();
      await runner.caughtUp(live.name, 600_000);
      const written = async (): Promise<void> => {
        while ((await owner.progress(live)).built < events) await delay(askEveryMs);
      };
      const check = async (): Promise<void> => {
        const outcome = await owner.switch(live, { keepHours: 1 });
        if (outcome.outcome !== 'switched') throw new Error(`the rebuilt list is ${outcome.outcome}`);
        await owner.back(live, { keepHours: 1 });
      };

      const [copies, folds, writes]: [number[], number[], number[]] = [[], [], []];
      const [foldRatios, writeRatios]: [number[], number[]] = [[], []];
      for (let run = 0; run <= runs; run += 1) {
        const before = await seconds(drained);
        const fold = await seconds(folded);
        const copy = (before + (await seconds(drained))) / 2;
        const write = await seconds(async () => {
          await owner.begin(live);
          await written();
        });
        await check();
        // The first round is for the compiler and the caches.
        if (run === 0) continue;
        copies.push(events / copy);
        folds.push(events / fold);
        writes.push(events / write);
        foldRatios.push(copy / fold);
        writeRatios.push(copy / write);
        say(`round ${run}: COPY ${Math.round(events / copy)}/s, fold ${(copy / fold).toFixed(3)}, with the projection written ${(copy / write).toFixed(3)}`);
      }
      await runner.stop();
      return [
        figure('B9-copy', `COPY of ${events} events, drained in Node`, 'events/s', copies),
        figure('B9-fold', 'the log read by shard, parsed and folded by the order decider, by COPY drained', 'events/s', folds, foldRatios),
        figure('B9-projection', 'the list of orders written into a fresh table, by COPY drained', 'events/s', writes, writeRatios),
      ];
    } finally {
      await owner.close();
      await source.destroy();
      await plain.end();
      await admin.end();
      await log.close();
    }
  } finally {
    await postgres.stop();
    await removeStack(dataDir);
    rmSync(dataDir, { recursive: true, force: true });
  }
};
