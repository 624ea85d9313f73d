import { rm } from 'node:fs/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ServiceName } from '@orderlog/contracts';
import type { LogRecord } from '../dump-format.js';
import { checkDump } from './check-dump.js';
import { invariants, type Invariant, type Verdict } from './findings.js';
import { dumpOf, lives, written, type Draft, type SmallDump } from './test/small-dump.js';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

const verdictOf = async (dump: SmallDump): Promise<Verdict> => {
  const folder = await written(dump);
  folders.push(folder);
  return checkDump(folder);
};

/** Four lives: two delivered, one waiting for stock, one cancelled while it was on hold. */
const world = () => {
  const made = lives();
  made.receive('MUG', 10);
  made.receive('CUP', 2);
  const delivered = made.deliver(made.place('MUG', 2));
  const second = made.deliver(made.place('MUG', 1));
  const waiting = made.place('HAT', 1);
  made.backorder(waiting);
  const cancelled = made.cancel(made.place('CUP', 2));
  const find = (type: string, nth = 0): Draft => {
    const found = made.drafts.filter((draft) => draft.type === type)[nth];
    if (found === undefined) throw new Error(`no ${type}`);
    return found;
  };
  /** Says an event once more, as a bug would. */
  const repeat = (type: string, changed: Partial<Draft> = {}): Draft => {
    const draft = find(type);
    const again = { ...structuredClone(draft), eventId: draft.eventId.replace(/^0193/, '0194'), batch: draft.batch + 0.5, ...changed };
    made.drafts.splice(made.drafts.indexOf(draft) + 1, 0, again);
    return again;
  };
  const remove = (type: string): void => void made.drafts.splice(made.drafts.indexOf(find(type)), 1);
  return { ...made, delivered, second, waiting, cancelled, find, repeat, remove };
};
type World = ReturnType<typeof world>;

const rowOf = (dump: SmallDump, service: ServiceName, type: string): LogRecord => {
  const row = dump.logs[service].find((candidate) => candidate.type === type);
  if (row === undefined) throw new Error(`no ${type}`);
  return row;
};

/** A contradiction: what is changed before the dump is made, or in it. */
type Planted = { readonly invariant: Invariant; readonly what: string; readonly lives?: (made: World) => void; readonly dump?: (dump: SmallDump, made: World) => void };

const entriesOf = (draft: Draft): Record<string, number>[] => draft.data['entries'] as Record<string, number>[];

