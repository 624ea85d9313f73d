import { fileURLToPath } from 'node:url';
import { startService, type StartedService } from '@orderlog/edge';
import type { Telemetry } from '@orderlog/observability';
import { readConfig } from './config.js';
import { OrderModule } from './order.module.js';

/** The gRPC services of the order service: submitting and reading orders, and addresses for shipping. */
export const orderGrpc = {
  packages: ['orderlog.order.v1'],
  protoPaths: ['orderlog/order/v1/api.proto', 'orderlog/order/v1/addresses.proto'],
  includeDirs: [fileURLToPath(new URL('../../libs/contracts/proto', import.meta.url))],
};

/** Starts the order service; after telemetry, which has to be there before anything it watches is imported. */
export const start = (telemetry: Telemetry): Promise<StartedService> =>
  startService({ name: 'order', module: OrderModule, config: readConfig, telemetry, grpc: orderGrpc });
