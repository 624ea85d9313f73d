import { startService, type StartedService } from '@orderlog/edge';
import type { Telemetry } from '@orderlog/observability';
import { readConfig } from './config.js';
import { InventoryModule } from './inventory.module.js';

/** Starts the inventory service. */
export const start = (telemetry: Telemetry): Promise<StartedService> =>
  startService({ name: 'inventory', module: InventoryModule, config: readConfig, telemetry });
