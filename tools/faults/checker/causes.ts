import { services, type ServiceName } from '@orderlog/contracts';
import type { StoredRow } from '../dump-format.js';
import type { Findings, Place } from './findings.js';
import { hears, serviceOfTopic } from './listeners.js';
import { linesOf, type Line } from './ndjson.js';
import { count, list, object, placeOf, text, type Row } from './row.js';

/** What is kept of every event of a shard. */
export type Event = Pick<Row, 'service' | 'line' | 'seq' | 'streamId' | 'version' | 'type' | 'eventId' | 'recordedAt' | 'batchHash'> & {
  readonly causationId: string;
  cause: Event | undefined;
  walk: 'new' | 'open' | 'done';
};

/** An event whose cause lies in another shard, if anywhere. */
export type Distant = { readonly causeId: string; readonly event: Place; readonly what: string; readonly recordedAt: string };

/** What waits in one service, by target stream. */
export type Parked = {
  /** Since when each target waits. */
  readonly since: ReadonlyMap<string, { readonly at: string; readonly place: Place }>;
  /** Facts that wait, by `<producer>/<shard>/<seq>`. */
  readonly facts: ReadonlyMap<string, Place>;
};

/** What waits, from the rows of `parked-<service>.ndjson`. */
export const parkedOf = (service: ServiceName, rows: readonly Line<StoredRow>[]): Parked => {
  const since = new Map<string, { at: string; place: Place }>();
  const facts = new Map<string, Place>();
  for (const { record, line } of rows) {
    const place: Place = { file: `parked-${service}.ndjson`, line };
    const at = text(record['since']);
    const streamId = text(record['streamId']);
    const before = since.get(streamId);
    if (before === undefined || (at !== '' && (before.at === '' || at < before.at))) since.set(streamId, { at, place });
    const producer = serviceOfTopic(text(record['topic']));
    if (producer !== undefined) facts.set(`${producer}/${count(record['partition'])}/${count(record['seq'])}`, place);
  }
  return { since, facts };
};

/** The order a parked target is about; a stream's id has it in it. */
const orderIdIn = (streamId: string): string => /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/.exec(streamId)?.[0] ?? streamId;

const parkedTarget = ({ since }: Parked, streamId: string): { readonly at: string; readonly place: Place } | undefined => {
  const exact = since.get(streamId);
  if (exact !== undefined || since.size === 0) return exact;
  // The warehouse parks all work of an order under one name.
  for (const [target, parked] of since) if (streamId.startsWith(`${target}.`)) return parked;
  return undefined;
};

type Expected = { readonly event: Place; readonly orderId: string; readonly what: string; readonly anyOf: readonly string[] };

