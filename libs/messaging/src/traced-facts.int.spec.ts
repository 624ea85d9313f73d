import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace';
import { newOrderId } from '@orderlog/event-log';
import { eventually } from '@orderlog/testing';
import { unbearable } from '../test/hearing.js';
import { openPair, type Pair } from '../test/pair.js';

describe('facts of a recorded trace', () => {
  const exported = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: exported })] });
  let pair: Pair;
  beforeAll(async () => {
    trace.setGlobalTracerProvider(provider);
    pair = await openPair();
    await pair.startRelay();
    await pair.startConsumer();
  });
  afterAll(async () => {
    await pair.close();
    await provider.shutdown();
    trace.disable();
  });

  const cause = 'b'.repeat(16);
  const spansOf = (traceId: string): readonly ReadableSpan[] => exported.getFinishedSpans().filter((span) => span.spanContext().traceId === traceId);
  const rate = (score: number, traceparent: string): Promise<string> => pair.rate([score], 0, newOrderId(0), { traceparent });
  const heardOf = async (orderId: string) => {
    await eventually(async () => (await pair.heardOf(orderId)).length > 0);
    return pair.consumer.read(`heard-${orderId}`);
  };

  it('are applied under a span of their own, and what they bring about carries it on', async () => {
    const traceId = 'a'.repeat(32);
    const events = await heardOf(await rate(4, `00-${traceId}-${cause}-01`));
    await eventually(() => spansOf(traceId).length > 0);
    const [span, ...others] = spansOf(traceId);
    expect(others).toHaveLength(0);
    expect(span).toMatchObject({
      name: `process ${pair.topic}`,
      kind: SpanKind.CONSUMER,
      parentSpanContext: { traceId, spanId: cause },
      attributes: { 'messaging.system': 'kafka', 'messaging.destination.name': pair.topic, 'orderlog.event.type': 'OrderFeedbackReceived' },
    });
    expect(events.map(({ traceparent }) => traceparent)).toStrictEqual([`00-${traceId}-${span?.spanContext().spanId ?? ''}-01`]);
  });

  it('cost nothing when nobody records the trace, which still ties the events together', async () => {
    const traceparent = `00-${'c'.repeat(32)}-${cause}-00`;
    const events = await heardOf(await rate(4, traceparent));
    expect(events.map((event) => event.traceparent)).toStrictEqual([traceparent]);
    expect(spansOf('c'.repeat(32))).toHaveLength(0);
  });

  it('say which try failed', async () => {
    const traceId = 'e'.repeat(32);
    await rate(unbearable, `00-${traceId}-${cause}-01`);
    await eventually(() => spansOf(traceId).length > 0);
    expect(spansOf(traceId).map(({ status }) => status.code)).toContain(SpanStatusCode.ERROR);
  });
});
