export { createHealth, type Health, type Liveness, type Readiness, type ReadinessCheck } from './health.js';
export { logger, type Logger } from './logger.js';
export { atMostEvery, counter, durations, gauge, observedCounter, type Reading } from './metrics.js';
export { startTelemetry, type Telemetry } from './telemetry.js';
export { activeTraceId, activeTraceparent, beginWork, endWork, within, type Traced } from './tracing.js';
