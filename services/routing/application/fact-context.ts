import type { EventContext, RecordedEvent } from '@orderlog/contracts';

/** The context of what this service does about another's fact. */
export const contextOfFact = (fact: RecordedEvent): EventContext => ({
  tenantId: fact.tenantId,
  actor: { type: 'service', id: 'routing' },
  commandId: fact.eventId,
  correlationId: fact.correlationId,
  causationId: fact.eventId,
  ...(fact.traceparent === undefined ? {} : { traceparent: fact.traceparent }),
});