const planted: readonly Planted[] = [
  { invariant: 'I1', what: 'an accepted order is gone', dump: ({ outcomes }) => void outcomes.push({ ...outcomes[0]!, op: 9, key: 'key-9', orderId: 'nowhere', externalReference: 'R-9' }) },
  {
    invariant: 'I1',
    what: 'an order was stored twice',
    dump: ({ outcomes }) => void (outcomes[1] = { ...outcomes[1]!, outcome: 'unknown', key: 'key-1' }),
    lives: ({ find }) => void (find('OrderPlaced', 1).commandId = 'key-1'),
  },
  { invariant: 'I1', what: 'a refused order is there', dump: ({ outcomes }) => void (outcomes[0] = { ...outcomes[0]!, outcome: 'failed', status: 422 }) },
  { invariant: 'I1', what: 'an order has another content', lives: ({ find }) => void ((find('OrderPlaced').data['totals'] as Record<string, number>)['tax'] = 7) },
  { invariant: 'I1', what: 'an order nobody asked for', dump: ({ outcomes }) => void outcomes.splice(2, 1) },
  { invariant: 'I2', what: 'a key points at another order', dump: ({ keys }) => void (keys[0] = { ...keys[0]!, orderId: keys[1]!.orderId }) },
  { invariant: 'I2', what: 'a key was answered with two orders', dump: ({ outcomes }) => void outcomes.push({ ...outcomes[1]!, op: 9, key: 'key-1' }) },
  { invariant: 'I2', what: 'a key was answered in two ways', dump: ({ outcomes }) => void outcomes.push({ ...outcomes[0]!, op: 9, replayed: true, status: 200 }) },
  { invariant: 'I2', what: 'a reference has two orders', lives: ({ find }) => void (find('OrderPlaced', 1).data['externalReference'] = 'R-1') },
  { invariant: 'I3', what: 'a version is missing', lives: ({ find }) => void (find('OrderClosed').version = 99) },
  { invariant: 'I3', what: 'a stream row says another version', dump: ({ streams }) => void (streams.order[0] = { ...streams.order[0]!, version: 77 }) },
  { invariant: 'I4', what: 'a row of a shard is missing', dump: ({ logs }) => void logs.order.splice(3, 1) },
  { invariant: 'I4', what: 'the head is beyond the log', dump: ({ heads }) => void (heads.routing[1] = { ...heads.routing[1]!, seq: 99 }) },
  { invariant: 'I5', what: 'a row is not on the topic', dump: ({ topics }) => void topics.order.splice(2, 1) },
  { invariant: 'I5', what: 'the end of a topic is missing', dump: ({ topics }) => void topics.order.splice(topics.order.findLastIndex(({ partition }) => partition === 1), 1) },
  { invariant: 'I5', what: 'rows changed places on the topic', dump: ({ topics: { order } }) => void ([order[2], order[3]] = [{ ...order[3]!, offset: 2 }, { ...order[2]!, offset: 3 }]) },
  { invariant: 'I5', what: 'another event stands in a row’s place', dump: ({ topics }) => void (topics.order[2] = { ...topics.order[2]!, eventId: 'other' }) },
  { invariant: 'I5', what: 'a listener is behind', dump: ({ positions }) => void (positions.inventory[1] = { ...positions.inventory[1]!, lastSeq: 1 }) },
  { invariant: 'I5', what: 'a listener believes in another log', dump: ({ positions }) => void (positions.inventory[1] = { ...positions.inventory[1]!, logId: 'another' }) },
  { invariant: 'I5', what: 'a sound message was put aside', dump: ({ quarantined }) => void quarantined.inventory.push({ topic: 'order.events', partition: 1, messageOffset: 2 }) },
  { invariant: 'I5', what: 'a fact had no effect', lives: ({ remove }) => remove('BackorderQueued') },
  { invariant: 'I5', what: 'facts were acted on out of order', lives: ({ find }) => void (find('StockShipped').causationId = find('OrderRouted').eventId) },
  { invariant: 'I6', what: 'more was leased than was there', lives: ({ find }) => void Object.assign(entriesOf(find('StockReceived'))[0]!, { quantity: 1, available: 1 }) },
  { invariant: 'I7', what: 'the ledger has a hole', lives: ({ find }) => void (entriesOf(find('StockShipped', 1))[0]!['stockVersion'] = 99) },
  { invariant: 'I7', what: 'two entries have one version', lives: ({ find }) => void (entriesOf(find('StockShipped'))[0]!['stockVersion'] = 2) },
  { invariant: 'I7', what: 'a stock row is not its ledger', dump: ({ stock }) => void (stock[0] = { ...stock[0]!, available: 8 }) },
  { invariant: 'I7', what: 'units appear from nowhere', lives: ({ find }) => void (entriesOf(find('ReservationCommitted'))[0]!['committed'] = 3) },
  { invariant: 'I8', what: 'a leg was requested twice', lives: ({ repeat }) => void repeat('FulfillmentOrderRequested') },
  { invariant: 'I8', what: 'an attempt was planned twice', lives: ({ repeat }) => void repeat('RoutingDecided') },
  { invariant: 'I8', what: 'a lease was taken twice', lives: ({ repeat, entry, delivered }) => void (repeat('StockReserved').data['entries'] = [entry('MUG', { fulfillmentOrderId: `${delivered.orderId}.1.1`, quantity: 2, available: -2, reserved: 2 })]) },
  { invariant: 'I8', what: 'a label was bought twice', lives: ({ repeat }) => void repeat('LabelPurchased') },
  { invariant: 'I8', what: 'the carrier sold a second label', dump: ({ labels }) => void labels.push({ ...labels[0]!, labelId: 'another', key: 'another' }) },
  { invariant: 'I8', what: 'a shipment was handed over twice', lives: ({ repeat }) => void repeat('ShipmentHandedOver') },
  { invariant: 'I8', what: 'one fact was acted on in two transactions', lives: ({ repeat }) => void repeat('BackorderQueued') },
  { invariant: 'I9', what: 'an order was released twice', lives: ({ repeat }) => void repeat('OrderReleased') },
  { invariant: 'I9', what: 'a package was delivered that the carrier never had', lives: ({ find }) => void (find('ShipmentHandedOver').data['packages'] = []) },
  { invariant: 'I9', what: 'an order was released before its payment', lives: ({ find }) => void ((find('OrderPlaced').data['payment'] as Record<string, string>)['status'] = 'pending') },
  {
    invariant: 'I9',
    what: 'a lease was committed after its end',
    lives: ({ repeat, find }) => {
      const { quantity, sku } = entriesOf(find('ReservationCommitted'))[0] as unknown as { quantity: number; sku: string };
      const expired = repeat('StockReserved', { type: 'ReservationExpired' });
      Object.assign(entriesOf(expired)[0]!, { sku, quantity, available: quantity, reserved: -quantity });
    },
  },
  { invariant: 'I9', what: 'a package moved back', lives: ({ repeat }) => void repeat('PackageDelivered') },
  { invariant: 'I9', what: 'a lease was committed in another epoch', lives: ({ find }) => void (find('ReservationCommitted').data['epoch'] = 2) },
  { invariant: 'I9', what: 'a center picked more than was asked', lives: ({ find }) => void (find('ItemPicked').data['quantity'] = 5) },
  { invariant: 'I10', what: 'an order is answered as it was', dump: ({ answers }) => void (answers[0] = { ...answers[0]!, status: 'shipped' }) },
  { invariant: 'I10', what: 'an order is answered with other units', dump: ({ answers }) => void (answers[0] = { ...answers[0]!, body: { lines: [{ id: '1', quantities: { delivered: 1 } }] } }) },
  { invariant: 'I11', what: 'a rebuild is another one', dump: ({ projections }) => void (projections[0] = { ...projections[0]!, rebuilt: 'e' }) },
  { invariant: 'I12', what: 'a cause is in no log', lives: ({ find }) => void (find('LabelPurchased').causationId = 'nothing') },
  { invariant: 'I12', what: 'an effect was recorded before its cause', lives: ({ find }) => void (find('OrderRouted').recordedAt = '2026-01-01T00:00:00.000Z') },
  {
    invariant: 'I12',
    what: 'two events are each other’s cause',
    lives: ({ find }) => {
      find('OrderShipped').causationId = find('OrderPackageShipped').eventId;
      find('OrderPackageShipped').causationId = find('OrderShipped').eventId;
    },
  },
  { invariant: 'I12', what: 'a label came without a request', lives: ({ find }) => void (find('LabelPurchased').data['labelKey'] = 'other') },
  { invariant: 'I13', what: 'an order stands still', lives: ({ place }) => void place('MUG', 1) },
  { invariant: 'I13', what: 'the system did not come to rest', dump: (dump) => void (dump.run = { ...dump.run, quiescedAt: null }) },
  { invariant: 'I14', what: 'a cancelled order keeps its stock', lives: ({ remove }) => remove('ReservationReleased') },
  { invariant: 'I15', what: 'a parked fact was acted on', dump: (dump) => void dump.parked.inventory.push({ streamId: 'reservation-x', since: '', topic: 'order.events', partition: 1, seq: rowOf(dump, 'order', 'OrderRouted').seq }) },
  { invariant: 'I15', what: 'a parked stream went on', dump: (dump, { delivered }) => void dump.parked.inventory.push({ streamId: `reservation-${delivered.orderId}.1`, since: rowOf(dump, 'inventory', 'StockReserved').recordedAt }) },
  { invariant: 'I16', what: 'an order was read as it had been', dump: ({ outcomes }) => void outcomes.push({ ...outcomes[0]!, op: 9, kind: 'get', invokedNs: '9000', endedNs: '9500', version: 1 }) },
  { invariant: 'I16', what: 'an answered version is in no log', dump: ({ outcomes }) => void outcomes.push({ ...outcomes[0]!, op: 9, kind: 'get', invokedNs: '9000', endedNs: '9500', version: 99 }) },
  { invariant: 'I17', what: 'a timer was never fired', dump: ({ timers }) => void timers.order.push({ streamId: 'order-x', kind: 'stage-deadline', dueAt: '2026-11-02T09:00:00.000Z' }) },
  { invariant: 'I18', what: 'a byte of an event was changed', dump: ({ logs }) => void (logs.order[4] = { ...logs.order[4]!, dataText: logs.order[4]!.dataText.replace('"', "'") }) },
  { invariant: 'I18', what: 'the head has another hash', dump: ({ heads }) => void (heads.order[1] = { ...heads.order[1]!, hash: 'ff'.repeat(32) }) },
];

