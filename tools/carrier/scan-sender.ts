import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { Agent, request } from 'undici';
import type { PlannedScan, Scan } from './journey.js';

/** Scans in one webhook at most. */
export const scansPerWebhookMax = 200;
/** Carriers push what a depot has gathered; a webhook for each scan would cost the shipper a transaction each. */
const tickMs = 200;
const retryMs = { first: 100, most: 5_000 };

/** What the sender did, and what waits. */
export type SenderStats = { readonly scansSent: number; readonly webhooksSent: number; readonly webhooksFailed: number; readonly waiting: number };

/** Tells the shipper of scans when their time comes, in signed webhooks, until it takes them. */
export type ScanSender = {
  /** `toldAtMs` is wall-clock time. */
  readonly plan: (scans: readonly { readonly toldAtMs: number; readonly scan: Scan }[], onAllTaken?: () => void) => void;
  readonly stats: () => SenderStats;
  readonly stop: () => Promise<void>;
};

type Waiting = { readonly toldAtMs: number; readonly scan: Scan; readonly taken: () => void };

/** Wall-clock times of planned scans: the simulated clock runs `speed` times as fast. */
export const atSpeed = (scans: readonly PlannedScan[], pickedUpAtMs: number, speed: number) =>
  scans.map(({ afterMs, scan }) => ({ toldAtMs: pickedUpAtMs + afterMs / speed, scan }));

/** Starts the sender. */
export const startScanSender = (options: { readonly url: string; readonly secret: string; readonly onFailure?: (reason: string) => void }): ScanSender => {
  const agent = new Agent({ connections: 2, keepAliveTimeout: 30_000 });
  const webhook = new Webhook(options.secret);
  const waiting: Waiting[] = [];
  const counts = { scansSent: 0, webhooksSent: 0, webhooksFailed: 0 };
  let sending: Promise<void> | undefined;
  let stopped = false;
  let delayMs = 0;
  let notBeforeMs = 0;
  let isSorted = true;

  /** One webhook: the same id and body at every try, so that the shipper can tell a repetition. */
  const post = async (scans: readonly Scan[], id: string): Promise<void> => {
    const sentAt = new Date();
    const body = JSON.stringify({ type: 'tracking.scans', timestamp: sentAt.toISOString(), data: { scans } });
    const response = await request(options.url, {
      method: 'POST',
      dispatcher: agent,
      headersTimeout: 15_000,
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1_000)),
        'webhook-signature': webhook.sign(id, sentAt, body),
      },
      body,
    });
    await response.body.dump();
    if (response.statusCode < 200 || response.statusCode > 299) throw new Error(`the shipper answered ${response.statusCode}`);
  };

  /** Sends what is due, oldest first. A batch the shipper does not take stays at the head. */
  const sendDue = async (): Promise<void> => {
    if (!isSorted) waiting.sort((one, other) => one.toldAtMs - other.toldAtMs);
    isSorted = true;
    while (!stopped) {
      const nowMs = Date.now();
      let due = 0;
      while (due < scansPerWebhookMax && due < waiting.length && (waiting[due]?.toldAtMs ?? Infinity) <= nowMs) due += 1;
      if (due === 0) return;
      const batch = waiting.slice(0, due);
      try {
        await post(batch.map(({ scan }) => scan), `msg_${randomUUID()}`);
      } catch (error) {
        counts.webhooksFailed += 1;
        delayMs = Math.min(retryMs.most, delayMs === 0 ? retryMs.first : delayMs * 2);
        notBeforeMs = Date.now() + delayMs;
        options.onFailure?.(error instanceof Error ? error.message : String(error));
        return;
      }
      delayMs = 0;
      // `plan` only appends, so the head is still the batch.
      waiting.splice(0, due);
      counts.scansSent += due;
      counts.webhooksSent += 1;
      for (const { taken } of batch) taken();
      if (!isSorted) waiting.sort((one, other) => one.toldAtMs - other.toldAtMs);
      isSorted = true;
    }
  };

  const timer = setInterval(() => {
    if (sending !== undefined || waiting.length === 0 || Date.now() < notBeforeMs) return;
    sending = sendDue().finally(() => {
      sending = undefined;
    });
  }, tickMs);

  return {
    plan: (scans, onAllTaken) => {
      let left = scans.length;
      const taken = (): void => {
        left -= 1;
        if (left === 0) onAllTaken?.();
      };
      for (const { toldAtMs, scan } of scans) waiting.push({ toldAtMs, scan, taken });
      isSorted = false;
    },
    stats: () => ({ ...counts, waiting: waiting.length }),
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await sending;
      await agent.close();
    },
  };
};
