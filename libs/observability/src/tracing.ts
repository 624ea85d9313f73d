import { randomFillSync } from 'node:crypto';
import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Context, type Span } from '@opentelemetry/api';

/** A piece of work as traces see it. `span` is there only when it is sampled: most work has none and pays for none. */
export type Traced = { readonly traceparent: string; readonly span?: Span };

const form = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const zeroTrace = '0'.repeat(32);
const zeroSpan = '0'.repeat(16);

/** Share of new traces that are recorded: `OTEL_TRACES_SAMPLER_ARG`, 0.01 unless told. */
const ratio = (): number => {
  const told = Number(process.env['OTEL_TRACES_SAMPLER_ARG'] ?? '0.01');
  return Number.isFinite(told) ? told : 0.01;
};
let ratioOnce: number | undefined;

const isValid = (traceparent: string): boolean => {
  const parts = form.exec(traceparent);
  return parts !== null && parts[1] !== zeroTrace && parts[2] !== zeroSpan;
};

const isSampled = (traceparent: string): boolean => (Number.parseInt(traceparent.slice(-2), 16) & 1) === 1;

const parentContext = (traceparent: string): Context =>
  trace.setSpanContext(ROOT_CONTEXT, {
    traceId: traceparent.slice(3, 35),
    spanId: traceparent.slice(36, 52),
    traceFlags: 1,
    isRemote: true,
  });

const formatted = (span: Span): string => {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
};

const idsBytes = 16 + 8;
const randoms = Buffer.alloc(idsBytes * 256);
let randomsUsed = randoms.length;

/** A trace that nobody records: its ids still tie the events of one life together in the log. */
const unrecorded = (): string => {
  if (randomsUsed === randoms.length) {
    randomFillSync(randoms);
    randomsUsed = 0;
  }
  const ids = randoms.toString('hex', randomsUsed, randomsUsed + idsBytes);
  randomsUsed += idsBytes;
  return `00-${ids.slice(0, 32)}-${ids.slice(32)}-00`;
};

/** Whether a provider is set: without one, spans of the API are empty and must not be made. */
const records = (span: Span): boolean => span.isRecording();

/**
 * Begins a piece of work. A caller's trace is carried on, and recorded if the caller records it; without one, one in a hundred
 * (`OTEL_TRACES_SAMPLER_ARG`) starts a recorded trace. Made by hand at the few edges, because instrumenting `node:http` slows every request
 * of a Nest service by 40 %, sampled or not.
 */
export const beginWork = (name: string, kind: 'server' | 'consumer' | 'internal', incoming?: string): Traced => {
  const caller = incoming !== undefined && isValid(incoming) ? incoming : undefined;
  if (caller !== undefined && !isSampled(caller)) return { traceparent: caller };
  ratioOnce ??= ratio();
  if (caller === undefined && Math.random() >= ratioOnce) return { traceparent: unrecorded() };
  const kinds = { server: SpanKind.SERVER, consumer: SpanKind.CONSUMER, internal: SpanKind.INTERNAL };
  const span = trace.getTracer('orderlog').startSpan(name, { kind: kinds[kind] }, caller === undefined ? ROOT_CONTEXT : parentContext(caller));
  if (!records(span)) return { traceparent: caller ?? unrecorded() };
  return { traceparent: formatted(span), span };
};

/** Runs work so that statements and calls made in it become children of its span. */
export const within = <T>(work: Traced, run: () => T): T =>
  work.span === undefined ? run() : context.with(trace.setSpan(ROOT_CONTEXT, work.span), run);

/** Ends a piece of work, with the error that ended it if there was one. */
export const endWork = (work: Traced, error?: unknown): void => {
  if (work.span === undefined) return;
  if (error !== undefined) work.span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'error' });
  work.span.end();
};

/** The trace that is active here, for log lines. */
export const activeTraceId = (): string | undefined => trace.getActiveSpan()?.spanContext().traceId;

/** `traceparent` of what is running now, for calls to other services; undefined when nothing is recorded. */
export const activeTraceparent = (): string | undefined => {
  const span = trace.getActiveSpan();
  return span === undefined ? undefined : formatted(span);
};
