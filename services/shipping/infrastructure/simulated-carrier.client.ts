import { isTrackingNumber } from '@orderlog/shipping-domain';
import { Pool } from 'undici';
import type { Carrier, CarrierLabel, LabelOrder, LabelResult } from '../application/ports.js';

/** How long the carrier may take, and how many connections it is given. */
const timeoutMs = 5_000;
const connectionsMax = 4;

/** A label as this carrier's API has it. */
type ApiLabel = {
  readonly id: string;
  readonly key: string;
  readonly accountId: string;
  readonly carrier: string;
  readonly serviceLevel: string;
  readonly trackingNumber: string;
  readonly trackingUrl: string;
  readonly cost: number;
  readonly currency: string;
  readonly expectedDelivery: string;
  readonly expectedFrom: string;
  readonly expectedUntil: string;
  readonly metadata: Readonly<Record<string, string>>;
};
type ApiAnswer = { readonly key: string; readonly label?: ApiLabel; readonly refused?: { readonly reason: string } };

const labelOf = (label: ApiLabel): CarrierLabel => {
  if (!isTrackingNumber(label.trackingNumber)) throw new Error(`the carrier gave a tracking number with a wrong check digit: ${label.trackingNumber}`);
  return {
    carrier: label.carrier,
    serviceLevel: label.serviceLevel,
    trackingNumber: label.trackingNumber,
    trackingUrl: label.trackingUrl,
    carrierAccountId: label.accountId,
    carrierLabelId: label.id,
    cost: label.cost,
    costCurrency: label.currency,
    expectedDelivery: label.expectedDelivery,
    expectedDeliveryFrom: label.expectedFrom,
    expectedDeliveryUntil: label.expectedUntil,
    personalDataVersion: Number(label.metadata['personalDataVersion'] ?? 0),
  };
};

const bodyOf = (order: LabelOrder): object => {
  const { personalDataVersion, ...to } = order.to;
  return {
    key: order.key,
    carrier: order.carrier,
    serviceLevel: order.serviceLevel,
    weightGrams: order.weightGrams,
    lengthMm: order.lengthMm,
    widthMm: order.widthMm,
    heightMm: order.heightMm,
    description: order.description,
    ...(order.from === undefined ? {} : { from: order.from }),
    to,
    metadata: { packageId: order.packageId, personalDataVersion: String(personalDataVersion) },
  };
};

const resultOf = ({ key, label, refused }: ApiAnswer): LabelResult =>
  label === undefined ? { key, refused: refused?.reason ?? 'refused' } : { key, label: labelOf(label) };

/** The simulated carrier (`tools/carrier`) as a `Carrier`. */
export const simulatedCarrier = (url: string): Carrier & { readonly close: () => Promise<void> } => {
  const pool = new Pool(url, { connections: connectionsMax, headersTimeout: timeoutMs, bodyTimeout: timeoutMs, connect: { timeout: timeoutMs } });
  const call = async (method: 'GET' | 'POST' | 'DELETE', path: string, headers: Readonly<Record<string, string>> = {}, body?: object) => {
    const response = await pool.request({
      method,
      path,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.body.text();
    return { status: response.statusCode, text };
  };
  /** An answer that is not the one hoped for is an outage here: business refusals come inside good answers. */
  const good = <T>({ status, text }: { readonly status: number; readonly text: string }, what: string): T => {
    if (status !== 200) throw new Error(`the carrier answered ${status} to ${what}`);
    return JSON.parse(text) as T;
  };
  return {
    bought: async (keys) => {
      const query = keys.map((key) => `key=${encodeURIComponent(key)}`).join('&');
      const { labels } = good<{ readonly labels: readonly ApiLabel[] }>(await call('GET', `/labels?${query}`), 'which labels were bought');
      return new Map(labels.map((label) => [label.key, labelOf(label)]));
    },
    buy: async (orders) => {
      const body = { labels: orders.map(bodyOf) };
      const { labels } = good<{ readonly labels: readonly ApiAnswer[] }>(await call('POST', '/labels/batch', {}, body), 'a batch of labels');
      return labels.map(resultOf);
    },
    takeBack: async ({ carrierAccountId, carrierLabelId }) => {
      const { status } = await call('DELETE', `/labels/${encodeURIComponent(carrierLabelId)}`, { 'x-account-id': carrierAccountId });
      if (status === 204) return 'taken_back';
      if (status === 404) return 'unknown_label';
      if (status === 409) return 'in_transit';
      throw new Error(`the carrier answered ${status} to a label that was given back`);
    },
    close: () => pool.close(),
  };
};
