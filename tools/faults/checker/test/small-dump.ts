import { createHash } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventsTopic, services, shardsPerLog, type ServiceName } from '@orderlog/contracts';
import { order, orderStatus, quantitiesByLine, type Order, type OrderCommand, type OrderEvent } from '@orderlog/order-domain';
import type {
  AnswerRecord,
  DumpFile,
  HeadRecord,
  KeyRecord,
  LabelRecord,
  LogRecord,
  OutcomeRecord,
  PositionRecord,
  ProjectionRecord,
  ReferenceRecord,
  RunRecord,
  StockRecord,
  StreamRecord,
  TopicRecord,
} from '../../dump-format.js';
import { hears } from '../listeners.js';

/** An event before it has its place in a log. `batch` tells transactions apart: rows of one shard side by side with one batch have one hash. */
export type Draft = {
  readonly service: ServiceName;
  readonly shard: number;
  readonly streamId: string;
  readonly type: string;
  data: Record<string, unknown>;
  eventId: string;
  commandId: string;
  causationId: string;
  recordedAt: string;
  batch: number;
  /** Set by a test that plants a wrong one. */
  version?: number;
};

/** Everything of a dump, to be planted into. */
export type SmallDump = {
  run: RunRecord;
  readonly outcomes: OutcomeRecord[];
  readonly logs: Record<ServiceName, LogRecord[]>;
  readonly heads: Record<ServiceName, HeadRecord[]>;
  readonly streams: Record<ServiceName, StreamRecord[]>;
  readonly topics: Record<ServiceName, TopicRecord[]>;
  readonly positions: Record<ServiceName, PositionRecord[]>;
  readonly parked: Record<ServiceName, Record<string, unknown>[]>;
  readonly quarantined: Record<ServiceName, Record<string, unknown>[]>;
  readonly timers: Record<ServiceName, Record<string, unknown>[]>;
  readonly effects: Record<ServiceName, Record<string, unknown>[]>;
  readonly keys: KeyRecord[];
  readonly references: ReferenceRecord[];
  readonly stock: StockRecord[];
  readonly projections: ProjectionRecord[];
  readonly answers: AnswerRecord[];
  readonly labels: LabelRecord[];
};

const startMs = Date.parse('2026-11-02T09:00:00.000Z');
const instant = (n: number): string => new Date(startMs + n).toISOString();
const later = '2026-12-01T00:00:00.000Z';
const at = { now: instant(0), allocateBy: later, fulfillBy: later, deliverBy: later, payBy: later, reviewAt: later, answerBy: later };

