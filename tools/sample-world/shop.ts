import { apiClient, ProblemAnswer, Unreachable, type Answer, type ApiClient } from '../cli/client.js';

/** The order document as far as scenarios look at it. */
export type OrderDocument = {
  readonly id: string;
  readonly version: number;
  readonly status: string;
  readonly holds: readonly { readonly id: string; readonly reason: string }[];
  readonly payment?: { readonly status: string };
  readonly totals: { readonly grandTotal: number };
  readonly trackingUrl?: string;
  readonly lines: readonly { readonly id: string; readonly sku: string; readonly quantity: number; readonly quantities: Readonly<Record<string, number>> }[];
  readonly fulfillments: readonly {
    readonly id: string;
    readonly centerId: string;
    readonly status: string;
    readonly packages: readonly { readonly id: string; readonly status: string; readonly trackingNumber?: string }[];
  }[];
};

/** One entry of an order's timeline. */
export type TimelineEntry = { readonly type: string; readonly service: string; readonly recordedAt: string; readonly reason?: string };

const lookEveryMs = 200;
const retryForMs = 30_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A simulated storefront: everything it does goes through the public HTTP API. */
export class Shop {
  readonly api: ApiClient;

  constructor(
    connection: { readonly baseUrl: string; readonly apiKey: string },
    /** Hears every status that is seen; for the live display. */
    private readonly onStatus: (orderId: string, status: string) => void = () => undefined,
    connections = 32,
  ) {
    this.api = apiClient(connection, { connections });
  }

  /** Defines an item and its stock for one scenario, and waits until the storefront side knows it. */
  async stock(sku: string, units: Readonly<Record<string, number>>, item: { readonly weightGrams?: number } = {}): Promise<void> {
    await this.again(() =>
      this.api.call('PUT', `/v1/stock/items/${encodeURIComponent(sku)}`, {
        name: sku,
        weightGrams: item.weightGrams ?? 400,
        lengthMm: 200,
        widthMm: 150,
        heightMm: 80,
        hazmat: false,
        barcodes: [],
        active: true,
      }),
    );
    for (const [centerId, quantity] of Object.entries(units)) await this.receive(sku, centerId, quantity);
  }

  /** Units arrive at a center. */
  async receive(sku: string, centerId: string, quantity: number): Promise<void> {
    const receiptId = `receipt-${sku}-${centerId}-${Date.now()}-${Math.random().toString(36).slice(2, 10)}`;
    await this.again(() => this.api.call('POST', '/v1/stock/receipts', { receiptId, centerId, lines: [{ sku, quantity }] }));
  }

  /** Submits; the same key repeats safely, so a service that is down for a moment is asked again. An SKU that was defined a moment ago may not be known yet. */
  async submit(document: object, key: string): Promise<Answer<OrderDocument>> {
    const giveUpAt = Date.now() + retryForMs;
    for (;;) {
      try {
        const answer = await this.again(() => this.api.call<OrderDocument>('POST', '/v1/orders', document, { 'idempotency-key': key }));
        this.onStatus(answer.body.id, answer.body.status);
        return answer;
      } catch (error) {
        const isUnknownSku = error instanceof ProblemAnswer && (error.problem?.type ?? '').includes('unknown-sku');
        if (!isUnknownSku || Date.now() > giveUpAt) throw error;
        await pause(lookEveryMs);
      }
    }
  }

  async get(id: string): Promise<OrderDocument> {
    const { body } = await this.again(() => this.api.call<OrderDocument>('GET', `/v1/orders/${id}`));
    this.onStatus(id, body.status);
    return body;
  }

  async timeline(id: string): Promise<readonly TimelineEntry[]> {
    return (await this.again(() => this.api.call<{ entries: TimelineEntry[] }>('GET', `/v1/orders/${id}/timeline`))).body.entries;
  }

  /** Looks until the order is as wanted; throws with its last status when it is not within `timeoutMs`. */
  async until(id: string, what: string, wanted: (order: OrderDocument) => boolean, timeoutMs: number): Promise<OrderDocument> {
    const giveUpAt = Date.now() + timeoutMs;
    for (;;) {
      const order = await this.get(id);
      if (wanted(order)) return order;
      if (Date.now() > giveUpAt) {
        const holds = order.holds.map(({ reason }) => reason).join(', ');
        throw new Error(`not ${what} after ${timeoutMs / 1000} s: ${order.status}${holds === '' ? '' : `, on hold: ${holds}`}, lines ${JSON.stringify(order.lines.map(({ quantities }) => quantities))}`);
      }
      await pause(lookEveryMs);
    }
  }

  /** Calls again while nobody answers or the answer is 502, 503 or 504: what a storefront does when a service restarts. */
  async again<T>(call: () => Promise<T>): Promise<T> {
    const giveUpAt = Date.now() + retryForMs;
    for (;;) {
      try {
        return await call();
      } catch (error) {
        const isPassing = error instanceof Unreachable || (error instanceof ProblemAnswer && error.status >= 502 && error.status <= 504);
        if (!isPassing || Date.now() > giveUpAt) throw error;
        await pause(lookEveryMs);
      }
    }
  }

  close(): Promise<void> {
    return this.api.close();
  }
}

/** The refusal a call must end in; throws when it does not. */
export const refusalOf = async (call: Promise<unknown>): Promise<ProblemAnswer> => {
  try {
    await call;
  } catch (error) {
    if (error instanceof ProblemAnswer) return error;
    throw error;
  }
  throw new Error('was accepted, but a refusal was expected');
};
