import { startTelemetry } from '@orderlog/observability';

const telemetry = await startTelemetry('order');
const { start } = await import('./start.js');
await start(telemetry);
