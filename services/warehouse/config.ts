import { backboneConfig, type ServiceConfig } from '@orderlog/backbone';
import type { Environment } from '@orderlog/edge';

const hourMs = 3_600_000;

/** What the warehouse reads from the environment beside the backbone's part. */
export type WarehouseConfig = ServiceConfig<{
  /** `CENTER_ACCEPTANCE_MS`: how long a third party may take to accept or reject. */
  readonly acceptanceMs: number;
  /** `CENTER_CANCELLATION_MS`: how long it may take to answer a cancellation. */
  readonly cancellationAnswerMs: number;
  /** `TASK_LEASE_MS`: how long a worker may be silent before others are given the task. */
  readonly taskLeaseMs: number;
}>;

/** Reads the environment; all faults come in one message. */
export const readConfig = (env: Environment) => ({
  ...backboneConfig(env, 'warehouse'),
  acceptanceMs: env.whole('CENTER_ACCEPTANCE_MS', { min: 100, max: 720 * hourMs }, hourMs),
  cancellationAnswerMs: env.whole('CENTER_CANCELLATION_MS', { min: 100, max: 720 * hourMs }, hourMs),
  taskLeaseMs: env.whole('TASK_LEASE_MS', { min: 100, max: 24 * hourMs }, 300_000),
});
