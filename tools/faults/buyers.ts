import { createHash } from 'node:crypto';
import { seededRandom } from '../olist/random.js';
import type { Place } from '../sample-world/order-documents.js';
import { hotSku, missingSku } from './attacked-system.js';

/**
 * How an order is meant to live. `held`: its product is not known, it waits on hold; `missing`: nobody has it, the rest is cancelled; `hot`:
 * everybody wants it; `full`: through all services to the customer.
 */
export type LifeKind = 'held' | 'missing' | 'hot' | 'full';

/** What one buyer will do: drawn from the seed and the buyer's number alone, so that it does not depend on what the system does. */
export type Buyer = {
  readonly kind: LifeKind;
  readonly name: string;
  readonly key: string;
  readonly channel: string;
  readonly reference: string;
  /** The document as sent, and what of it is kept. */
  readonly text: string;
  readonly kept: object;
  readonly hash: string;
  /** The same order with another quantity. */
  readonly changed: { readonly text: string; readonly kept: object; readonly hash: string };
  readonly path: string;
  /** Asked again until there is an answer, or left in the dark. */
  readonly insists: boolean;
  readonly repeats: 'not' | 'at-once' | 'later' | 'changed' | 'other-key' | 'other-key-changed';
  readonly cancelsAfterMs: number | undefined;
  readonly paysAfterMs: number | undefined;
  readonly looks: boolean;
};

/** Shares of the kinds, the rest lives fully; and whether those whose item is missing wait for it. */
export type Mix = { readonly shares: readonly (readonly [LifeKind, number])[]; readonly missingWait: boolean };
const usual: Mix = { shares: [['held', 0.6], ['missing', 0.27], ['hot', 0.04]], missingWait: false };
const repeats: readonly (readonly [Buyer['repeats'], number])[] = [['at-once', 0.03], ['later', 0.03], ['changed', 0.02], ['other-key', 0.02], ['other-key-changed', 0.01]];

const drawn = <T>(list: readonly (readonly [T, number])[], share: number, otherwise: T): T => {
  let sum = 0;
  for (const [value, part] of list) {
    sum += part;
    if (share < sum) return value;
  }
  return otherwise;
};

type Line = { readonly sku: string; readonly quantity: number };

/** Makes buyers: the same seed gives the same ones. */
export const buyersOf = (seed: number, parts: { readonly places: readonly Place[]; readonly skus: readonly string[]; readonly mix?: Mix }) => (n: number): Buyer => {
  const { shares, missingWait } = parts.mix ?? usual;
  const random = seededRandom(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(n + 1, 0x85ebca6b));
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const kind = drawn(shares, random(), 'full');
  const place = pick(parts.places);
  const reference = `${seed}-${n}`;
  const isPaidLater = kind === 'full' && random() < 0.3;
  const lines: Line[] = { held: () => [{ sku: `NEW-${n % 7}`, quantity: 1 }], missing: () => [{ sku: missingSku, quantity: 1 + (n % 3) }], hot: () => [{ sku: hotSku, quantity: 1 }], full: () => [...new Set([pick(parts.skus), pick(parts.skus)])].map((sku) => ({ sku, quantity: 1 + Math.floor(random() * 2) })) }[kind]();
  const isCut = kind === 'missing' ? !missingWait : random() < 0.8;
  const backorder = isCut ? 'cancel_remainder' : 'wait';
  const documentOf = (asked: readonly Line[]) => {
    const unitPrice = 500 + (n % 5_000);
    const priced = asked.map((line, index) => ({ externalId: String(index + 1), ...line, unitPrice, total: unitPrice * line.quantity }));
    const sum = priced.reduce((total, { total: one }) => total + one, 0);
    const grandTotal = sum + 490;
    const { city, region, postalCode, countryCode } = place;
    const kept = {
      channel: 'faults',
      externalReference: reference,
      currency: 'EUR',
      taxIncluded: true,
      delivery: { method: 'ship', serviceLevel: 'standard', amount: 490, total: 490 },
      lines: priced,
      totals: { lines: sum, delivery: 490, tax: 0, grandTotal },
      payment: isPaidLater ? { status: 'pending' } : { status: 'paid', capturedAmount: grandTotal },
      policy: { backorder },
    };
    const person = { customer: { type: 'person', name: 'Fault Buyer' }, shippingAddress: { name: 'Fault Buyer', line1: 'Long Street 1', city, region, postalCode, countryCode } };
    const text = JSON.stringify({ ...kept, ...person });
    return { text, kept: { ...kept, shippingAddress: { city, region, postalCode, countryCode } }, hash: createHash('sha256').update(text).digest('hex') };
  };
  const isCancelled = random() < { held: 0.6, missing: 0, hot: 0.1, full: 0.15 }[kind];
  return {
    kind,
    name: `buyer-${n}`,
    key: `faults-${reference}`,
    channel: 'faults',
    reference,
    ...documentOf(lines),
    changed: documentOf(lines.map(({ sku, quantity }) => ({ sku, quantity: quantity + 1 }))),
    path: kind === 'held' ? '/v1/orders?onUnknownSku=hold' : '/v1/orders',
    insists: random() < 0.85,
    repeats: drawn(repeats, random(), 'not'),
    cancelsAfterMs: isCancelled ? Math.floor(random() * 3_000) : undefined,
    paysAfterMs: isPaidLater ? Math.floor(random() * 2_000) : undefined,
    looks: random() < 0.05,
  };
};
