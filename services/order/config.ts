import { backboneConfig, type ServiceConfig } from '@orderlog/backbone';
import type { Environment } from '@orderlog/edge';
import type { StageTimes } from './application/moment.js';
import type { PlacingLimits } from './application/place-order.js';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const longestMs = 3_650 * dayMs;

/** A channel's own rule: what the payment must be before centers may work. */
export type ChannelRules = Readonly<Record<string, { readonly releaseOn: string }>>;

/** What the order service reads from the environment beside the backbone's part. */
export type OrderConfig = ServiceConfig<{
  /** `SMTP_URL`; empty: no letters are sent. */
  readonly smtpUrl: string;
  /** `MAIL_FROM`: sender of the letters. */
  readonly mailFrom: string;
  /** `PERSONAL_DATA_KEY`: keys the digests of personal data that the log holds. */
  readonly personalDataKey: string;
  /** `CHANNELS`: JSON `{channel: {releaseOn: "authorized" | "paid" | "none"}}`; a channel that is not named waits for `authorized`. */
  readonly channels: ChannelRules;
  /** `STAGE_ALLOCATION_MS`, `STAGE_FULFILLMENT_MS`, `STAGE_DELIVERY_MS`, `PAYMENT_DEADLINE_MS`, `BACKORDER_REVIEW_MS`, `FEEDBACK_WINDOW_MS`. */
  readonly stageTimes: StageTimes;
  /** `PLACING_BATCH_MAX`: orders in a transaction (256); `PLACING_LANES`: transactions at once (2). */
  readonly placing: PlacingLimits;
}>;

const releaseOns: readonly unknown[] = ['authorized', 'paid', 'none'];

const channelsOf = (value: unknown): ChannelRules => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('it is not an object');
  for (const [channel, rule] of Object.entries(value as Record<string, unknown>)) {
    const releaseOn: unknown = typeof rule === 'object' && rule !== null ? (rule as { releaseOn?: unknown }).releaseOn : undefined;
    if (!releaseOns.includes(releaseOn)) throw new TypeError(`releaseOn of ${channel} is not authorized, paid or none`);
  }
  return value as ChannelRules;
};

/** Reads the environment; all faults come in one message. */
export const readConfig = (env: Environment) => {
  const time = (name: string, fallback: number): number => env.whole(name, { min: 100, max: longestMs }, fallback);
  return {
    ...backboneConfig(env, 'order'),
    smtpUrl: env.text('SMTP_URL', ''),
    mailFrom: env.text('MAIL_FROM', 'Orderlog <orders@orderlog.test>'),
    personalDataKey: env.text('PERSONAL_DATA_KEY'),
    channels: env.json('CHANNELS', channelsOf, {}),
    stageTimes: {
      allocationMs: time('STAGE_ALLOCATION_MS', 60 * minuteMs),
      fulfillmentMs: time('STAGE_FULFILLMENT_MS', 3 * dayMs),
      deliveryMs: time('STAGE_DELIVERY_MS', 30 * dayMs),
      paymentMs: time('PAYMENT_DEADLINE_MS', 30 * minuteMs),
      backorderReviewMs: time('BACKORDER_REVIEW_MS', dayMs),
      feedbackMs: time('FEEDBACK_WINDOW_MS', 14 * dayMs),
    },
    placing: {
      batchMax: env.whole('PLACING_BATCH_MAX', { min: 1, max: 256 }, 256),
      lanes: env.whole('PLACING_LANES', { min: 1, max: 64 }, 2),
    },
  };
};
