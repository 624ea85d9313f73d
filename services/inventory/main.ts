import { startTelemetry } from '@orderlog/observability';

const telemetry = await startTelemetry('inventory');
const { start } = await import('./start.js');
await start(telemetry);
