import { startService, type StartedService } from '@orderlog/edge';
import type { Telemetry } from '@orderlog/observability';
import { readConfig } from './config.js';
import { RoutingModule } from './routing.module.js';

/** Starts the routing service. */
export const start = (telemetry: Telemetry): Promise<StartedService> =>
  startService({ name: 'routing', module: RoutingModule, config: readConfig, telemetry });
