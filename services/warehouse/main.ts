import { startTelemetry } from '@orderlog/observability';

const telemetry = await startTelemetry('warehouse');
const { start } = await import('./start.js');
await start(telemetry);
