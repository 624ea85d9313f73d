import { startService, type StartedService } from '@orderlog/edge';
import type { Telemetry } from '@orderlog/observability';
import { readConfig } from './config.js';
import { ShippingModule } from './shipping.module.js';

/** Starts the shipping service; after telemetry, which has to be there before anything it watches is imported. */
export const start = (telemetry: Telemetry): Promise<StartedService> =>
  startService({ name: 'shipping', module: ShippingModule, config: readConfig, telemetry });
