import { backboneConfig, type BackboneConfig, type ServiceConfig } from '@orderlog/backbone';
import type { Environment } from '@orderlog/edge';

/** What inventory reads from the environment beside what every service does. */
type Own = {
  /** `RESERVATION_LEASE_MS`: how long units stay leased before the order releases them to the centers. */
  readonly reservationLeaseMs: number;
};

/** CONFIG of inventory. */
export type InventoryConfig = ServiceConfig<Own>;

const quarterOfAnHourMs = 15 * 60_000;
const dayMs = 24 * 60 * 60_000;

/** Reads and checks it. */
export const readConfig = (env: Environment): BackboneConfig & Own => ({
  ...backboneConfig(env, 'inventory'),
  reservationLeaseMs: env.whole('RESERVATION_LEASE_MS', { min: 100, max: 30 * dayMs }, quarterOfAnHourMs),
});
