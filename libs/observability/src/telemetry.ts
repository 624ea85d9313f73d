import type { IncomingMessage, ServerResponse } from 'node:http';
import { context, createNoopMeter, metrics, trace } from '@opentelemetry/api';
import type { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import type { Resource } from '@opentelemetry/resources';
import { observeProcess } from './process-metrics.js';

/** What a process has switched on: its metrics to be served and its traces to be flushed. */
export type Telemetry = {
  readonly service: string;
  /** Whether spans go anywhere. Without a collector none is ever made. */
  readonly tracing: boolean;
  /** Answers the Prometheus text format. The service's own `/metrics` route calls it. */
  readonly serveMetrics: (request: IncomingMessage, response: ServerResponse) => void;
  /** Flushes within two seconds: a collector that is away must not hold up the end of a process. */
  readonly shutdown: () => Promise<void>;
};

const flushMs = 2_000;

const startTracing = async (endpoint: string, resource: Resource): Promise<() => Promise<void>> => {
  const [{ AlwaysOnSampler, BatchSpanProcessor, ParentBasedSampler, TracerProvider }, { OTLPTraceExporter }, { AsyncLocalStorageContextManager }, { PgInstrumentation }] =
    await Promise.all([
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/exporter-trace-otlp-proto'),
      import('@opentelemetry/context-async-hooks'),
      import('@opentelemetry/instrumentation-pg'),
    ]);
  const provider = new TracerProvider({
    resource,
    // The edge has thrown the dice before it makes a root span (see tracing.ts); an unsampled request costs no span at all.
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` }) })],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  // Statements outside of a sampled request make no span, and none is measured: the log's own histograms tell more at less cost.
  const postgres = new PgInstrumentation({ requireParentSpan: true });
  postgres.setTracerProvider(provider);
  postgres.setMeterProvider({ getMeter: () => createNoopMeter() });
  return () => provider.shutdown();
};

const startMetrics = async (resource: Resource): Promise<{ exporter: PrometheusExporter; stop: () => Promise<void> }> => {
  const [{ MeterProvider }, { PrometheusExporter }, { RuntimeNodeInstrumentation }] = await Promise.all([
    import('@opentelemetry/sdk-metrics'),
    import('@opentelemetry/exporter-prometheus'),
    import('@opentelemetry/instrumentation-runtime-node'),
  ]);
  const exporter = new PrometheusExporter({ preventServerStart: true, withoutScopeInfo: true });
  const provider = new MeterProvider({ resource, readers: [exporter] });
  metrics.setGlobalMeterProvider(provider);
  // Its own 10 ms wake an idle process 100 times a second: 5 to 12 of the 34 to 41 ms of CPU that it took each second.
  const runtime = new RuntimeNodeInstrumentation({ monitoringPrecision: 100 });
  runtime.setMeterProvider(provider);
  observeProcess();
  return {
    exporter,
    stop: async () => {
      runtime.disable();
      await provider.shutdown();
    },
  };
};

/**
 * Switches metrics on, and traces where `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector. It has to be the first thing a process
 * does: the driver of PostgreSQL is instrumented while it is loaded, so a service imports everything else afterwards.
 * The parts of the SDK are loaded one by one, not through its all-in-one package: that one costs 27 MB more in every process.
 */
export const startTelemetry = async (service: string): Promise<Telemetry> => {
  const { resourceFromAttributes } = await import('@opentelemetry/resources');
  const resource = resourceFromAttributes({ 'service.name': service, 'service.namespace': 'orderlog' });
  const endpoint = process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '';
  const stopTracing = endpoint === '' ? undefined : await startTracing(endpoint, resource);
  const { exporter, stop } = await startMetrics(resource);
  return {
    service,
    tracing: stopTracing !== undefined,
    serveMetrics: (request, response) => exporter.getMetricsRequestHandler(request, response),
    shutdown: async () => {
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, flushMs);
      });
      await Promise.race([Promise.allSettled([stopTracing?.(), stop()]), limit]);
      clearTimeout(timer);
    },
  };
};
