import { startService, type StartedService } from '@orderlog/edge';
import type { Telemetry } from '@orderlog/observability';
import { readConfig } from './config.js';
import { WarehouseModule } from './warehouse.module.js';

/** Starts the warehouse service; after telemetry, which has to be there before anything it watches is imported. */
export const start = (telemetry: Telemetry): Promise<StartedService> =>
  startService({ name: 'warehouse', module: WarehouseModule, config: readConfig, telemetry });
