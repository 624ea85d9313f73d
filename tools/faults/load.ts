import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'undici';
import { codeOf } from '../local-stack/stack-error.js';
import { hotSku, type AttackedSystem } from './attacked-system.js';
import { buyersOf, type Buyer, type Mix } from './buyers.js';
import type { Asked, Heard, OutcomeLog } from './outcomes.js';

/** Buyers at work. */
export type Load = {
  /** Buyers that have begun. */
  readonly begun: () => number;
  /** No new ones come; resolves when those under way are done. */
  readonly stop: () => Promise<void>;
};

const connections = 48;
const answerMsMax = 6_000;
/** More would only wait for each other: what a service that comes back has to do first is to answer all who have been asking. */
const buyersAtOnceMax = 600;
const tickMs = 10;
const triesMax = 25;
const receiptEveryMs = 1_500;

type Ask = { readonly method: 'GET' | 'POST' | 'PUT'; readonly path: string; readonly text?: string; readonly key?: string };

/** Sends buyers at a steady rate, whatever the answers do, and writes down what they hear. */
export const startLoad = (options: {
  readonly attacked: AttackedSystem;
  readonly outcomes: OutcomeLog;
  readonly seed: number;
  readonly perSecond: number;
  readonly ordersMax: number;
  readonly mix?: Mix;
}): Load => {
  const { attacked, outcomes, seed, perSecond, ordersMax } = options;
  const { system, world } = attacked;
  const settings = { connections, headersTimeout: answerMsMax, bodyTimeout: answerMsMax, connect: { timeout: 2_000 } };
  const [orders, door] = [new Pool(attacked.orderUrl, settings), new Pool(system.baseUrl, { ...settings, connections: 8 })];
  const buyerOf = buyersOf(seed, { places: world.coordinates, skus: world.items.map(({ sku }) => sku).filter((sku) => sku.startsWith('SKU-')), ...(options.mix === undefined ? {} : { mix: options.mix }) });

  const send = async (pool: Pool, { method, path, text, key }: Ask): Promise<Heard> => {
    try {
      const answer = await pool.request({
        method,
        path,
        headers: {
          authorization: `Bearer ${system.secrets.apiKey}`,
          ...(text === undefined ? {} : { 'content-type': 'application/json' }),
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
        ...(text === undefined ? {} : { body: text }),
      });
      const body = await answer.body.text();
      const { statusCode: status, headers } = answer;
      if (status >= 500) return { outcome: 'unknown', status };
      if (status >= 400) return { outcome: 'failed', status };
      const { id, orderId = id } = JSON.parse(body) as { id?: string; orderId?: string };
      const version = Number(String(headers['etag'] ?? '').replaceAll('"', ''));
      return {
        outcome: 'ok',
        status,
        ...(orderId === undefined ? {} : { orderId }),
        ...(headers['idempotent-replayed'] === 'true' ? { replayed: true } : {}),
        ...(version > 0 ? { version } : {}),
      };
    } catch (error) {
      // Nobody answered, or not to the end: what became of it is not known.
      return { outcome: 'unknown', why: codeOf(error) ?? 'cut off' };
    }
  };
  const ask = async (pool: Pool, asked: Asked, request: Ask): Promise<Heard> => {
    const end = outcomes.begin(asked);
    const heard = await send(pool, request);
    end(heard);
    return heard;
  };
  /** Asks until there is an answer, with longer and longer pauses. */
  const insist = async (tries: number, once: () => Promise<Heard>): Promise<Heard> => {
    for (let n = 1; ; n += 1) {
      const heard = await once();
      if (heard.outcome !== 'unknown' || n >= tries) return heard;
      await pause(Math.min(5_000, 250 * 2 ** n) * (0.5 + Math.random() / 2));
    }
  };

  const submit = (buyer: Buyer, what: Pick<Buyer, 'text' | 'kept' | 'hash'>, key = buyer.key): Promise<Heard> => {
    const { name: client, channel, reference: externalReference } = buyer;
    return ask(orders, { client, kind: 'submit', key, channel, externalReference, bodyHash: what.hash, body: what.kept }, { method: 'POST', path: buyer.path, text: what.text, key });
  };
  const repeat = async (buyer: Buyer): Promise<void> => {
    const same = { later: buyer, 'other-key': buyer, changed: buyer.changed, 'other-key-changed': buyer.changed, 'at-once': undefined, not: undefined }[buyer.repeats];
    if (same !== undefined) await submit(buyer, same, buyer.repeats.startsWith('other') ? `${buyer.key}-again` : buyer.key);
  };
  const live = async (buyer: Buyer): Promise<void> => {
    const tries = buyer.insists ? triesMax : 1;
    const [heard] = await Promise.all([insist(tries, () => submit(buyer, buyer)), ...(buyer.repeats === 'at-once' ? [submit(buyer, buyer)] : [])]);
    await repeat(buyer);
    const { orderId } = heard;
    if (orderId === undefined) return;
    const { name: client } = buyer;
    const look = (): Promise<Heard> => ask(orders, { client, kind: 'get', orderId }, { method: 'GET', path: `/v1/orders/${orderId}` });
    if (buyer.looks) await look();
    if (buyer.paysAfterMs !== undefined) {
      await pause(buyer.paysAfterMs);
      const capturedAmount = (buyer.kept as { totals: { grandTotal: number } }).totals.grandTotal;
      const text = JSON.stringify({ status: 'paid', capturedAmount });
      await insist(triesMax, () => ask(door, { client, kind: 'pay', orderId }, { method: 'PUT', path: `/v1/orders/${orderId}/payment`, text }));
    }
    if (buyer.cancelsAfterMs !== undefined) {
      await pause(buyer.cancelsAfterMs);
      const key = `${buyer.key}-cancel`;
      const text = JSON.stringify({ reason: 'customer' });
      await insist(triesMax, () => ask(door, { client, kind: 'cancel', key, orderId }, { method: 'POST', path: `/v1/orders/${orderId}/cancellations`, text, key }));
      if (buyer.looks) await look();
    }
  };

  let isOpen = true;
  let begun = 0;
  const living = new Set<Promise<void>>();
  const begin = (n: number): void => {
    const life = live(buyerOf(n)).finally(() => living.delete(life));
    living.add(life);
  };
  /** The hot item comes in small deliveries, each of which may be told twice. */
  const receive = async (): Promise<void> => {
    const [center] = world.centers;
    for (let n = 1; isOpen; n += 1) {
      const key = `faults-${seed}-receipt-${n}`;
      const body = { receiptId: key, centerId: center?.centerId ?? '', lines: [{ sku: hotSku, quantity: 1 + Math.floor(perSecond * 0.05) }] };
      const once = (): Promise<Heard> => ask(door, { client: 'ramp', kind: 'receive', key, body }, { method: 'POST', path: '/v1/stock/receipts', text: JSON.stringify(body) });
      await insist(triesMax, once);
      if (n % 4 === 0) await once();
      await pause(receiptEveryMs);
    }
  };
  const arrive = async (): Promise<void> => {
    const startedAt = performance.now();
    let late = 0;
    while (isOpen && begun < ordersMax) {
      const due = Math.floor(((performance.now() - startedAt) / 1000) * perSecond) - late;
      for (; begun < due && begun < ordersMax; begun += 1) {
        // Those who find the shop too full do not come later all at once.
        if (living.size >= buyersAtOnceMax) {
          late += due - begun;
          break;
        }
        begin(begun);
      }
      await pause(tickMs);
    }
  };
  const working = [arrive(), receive()];
  return {
    begun: () => begun,
    stop: async () => {
      isOpen = false;
      await Promise.all(working);
      await Promise.all(living);
      await Promise.all([orders.close(), door.close()]);
    },
  };
};
