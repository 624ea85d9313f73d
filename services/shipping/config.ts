import { backboneConfig, type ServiceConfig } from '@orderlog/backbone';
import type { Environment } from '@orderlog/edge';

/** What shipping reads from the environment beside the backbone's part. */
export type ShippingConfig = ServiceConfig<{
  /** `CARRIER_URL`: the carrier's API. */
  readonly carrierUrl: string;
  /** `CARRIER_WEBHOOK_SECRET`: `whsec_…`, shared with the carrier. */
  readonly carrierWebhookSecret: string;
  /** `CARRIERS`: names in the order they are tried; `CARRIERS_EXPRESS` for the service level express. */
  readonly carriers: readonly string[];
  readonly expressCarriers: readonly string[];
  /** `ORDER_GRPC`: host:port of the order service, for addresses. */
  readonly orderGrpc: string;
  /** `LABEL_ATTEMPTS`: how often a carrier that does not answer is asked before staff are. */
  readonly labelAttempts: number;
}>;

/** Reads the environment; all faults come in one message. */
export const readConfig = (env: Environment) => ({
  ...backboneConfig(env, 'shipping'),
  carrierUrl: env.url('CARRIER_URL'),
  carrierWebhookSecret: env.text('CARRIER_WEBHOOK_SECRET'),
  carriers: env.list('CARRIERS', ['simpost', 'simexpress']),
  expressCarriers: env.list('CARRIERS_EXPRESS', ['simexpress', 'simpost']),
  orderGrpc: env.text('ORDER_GRPC'),
  labelAttempts: env.whole('LABEL_ATTEMPTS', { min: 1, max: 1_000 }, 10),
});
