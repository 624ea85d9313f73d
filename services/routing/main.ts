import { startTelemetry } from '@orderlog/observability';

const telemetry = await startTelemetry('routing');
const { start } = await import('./start.js');
await start(telemetry);
