import { startTelemetry } from '@orderlog/observability';

const telemetry = await startTelemetry('shipping');
const { start } = await import('./start.js');
await start(telemetry);
