import { createHash } from 'node:crypto';
import type { KeyRecord, OutcomeRecord, ReferenceRecord } from '../dump-format.js';
import type { Findings, Place } from './findings.js';
import type { Line } from './ndjson.js';
import { count, list, object, placeOf, text, type Row } from './row.js';

/** What clients were told of one idempotency key. */
type Asked = {
  /** Lines of outcomes.ndjson. */
  readonly lines: number[];
  oks: number;
  unknowns: number;
  readonly orderIds: Set<string>;
  readonly statuses: Set<number>;
  readonly versions: Set<number>;
  /** Contents of what may have been accepted: of the ok ones, else of those without an answer. */
  readonly okContents: Set<string>;
  readonly unknownContents: Set<string>;
  readonly okBodies: Set<string>;
  /** Orders that were placed with this key. */
  readonly placed: string[];
};

type Placed = { readonly line: number; readonly content: string; readonly digest: string; readonly reference: string; readonly key: string; version: number };

/** An answer that named a version, for "what was read once is never unread". */
type Seen = { readonly invoked: number; readonly ended: number; readonly version: number; readonly line: number };

const flag = (value: unknown): boolean => value === true;

/** The content that was asked for or accepted, in one spelling: what both the document and `OrderPlaced` say. */
const contentOf = (order: Readonly<Record<string, unknown>>, destination: Readonly<Record<string, unknown>>): string => {
  const delivery = object(order['delivery']);
  const totals = object(order['totals']);
  const spelled = [
    text(order['channel']), text(order['externalReference']), text(order['currency']), flag(order['taxIncluded']),
    list(order['lines']).map((line) => [
      text(line['externalId']), text(line['sku']), count(line['quantity']), count(line['unitPrice']), count(line['discount']), count(line['tax']), count(line['total']),
    ]),
    [text(delivery['serviceLevel']), count(delivery['total'])],
    [count(totals['lines']), count(totals['delivery']), count(totals['tax']), count(totals['grandTotal'])],
    text(destination['countryCode']),
  ];
  return createHash('md5').update(JSON.stringify(spelled)).digest('base64');
};

const referenceOf = (channel: string, reference: string): string => `${channel}\u001f${reference}`;

const asksPlace = (line: number): Place => ({ file: 'outcomes.ndjson', line });
const ofAsked = ({ lines }: Asked): Place[] => lines.map(asksPlace);