describe('the checker', () => {
  it('finds nothing wrong with lives as they should be, and has looked at every invariant but parking', async () => {
    const { violations, looked } = await verdictOf({ ...dumpOf(world()), timers: { ...dumpOf(world()).timers, order: [{ streamId: 'order-x', kind: 'stage-deadline', dueAt: '2026-12-01T00:00:00.000Z' }] } });
    expect(violations).toStrictEqual([]);
    expect(invariants.filter((invariant) => looked[invariant] === 0)).toStrictEqual(['I15']);
  });

  it.each(planted)('$invariant: $what', async ({ invariant, lives: change, dump: plant }) => {
    const made = world();
    change?.(made);
    const dump = dumpOf(made);
    plant?.(dump, made);
    const { violations, counts } = await verdictOf(dump);
    const found = violations.filter((violation) => violation.invariant === invariant);
    expect(found.length).toBe(counts[invariant]);
    expect(found.length).toBeGreaterThan(0);
    for (const { history } of found) expect(history.every((row) => row !== undefined)).toBe(true);
  });

  it('takes duplicates on a topic and another log’s messages for what they are', async () => {
    const dump = dumpOf(world());
    const { order } = dump.topics;
    const end = order.findLastIndex(({ partition }) => partition === 1);
    const offset = order[end]!.offset;
    order.splice(end + 1, 0, { ...order[1]!, offset: offset + 1 }, { ...order[1]!, offset: offset + 2, logId: 'another' }, { ...order[1]!, offset: offset + 3, seq: null });
    expect((await verdictOf(dump)).violations).toStrictEqual([]);
  });

  it('lets a topic begin where retention has it begin', async () => {
    const dump = dumpOf(world());
    dump.topics.order.splice(dump.topics.order.findIndex(({ partition }) => partition === 1), 3);
    expect((await verdictOf(dump)).violations).toStrictEqual([]);
  });

  it('shows the rows of a contradiction', async () => {
    const made = world();
    made.repeat('LabelPurchased');
    const { violations } = await verdictOf(dumpOf(made));
    expect(violations.find(({ invariant }) => invariant === 'I8')).toMatchObject({
      what: expect.stringContaining('has a second active label'),
      history: [{ type: 'LabelPurchaseRequested' }, { type: 'LabelPurchased' }, { type: 'LabelPurchased' }],
    });
  });

  it('refuses a dump with a missing file', async () => {
    const folder = await written(dumpOf(world()));
    folders.push(folder);
    await rm(`${folder}/topic-order.ndjson`);
    await expect(checkDump(folder)).rejects.toThrow('topic-order.ndjson');
  });
});
