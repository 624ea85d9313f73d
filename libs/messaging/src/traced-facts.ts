import { beginWork, endWork, type Traced } from '@orderlog/observability';
import type { Fact } from './facts.js';

/** Spans of the facts of one transaction: what the service does about a recorded fact belongs to the trace that brought it about. */
export type FactSpans = {
  /** The fact as its listener gets it: with the span under which it is applied as `traceparent`, if its trace is recorded. */
  begin(fact: Fact, topic: string): Fact;
  /** Ends them all, with the error that undid them if there was one. */
  end(error?: unknown): void;
};

/**
 * One consumer span a recorded fact (https://opentelemetry.io/docs/specs/semconv/messaging/kafka/), over the whole transaction: a batch is
 * applied together, so its facts share their times. A fact whose trace nobody records costs nothing and keeps its `traceparent`.
 */
export const factSpans = (): FactSpans => {
  const begun: Traced[] = [];
  return {
    begin: (fact, topic) => {
      if (fact.traceparent === undefined) return fact;
      const work = beginWork(`process ${topic}`, 'consumer', fact.traceparent);
      if (work.span === undefined) return fact;
      work.span.setAttributes({
        'messaging.system': 'kafka',
        'messaging.operation.type': 'process',
        'messaging.destination.name': topic,
        'messaging.destination.partition.id': String(fact.shard),
        'messaging.message.id': fact.eventId,
        'orderlog.event.type': fact.type,
      });
      begun.push(work);
      return { ...fact, traceparent: work.traceparent };
    },
    end: (error) => {
      for (const work of begun.splice(0)) endWork(work, error);
    },
  };
};