/** Makes lives of orders: the order's events come from its decider, the other services' facts are written out. */
export const lives = () => {
  const drafts: Draft[] = [];
  const outcomes: OutcomeRecord[] = [];
  const states = new Map<string, Order>();
  const stockVersions = new Map<string, number>();
  const uuid = (n: number): string => `01930000-0000-7000-8000-${String(n).padStart(12, '0')}`;
  let events = 0;
  let batches = 0;
  let orders = 0;

  const append = (service: ServiceName, shard: number, streamId: string, own: readonly { readonly type: string; readonly data: object }[], cause?: string, commandId = 'c'): readonly string[] => {
    batches += 1;
    return own.map(({ type, data }) => {
      events += 1;
      const eventId = uuid(1_000_000 + events);
      drafts.push({
        service, shard, streamId, type, data: structuredClone(data) as Record<string, unknown>, eventId, commandId, causationId: cause ?? '', recordedAt: instant(batches), batch: batches,
      });
      return eventId;
    });
  };

  const command = (orderId: string, shard: number, what: OrderCommand, cause?: string, commandId?: string): readonly string[] => {
    const state = states.get(orderId) ?? order.initialState;
    const decided = order.decide(what, state);
    if ('refused' in decided) throw new Error(`${what.type}: ${decided.refused}`);
    states.set(orderId, decided.reduce(order.evolve, state));
    return append('order', shard, `order-${orderId}`, decided, cause, commandId);
  };

  /** The order hears a fact; answers the ids of its events by type. */
  const fact = (orderId: string, shard: number, type: string, data: object, factId: string): Readonly<Record<string, string>> => {
    const before = drafts.length;
    // Names and payloads belong together, as where they come from.
    command(orderId, shard, { type: `Follow${type}`, data: { fact: data, factId, at } } as unknown as OrderCommand, factId);
    return Object.fromEntries(drafts.slice(before).map((draft) => [draft.type, draft.eventId]));
  };

  const entry = (sku: string, change: Readonly<Record<string, number | string>>) => {
    const stockVersion = (stockVersions.get(sku) ?? 0) + 1;
    stockVersions.set(sku, stockVersion);
    return { sku, centerId: 'FC', stockVersion, lineId: '1', fulfillmentOrderId: '', quantity: 1, available: 0, reserved: 0, committed: 0, quarantine: 0, damaged: 0, safety: 0, ...change };
  };

  const receive = (sku: string, quantity: number): void => {
    append('inventory', 5, `receipt-${sku}`, [{ type: 'StockReceived', data: { receiptId: sku, reference: '', entries: [entry(sku, { lineId: '', quantity, available: quantity })] } }]);
  };

  const outcome = (record: Omit<OutcomeRecord, 'op' | 'client' | 'invokedNs' | 'endedNs'> & Partial<OutcomeRecord>): void => {
    const op = outcomes.length + 1;
    outcomes.push({ op, client: 'c1', invokedNs: `${op * 1000}`, endedNs: `${op * 1000 + 500}`, ...record });
  };

  /** Places an order of some units of one SKU, in shard `orders`; everything up to `OrderAccepted`. */
  const place = (sku: string, quantity: number) => {
    orders += 1;
    const [shard, orderId, key] = [orders % shardsPerLog, uuid(orders), `key-${orders}`];
    const total = 1000 * quantity;
    const content = {
      channel: 'web', externalReference: `R-${orders}`, currency: 'EUR', taxIncluded: true,
      delivery: { method: 'ship', serviceLevel: 'standard', amount: 500, discount: 0, tax: 0, total: 500, promisedBy: '', notBefore: '' },
      totals: { lines: total, delivery: 500, tax: 0, grandTotal: total + 500 },
    };
    const line = { externalId: 'a', sku, quantity, unitPrice: 1000, total };
    const destination = { countryCode: 'DE', region: '', postalCode: '10115', city: 'Berlin' };
    const placed = {
      ...content, orderId, number: '', placedAt: at.now, customerExternalId: '', customerType: '', customerLocale: '', destination,
      lines: [{ ...line, lineId: '1', name: '', discount: 0, tax: 0, taxLines: [], metadata: {} }],
      discounts: [], payment: { status: 'paid', reference: '', authorizedAmount: 0, capturedAmount: total + 500, authorizedUntil: '' },
      policy: { split: 'allow', backorder: 'wait', substitution: 'never', releaseOn: 'authorized' },
      giftWrap: false, giftHidePrices: false, business: { purchaseOrderNumber: '', terms: '' }, tags: [], metadata: {},
      personalDataVersion: 1, personalDataDigest: '', trackingToken: 't', receivedAt: at.now, requestDigest: `digest-${orders}`, tenantId: 'acme',
    };
    const ids = command(orderId, shard, { type: 'PlaceOrder', data: { order: placed, unknownSkuLines: [], at } }, undefined, key);
    outcome({
      kind: 'submit', outcome: 'ok', key, channel: 'web', externalReference: content.externalReference, bodyHash: `digest-${orders}`,
      body: { ...content, lines: [line], shippingAddress: { countryCode: 'DE' } }, status: 201, orderId, replayed: false, version: 2,
    });
    return { orderId, shard, key, sku, quantity, acceptedId: ids[1] ?? '' };
  };

  type Lived = ReturnType<typeof place>;

  /** Plans and leases it; answers the id of the event that asks for the commit. */
  const lease = ({ orderId, shard, sku, quantity, acceptedId }: Lived, askedBy = acceptedId) => {
    const [foId, reservationId] = [`${orderId}.1.1`, `${orderId}.1`];
    const lines = [{ lineId: '1', sku, quantity }];
    const leg = { fulfillmentOrderId: foId, centerId: 'FC', centerKind: 'own', lines, shipBy: later, expectedDelivery: later };
    const plan = { orderId, attempt: 1, legs: [leg], uncovered: [], serviceLevel: 'standard' };
    const [decided = ''] = append('routing', shard, `routing-${orderId}`, [{ type: 'RoutingDecided', data: plan }], askedBy);
    const { OrderRouted: routed = '' } = fact(orderId, shard, 'RoutingDecided', plan, decided);
    const reserved = { reservationId, orderId, attempt: 1, epoch: 1, expiresAt: later, entries: [entry(sku, { fulfillmentOrderId: foId, quantity, available: -quantity, reserved: quantity })] };
    const [reservedId = ''] = append('inventory', shard, `reservation-${reservationId}`, [{ type: 'StockReserved', data: reserved }], routed);
    const { OrderReleased: released = '' } = fact(orderId, shard, 'StockReserved', reserved, reservedId);
    return { foId, reservationId, lines, released };
  };

  const reservationEvent = ({ shard, orderId, sku, quantity }: Lived, type: string, change: Readonly<Record<string, number>>, cause: string, more: object = {}): readonly string[] =>
    append('inventory', shard, `reservation-${orderId}.1`, [
      { type, data: { reservationId: `${orderId}.1`, orderId, attempt: 1, epoch: 1, ...more, entries: [entry(sku, { fulfillmentOrderId: `${orderId}.1.1`, quantity, ...change })] } },
    ], cause);

  /** A whole life, from the door of the shop to the customer's. */
  const deliver = (lived: Lived) => {
    const { orderId, shard, sku, quantity } = lived;
    const { foId, lines, released } = lease(lived);
    reservationEvent(lived, 'ReservationCommitted', { reserved: -quantity, committed: quantity }, released);
    const of = { fulfillmentOrderId: foId, orderId };
    const where = { ...of, centerId: 'FC' };
    const unit = { lineId: '1', sku, quantity };
    const stream = `fulfillment-order-${foId}`;
    const [, accepted = ''] = append('warehouse', shard, stream, [
      { type: 'FulfillmentOrderRequested', data: { ...where, centerKind: 'own', attempt: 1, lines, shipBy: later, serviceLevel: 'standard', answerBy: '', giftWrap: false } },
      { type: 'FulfillmentOrderAccepted', data: { ...where, lines } },
    ], released);
    fact(orderId, shard, 'FulfillmentOrderAccepted', { ...where, lines }, accepted);
    append('warehouse', shard, stream, [{ type: 'PickTaskPlanned', data: { ...of, pickListId: 'L', cell: 'A', lines } }]);
    append('warehouse', shard, stream, [{ type: 'ItemPicked', data: { ...of, ...unit, pickListId: 'L', workerId: 'w', scanId: 's', bin: 'b' } }]);
    const [, picked = ''] = append('warehouse', shard, stream, [
      { type: 'ItemSorted', data: { ...of, ...unit, cell: 'A', workerId: 'w', scanId: 't' } },
      { type: 'FulfillmentOrderPicked', data: { ...where, lines } },
    ]);
    fact(orderId, shard, 'FulfillmentOrderPicked', { ...where, lines }, picked);
    const packageId = `${foId}.p1`;
    const box = { ...where, packageId, lines, weightGrams: 100, carton: 'S', lengthMm: 1, widthMm: 1, heightMm: 1, workerId: 'w' };
    const [closed = ''] = append('warehouse', shard, stream, [{ type: 'PackageClosed', data: box }, { type: 'FulfillmentOrderClosed', data: of }]);
    const { OrderPackagePacked: packed = '' } = fact(orderId, shard, 'PackageClosed', box, closed);
    const shipment = `shipment-${foId}`;
    const labelKey = `${shipment}/1`;
    append('shipping', shard, shipment, [{ type: 'LabelPurchaseRequested', data: { ...of, packageId, carrier: 'simpost', labelKey, lines } }], packed);
    const label = { ...of, packageId, carrier: 'simpost', trackingNumber: 'T1', trackingUrl: '', cost: 1, costCurrency: 'EUR', lines, labelKey };
    const [bought = ''] = append('shipping', shard, shipment, [{ type: 'LabelPurchased', data: label }]);
    fact(orderId, shard, 'LabelPurchased', label, bought);
    const handed = { ...of, centerId: 'FC', shipmentId: `${foId}.s1`, carrier: 'simpost', packages: [{ packageId, trackingNumber: 'T1', lines }], handedOverAt: at.now, impliedByScan: false };
    const [handedOver = ''] = append('shipping', shard, shipment, [{ type: 'ShipmentHandedOver', data: handed }]);
    const { OrderPackageShipped: shipped = '' } = fact(orderId, shard, 'ShipmentHandedOver', handed, handedOver);
    reservationEvent(lived, 'StockShipped', { committed: -quantity }, shipped, { packageId });
    const delivered = { ...of, packageId, deliveredAt: at.now, lines };
    const [atTheDoor = ''] = append('shipping', shard, shipment, [{ type: 'PackageDelivered', data: delivered }]);
    fact(orderId, shard, 'PackageDelivered', delivered, atTheDoor);
    return { ...lived, packageId };
  };

  /** Nobody has it: it waits for stock. */
  const backorder = ({ orderId, shard, sku, quantity, acceptedId }: Lived) => {
    const lines = [{ lineId: '1', sku, quantity }];
    const [infeasible = ''] = append('routing', shard, `routing-${orderId}`, [{ type: 'RoutingInfeasible', data: { orderId, attempt: 1, uncovered: lines, reason: 'NO_STOCK' } }], acceptedId);
    const { OrderBackordered: waits = '' } = fact(orderId, shard, 'RoutingInfeasible', { orderId, attempt: 1, reason: 'NO_STOCK' }, infeasible);
    append('inventory', shard, `backorder-${orderId}`, [{ type: 'BackorderQueued', data: { orderId, attempt: 1, lines } }], waits);
  };

  /** A hold keeps it from the centers, and then the buyer wants it no more. */
  const cancel = (lived: Lived) => {
    const { orderId, shard, quantity } = lived;
    const [heldId = ''] = command(orderId, shard, { type: 'PlaceHold', data: { holdId: 'h', reason: 'OTHER', detail: '', lineIds: [], at } });
    lease(lived);
    const before = drafts.length;
    command(orderId, shard, { type: 'RequestCancellation', data: { cancellationId: 'x', lines: [], reason: 'customer', note: '', at } });
    const cancelled = drafts[before]?.eventId ?? '';
    reservationEvent(lived, 'ReservationReleased', { reserved: -quantity, available: quantity }, cancelled, { reason: 'customer' });
    return { ...lived, heldId };
  };

  return { drafts, outcomes, states, append, receive, place, lease, deliver, backorder, cancel, outcome, entry };
};