/** What clients were told, against what is stored: I1, I2 and I16. */
export const clientOrders = (findings: Findings) => {
  const asked = new Map<string, Asked>();
  const placed = new Map<string, Placed>();
  const seen = new Map<string, Seen[]>();
  const byReference = new Map<string, string>();
  const orderPlace = (orderId: string): Place | undefined => {
    const order = placed.get(orderId);
    return order === undefined ? undefined : { file: 'log-order.ndjson', line: order.line };
  };

  const submitted = (outcome: OutcomeRecord, line: number): void => {
    if (outcome.key === undefined) return;
    const one: Asked = asked.get(outcome.key) ?? {
      lines: [], oks: 0, unknowns: 0, orderIds: new Set(), statuses: new Set(), versions: new Set(), okContents: new Set(), unknownContents: new Set(), okBodies: new Set(), placed: [],
    };
    asked.set(outcome.key, one);
    one.lines.push(line);
    const body = object(outcome.body);
    const contents = outcome.outcome === 'ok' ? one.okContents : outcome.outcome === 'unknown' ? one.unknownContents : undefined;
    if (outcome.body !== undefined) contents?.add(contentOf(body, object(body['shippingAddress'])));
    if (outcome.outcome === 'unknown') one.unknowns += 1;
    if (outcome.outcome !== 'ok') return;
    one.oks += 1;
    if (outcome.orderId !== undefined) one.orderIds.add(outcome.orderId);
    if (outcome.status !== undefined) one.statuses.add(outcome.status);
    if (outcome.version !== undefined) one.versions.add(outcome.version);
    if (outcome.bodyHash !== undefined) one.okBodies.add(outcome.bodyHash);
  };

  const judgeAsked = (key: string, one: Asked): void => {
    findings.look('I1');
    findings.look('I2');
    if (one.placed.length > 1) findings.violated('I1', `${one.placed.length} orders were placed with the key ${key}`, [...ofAsked(one), ...one.placed.map(orderPlace)]);
    if (one.oks === 0) {
      if (one.unknowns === 0 && one.placed.length > 0) {
        findings.violated('I1', `every request with the key ${key} was refused, and yet there is an order`, [...ofAsked(one), ...one.placed.map(orderPlace)]);
      }
      return;
    }
    if (one.orderIds.size > 1) findings.violated('I2', `the key ${key} was answered with the orders ${[...one.orderIds].join(', ')}`, ofAsked(one));
    if (one.statuses.size > 1 || one.versions.size > 1) {
      findings.violated('I2', `the key ${key} was answered with status ${[...one.statuses].join(', ')} and version ${[...one.versions].join(', ')}`, ofAsked(one));
    }
    if (one.okBodies.size > 1) findings.violated('I2', `the key ${key} was accepted with ${one.okBodies.size} different bodies`, ofAsked(one));
    for (const orderId of one.orderIds) {
      const order = placed.get(orderId);
      if (order === undefined) {
        findings.violated('I1', `${orderId} was answered with a 2xx and is not in the log`, ofAsked(one));
        continue;
      }
      if (one.okContents.size > 0 && !one.okContents.has(order.content)) {
        findings.violated('I1', `${orderId} has another content than was accepted`, [...ofAsked(one), orderPlace(orderId)]);
      }
    }
  };

  const judgeSeen = (orderId: string, answers: readonly Seen[]): void => {
    findings.look('I16', answers.length);
    const stored = placed.get(orderId)?.version ?? 0;
    const byEnd = [...answers].sort((a, b) => a.ended - b.ended);
    let newest: Seen | undefined;
    let n = 0;
    for (const answer of [...answers].sort((a, b) => a.invoked - b.invoked)) {
      for (let before = byEnd[n]; before !== undefined && before.ended < answer.invoked; before = byEnd[n]) {
        if (newest === undefined || before.version > newest.version) newest = before;
        n += 1;
      }
      if (newest !== undefined && answer.version < newest.version) {
        findings.violated('I16', `${orderId}: version ${answer.version} was answered after version ${newest.version}`, [asksPlace(newest.line), asksPlace(answer.line)]);
      }
      if (answer.version > stored) findings.violated('I16', `${orderId}: version ${answer.version} was answered, the log ends at ${stored}`, [asksPlace(answer.line), orderPlace(orderId)]);
    }
  };

  return {
    outcome: ({ record, line }: Line<OutcomeRecord>): void => {
      if (record.kind === 'submit') submitted(record, line);
      // A replay answers what was answered first: it is no news of the order.
      if (record.outcome !== 'ok' || record.orderId === undefined || record.version === undefined || record.endedNs === null || record.replayed === true) return;
      const answer = { invoked: Number(record.invokedNs), ended: Number(record.endedNs), version: record.version, line };
      const answers = seen.get(record.orderId);
      if (answers === undefined) seen.set(record.orderId, [answer]);
      else answers.push(answer);
    },

    /** An `OrderPlaced` of the log. */
    placed: (row: Row): void => {
      const orderId = text(row.data['orderId']);
      const key = text(row.meta['commandId']);
      const order: Placed = {
        line: row.line,
        content: contentOf(row.data, object(row.data['destination'])),
        digest: text(row.data['requestDigest']),
        reference: referenceOf(text(row.data['channel']), text(row.data['externalReference'])),
        key,
        version: 0,
      };
      placed.set(orderId, order);
      const other = byReference.get(order.reference);
      if (other !== undefined) findings.violated('I2', `${other} and ${orderId} have one external reference`, [orderPlace(other), placeOf(row)]);
      byReference.set(order.reference, orderId);
      const one = asked.get(key);
      if (one === undefined) {
        findings.violated('I1', `${orderId} was placed with the key ${key}, with which nobody asked for an order`, [placeOf(row)]);
        return;
      }
      one.placed.push(orderId);
      if (!one.okContents.has(order.content) && one.okContents.size + one.unknownContents.size > 0 && !one.unknownContents.has(order.content)) {
        findings.violated('I1', `${orderId} has a content that nobody sent with its key ${key}`, [...ofAsked(one), placeOf(row)]);
      }
    },

    /** Version n of an order's stream stands in the log. */
    reached: (orderId: string, version: number): void => {
      const order = placed.get(orderId);
      if (order !== undefined) order.version = version;
    },

    finish: (keys: readonly Line<KeyRecord>[], references: readonly Line<ReferenceRecord>[]): void => {
      for (const [key, one] of asked) judgeAsked(key, one);
      for (const [orderId, answers] of seen) judgeSeen(orderId, answers);
      const known = new Map<string, Line<KeyRecord>>();
      for (const row of keys) {
        const { record, line } = row;
        const place: Place = { file: 'keys.ndjson', line };
        const twin = known.get(`${record.tenantId} ${record.key}`);
        if (twin !== undefined) findings.violated('I2', `the key ${record.key} has two rows`, [{ file: 'keys.ndjson', line: twin.line }, place]);
        known.set(`${record.tenantId} ${record.key}`, row);
        known.set(record.key, row);
        const order = placed.get(record.orderId);
        if (order === undefined) findings.violated('I2', `the key ${record.key} points at ${record.orderId}, which is not in the log`, [place]);
        else if (order.key === record.key && order.digest !== record.fingerprint) {
          findings.violated('I2', `the key ${record.key} has another fingerprint than its order`, [place, orderPlace(record.orderId)]);
        }
      }
      for (const [key, one] of asked) {
        const row = known.get(key);
        for (const orderId of one.orderIds) {
          if (row === undefined) findings.violated('I2', `the key ${key} was answered and is not remembered`, ofAsked(one));
          else if (row.record.orderId !== orderId) findings.violated('I2', `the key ${key} was answered with ${orderId} and points at ${row.record.orderId}`, [...ofAsked(one), { file: 'keys.ndjson', line: row.line }]);
        }
      }
      for (const { record, line } of references) {
        const reference = referenceOf(record.channel, record.externalReference);
        const orderId = byReference.get(reference);
        byReference.delete(reference);
        if (orderId === record.orderId) continue;
        findings.violated('I2', `the reference ${record.externalReference} points at ${record.orderId}, the log has ${orderId ?? 'no order'} with it`, [
          { file: 'references.ndjson', line },
          orderId === undefined ? undefined : orderPlace(orderId),
        ]);
      }
      for (const orderId of byReference.values()) findings.violated('I2', `${orderId} has a reference that is not remembered`, [orderPlace(orderId)]);
    },
  };
};

/** What clients were told. */
export type ClientOrders = ReturnType<typeof clientOrders>;