/** Judges causes and effects of one shard over all five logs: I5 (heard, once, in order), I8 (one effect set a cause), I12, I15. */
export const shardCauses = (findings: Findings, shard: number, parked: ReadonlyMap<ServiceName, Parked>) => {
  const events = new Map<string, Event>();
  const logs = new Map<ServiceName, Event[]>(services.map((service) => [service, []]));
  const done = new Set<string>();
  const expected: Expected[] = [];

  const expect = (row: Row, what: string, ...anyOf: readonly string[]): void => {
    expected.push({ event: placeOf(row), orderId: text(row.data['orderId']), what: `${row.type} of ${row.streamId}: ${what}`, anyOf });
  };

  /** What has to follow from a fact, and what follows. */
  const follow = (row: Row): void => {
    const { type, data, eventId } = row;
    const packageId = text(data['packageId']);
    const fulfillmentOrderId = text(data['fulfillmentOrderId']);
    switch (type) {
      case 'OrderAccepted':
      case 'OrderLinesReopened':
        if (type === 'OrderLinesReopened') for (const unit of list(data['units'])) done.add(`emptied ${text(unit['packageId'])}`);
        if (list(data['lines']).length > 0) expect(row, 'routing did not plan it', `routing heard ${eventId}`);
        return;
      case 'OrderLinesCancelled':
        for (const unit of list(data['units'])) done.add(`emptied ${text(unit['packageId'])}`);
        return;
      case 'OrderRouted':
        return expect(row, 'inventory did not answer it', `inventory heard ${eventId}`);
      case 'OrderBackordered':
        return expect(row, 'inventory did not queue it', `inventory heard ${eventId}`);
      case 'OrderReleased':
        expect(row, 'inventory neither committed nor lost the lease', `inventory heard ${eventId}`);
        for (const planned of list(data['fulfillments'])) {
          const id = text(planned['fulfillmentOrderId']);
          expect(row, `the warehouse has no fulfillment order ${id}`, `requested ${id}`);
        }
        return;
      case 'OrderPackagePacked':
        done.add(`packed ${packageId}`);
        return expect(row, 'shipping did nothing for the package', `shipping heard ${eventId}`);
      case 'OrderPackageLabeled':
        return void done.add(`labeled ${packageId}`);
      case 'OrderPackageShipped':
        done.add(`shipped ${packageId}`);
        return expect(row, 'the units did not leave the stock', `left ${packageId}`, `over ${text(data['reservationId'])}`);
      case 'OrderPackageDelivered':
      case 'OrderPackageUndelivered':
        return void done.add(`ended ${packageId}`);
      case 'OrderFulfillmentStarted':
        return void done.add(`started ${fulfillmentOrderId}`);
      case 'OrderFulfillmentPicked':
        return void done.add(`picked ${fulfillmentOrderId}`);
      case 'StockShipped':
        return void done.add(`left ${packageId}`);
      case 'ReservationLost':
      case 'ReservationExpired':
        return void done.add(`over ${text(data['reservationId'])}`);
      case 'FulfillmentOrderRequested':
        return void done.add(`requested ${fulfillmentOrderId}`);
      case 'FulfillmentOrderAccepted':
        return expect(row, 'the order does not know that the center works', `started ${fulfillmentOrderId}`);
      case 'FulfillmentOrderPicked':
        return expect(row, 'the order does not know that it is picked', `picked ${fulfillmentOrderId}`);
      case 'PackageClosed':
        return expect(row, 'the order does not know the package', `packed ${packageId}`, `emptied ${packageId}`);
      case 'LabelPurchased':
        // Of a package that was withdrawn before anybody told of it nothing is left to label.
        return expect(row, 'the order does not know the label', `labeled ${packageId}`, `emptied ${packageId}`);
      case 'ShipmentHandedOver':
        for (const box of list(data['packages'])) expect(row, `the order does not know that ${text(box['packageId'])} was handed over`, `shipped ${text(box['packageId'])}`);
        return;
      case 'PackageDelivered':
      case 'PackageReturnedToSender':
      case 'PackageLost':
        return expect(row, 'the order does not know what became of the package', `ended ${packageId}`);
    }
  };

  /** Walks from an event to its first cause; an event met twice on one way is its own cause. */
  const walk = (from: Event): void => {
    const way: Event[] = [];
    let event: Event | undefined = from;
    while (event !== undefined && event.walk === 'new') {
      event.walk = 'open';
      way.push(event);
      event = event.cause;
    }
    if (event?.walk === 'open') findings.violated('I12', `${event.type} of ${event.streamId} is its own cause`, way.map(placeOf));
    for (const one of way) one.walk = 'done';
  };

  return {
    /** The rows of a service's shard by seq - 1. */
    log: (service: ServiceName): readonly Event[] => logs.get(service) ?? [],

    row: (row: Row): void => {
      const { service, line, seq, streamId, version, type, eventId, recordedAt, batchHash } = row;
      const causationId = text(object(row.meta)['causationId']);
      const event: Event = { service, line, seq, streamId, version, type, eventId, recordedAt, batchHash, causationId, cause: undefined, walk: 'new' };
      const twin = events.get(eventId);
      if (twin !== undefined) findings.violated('I3', `${service} ${streamId}: the event id ${eventId} is used twice`, [placeOf(twin), placeOf(event)]);
      events.set(eventId, event);
      logs.get(service)?.push(event);
      if (causationId !== '') done.add(`${service} heard ${causationId}`);
      follow(row);
    },

    /** Answers the events whose cause was not found here. */
    end: (): readonly Distant[] => {
      const distant: Distant[] = [];
      for (const [service, log] of logs) {
        const heardLast = new Map<string, Event>();
        const effects = new Map<string, Event>();
        const own = parked.get(service);
        for (const event of log) {
          if (event.causationId === '') continue;
          findings.look('I12');
          const cause = events.get(event.causationId);
          event.cause = cause;
          if (cause === undefined) {
            distant.push({ causeId: event.causationId, event: placeOf(event), what: `${service} ${event.type} of ${event.streamId}`, recordedAt: event.recordedAt });
            continue;
          }
          if (cause.recordedAt > event.recordedAt) {
            findings.violated('I12', `${event.type} of ${event.streamId} was recorded before its cause ${cause.type}`, [placeOf(cause), placeOf(event)]);
          }
          if (cause.service === service) continue;
          findings.look('I8');
          if (!hears[service].includes(cause.service)) findings.violated('I12', `${service} acts on a fact of ${cause.service}, which it does not hear`, [placeOf(cause), placeOf(event)]);
          const before = effects.get(`${event.causationId} ${event.streamId}`);
          if (before !== undefined && before.batchHash !== event.batchHash) {
            findings.violated('I8', `${cause.type} of ${cause.streamId} had effects on ${event.streamId} in two transactions`, [placeOf(cause), placeOf(before), placeOf(event)]);
          }
          effects.set(`${event.causationId} ${event.streamId}`, event);
          const heard = heardLast.get(`${event.streamId} ${cause.service}`);
          if (heard?.cause !== undefined && heard.cause.seq > cause.seq) {
            findings.violated('I5', `${service} ${event.streamId}: seq ${cause.seq} of ${cause.service} was acted on after seq ${heard.cause.seq}`, [placeOf(heard.cause), placeOf(cause), placeOf(heard), placeOf(event)]);
          }
          heardLast.set(`${event.streamId} ${cause.service}`, event);
          if (own === undefined || own.since.size === 0) continue;
          const waiting = own.facts.get(`${cause.service}/${shard}/${cause.seq}`);
          if (waiting !== undefined) findings.violated('I15', `${cause.type} of ${cause.streamId} is parked and was acted on`, [waiting, placeOf(cause), placeOf(event)]);
          const target = parkedTarget(own, event.streamId);
          if (target !== undefined && target.at !== '' && event.recordedAt > new Date(target.at).toISOString()) {
            findings.violated('I15', `${event.streamId} is parked, and a later fact was acted on`, [target.place, placeOf(cause), placeOf(event)]);
          }
        }
      }
      for (const event of events.values()) walk(event);
      const waitingOrders = new Set<string>();
      for (const { since } of parked.values()) for (const streamId of since.keys()) waitingOrders.add(orderIdIn(streamId));
      for (const { since, facts } of parked.values()) findings.look('I15', since.size + facts.size);
      for (const { event, orderId, what, anyOf } of expected) {
        findings.look('I5');
        if (anyOf.some((key) => done.has(key)) || waitingOrders.has(orderId)) continue;
        findings.violated('I5', what, [event]);
      }
      return distant;
    },
  };
};

/** Looks for causes that lie in another shard than their effects; one that is nowhere, or later, is a contradiction (I12). */
export const judgeDistant = async (findings: Findings, folder: string, distant: readonly Distant[]): Promise<void> => {
  if (distant.length === 0) return;
  const wanted = new Map<string, { readonly at: string; readonly place: Place } | undefined>(distant.map(({ causeId }) => [causeId, undefined]));
  for (const service of services) {
    for await (const lines of linesOf<Row>(folder, `log-${service}.ndjson`)) {
      for (const { line, record } of lines) if (wanted.has(record.eventId)) wanted.set(record.eventId, { at: record.recordedAt, place: { file: `log-${service}.ndjson`, line } });
    }
  }
  for (const { causeId, event, what, recordedAt } of distant) {
    const cause = wanted.get(causeId);
    if (cause === undefined) findings.violated('I12', `${what}: its cause ${causeId} is in no log`, [event]);
    else if (cause.at > recordedAt) findings.violated('I12', `${what} was recorded before its cause`, [cause.place, event]);
  }
};