const each = <T>(make: (service: ServiceName) => T): Record<ServiceName, T> =>
  Object.fromEntries(services.map((service) => [service, make(service)])) as Record<ServiceName, T>;

const digest = (row: LogRecord): Buffer =>
  createHash('sha256')
    .update([row.seq, row.shard, row.version, row.schemaVersion, row.eventId, row.occurredAt, row.recordedAt, row.streamId, row.type, row.dataText, row.metaText].join('\u001f'))
    .digest();

/** What would be dumped of these lives: logs with sequences and hashes, topics, positions, and all that follows from them. */
export const dumpOf = ({ drafts, outcomes, states }: Pick<ReturnType<typeof lives>, 'drafts' | 'outcomes' | 'states'>): SmallDump => {
  const dump: SmallDump = {
    run: { seed: 1, startedAt: instant(0), healedAt: instant(60_000), quiescedAt: instant(120_000), stageDeadlineMs: 1, orders: states.size, faults: {} },
    outcomes: [...outcomes],
    logs: each(() => []), heads: each(() => []), streams: each(() => []), topics: each(() => []), positions: each(() => []),
    parked: each(() => []), quarantined: each(() => []), timers: each(() => []), effects: each(() => []),
    keys: [], references: [], stock: [], projections: [], answers: [], labels: [],
  };
  const stock = new Map<string, Record<string, number | string>>();
  for (const service of services) {
    const logId = `log-${service}`;
    const versions = new Map<string, StreamRecord>();
    for (let shard = 0; shard < shardsPerLog; shard += 1) {
      const own = drafts.filter((draft) => draft.service === service && draft.shard === shard);
      let hash = Buffer.alloc(32);
      let rows: LogRecord[] = [];
      for (const [n, draft] of own.entries()) {
        const version = draft.version ?? (versions.get(draft.streamId)?.version ?? 0) + 1;
        versions.set(draft.streamId, { streamId: draft.streamId, shard, version });
        const { streamId, eventId, type, data, recordedAt, commandId, causationId } = draft;
        const meta = { tenantId: 'acme', commandId, ...(causationId === '' ? {} : { causationId }) };
        rows.push({
          shard, seq: n + 1, streamId, version, eventId, type, schemaVersion: 1, occurredAt: recordedAt, recordedAt, data, meta,
          dataText: JSON.stringify(data), metaText: JSON.stringify(meta), batchHash: '',
        });
        if (own[n + 1]?.batch === draft.batch) continue;
        hash = rows.reduce((sum, row) => sum.update(digest(row)), createHash('sha256').update(hash)).digest();
        dump.logs[service].push(...rows.map((row) => ({ ...row, batchHash: hash.toString('hex') })));
        rows = [];
      }
      dump.heads[service].push({ shard, seq: own.length, hash: hash.toString('hex'), logId });
    }
    dump.streams[service].push(...versions.values());
    for (const { shard, seq, eventId, type, streamId, version, data } of dump.logs[service]) {
      dump.topics[service].push({ partition: shard, offset: seq - 1, seq, eventId, logId, type, streamId, version });
      for (const one of (data['entries'] ?? []) as Record<string, number | string>[]) {
        const row = stock.get(String(one['sku'])) ?? { sku: String(one['sku']), centerId: 'FC', version: 0, available: 0, reserved: 0, committed: 0, picked: 0, quarantine: 0, damaged: 0, safety: 0 };
        stock.set(String(one['sku']), row);
        for (const bucket of ['available', 'reserved', 'committed', 'quarantine', 'damaged', 'safety']) row[bucket] = Number(row[bucket]) + Number(one[bucket]);
        row['version'] = Math.max(Number(row['version']), Number(one['stockVersion']));
      }
    }
    dump.projections.push({ service, projection: 'some', live: 'd', rebuilt: 'd', events: dump.logs[service].length, differences: [] });
  }
  for (const consumer of services) {
    for (const producer of hears[consumer]) {
      for (const { shard, seq, logId } of dump.heads[producer]) {
        dump.positions[consumer].push({ group: `orderlog.${consumer}`, topic: eventsTopic(producer), partition: shard, lastSeq: seq, epoch: 1, logId });
      }
    }
  }
  const folded = new Map<string, Order>();
  for (const { streamId, type, data } of dump.logs.order) folded.set(streamId, order.evolve(folded.get(streamId) ?? order.initialState, { type, data } as unknown as OrderEvent));
  const reached = new Map(dump.streams.order.map(({ streamId, version }) => [streamId, version]));
  for (const row of dump.logs.order) {
    if (row.type !== 'OrderPlaced') continue;
    const [orderId, channel, externalReference] = [String(row.data['orderId']), String(row.data['channel']), String(row.data['externalReference'])];
    dump.keys.push({ tenantId: 'acme', key: String(row.meta['commandId']), fingerprint: String(row.data['requestDigest']), orderId, status: 201 });
    dump.references.push({ tenantId: 'acme', channel, externalReference, orderId });
    const state = folded.get(row.streamId) ?? order.initialState;
    const version = reached.get(row.streamId) ?? 0;
    dump.answers.push({ orderId, version, status: orderStatus(state), body: { lines: [{ id: '1', quantities: quantitiesByLine(state).get('1') }] } });
  }
  for (const { type, data } of dump.logs.shipping) {
    if (type === 'LabelPurchased') dump.labels.push({ labelId: `l-${dump.labels.length}`, key: String(data['labelKey']), packageId: String(data['packageId']), voided: false });
  }
  dump.stock.push(...([...stock.values()] as unknown as StockRecord[]));
  return dump;
};

/** Writes a dump; answers its folder. */
export const written = async (dump: SmallDump): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'orderlog-dump-'));
  const write = (file: DumpFile, rows: readonly unknown[]) => writeFile(join(folder, file), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  await writeFile(join(folder, 'run.json'), JSON.stringify(dump.run));
  for (const file of ['outcomes', 'keys', 'references', 'stock', 'projections', 'answers', 'labels'] as const) await write(`${file}.ndjson`, dump[file]);
  for (const service of services) {
    await write(`log-${service}.ndjson`, dump.logs[service]);
    await write(`topic-${service}.ndjson`, dump.topics[service]);
    for (const kind of ['heads', 'streams', 'positions', 'parked', 'quarantined', 'timers', 'effects'] as const) await write(`${kind}-${service}.ndjson`, dump[kind][service]);
  }
  return folder;
};
