import type { EventBody, EventContext } from '@orderlog/contracts';
import type { Aggregate } from '@orderlog/event-log';
import type { Fact, FactsListener, MessagingLogger } from '../src/index.js';

/** What the producer says of an order, again and again. */
export type Rated = { readonly type: 'OrderFeedbackReceived'; readonly data: { readonly orderId: string; readonly score: number; readonly personalDataVersion: number } };

type Hear = { readonly eventId: string; readonly score: number };
type Heard = { readonly type: 'Heard'; readonly data: Hear };

/** The consumer's stream: everything it heard of an order, in order. It does not deduplicate: that is what is tested. */
export const heard: Aggregate<Hear, Heard, readonly Hear[], never> = {
  category: 'heard',
  stateSchema: 1,
  decider: { initialState: [], decide: (hear) => [{ type: 'Heard', data: hear }], evolve: (all, { data }) => [...all, data] },
};

/** Of a command of these tests. */
export const context = (commandId: string, correlationId: string): EventContext => ({
  tenantId: 'test',
  actor: { type: 'service', id: 'test' },
  commandId,
  correlationId,
});

const scoreOf = (fact: Fact): number => (fact as Fact<Rated & EventBody>).data.score;

/** The score that the listener cannot bear, until it is cured. */
export const unbearable = 13;

/** How often the listener was called, what it cannot bear (unless it is cured), what it still has to throw, and which orders' facts do not come through. */
export type Listening = { calls: number; isCured: boolean; failures: Error[]; readonly stuck: Set<string> };

/** Nothing failed yet. */
export const newListening = (): Listening => ({ calls: 0, isCured: false, failures: [], stuck: new Set() });

/** Appends what it hears to the consumer's stream of the order. */
export const hearing = (listening: Listening): FactsListener => ({
  hears: [{ source: 'order', types: ['OrderFeedbackReceived'] }],
  target: (fact) => `heard-${fact.correlationId}`,
  handle: async (facts, tx) => {
    listening.calls += 1;
    const failure = listening.failures.shift();
    if (failure !== undefined) throw failure;
    if (facts.some(({ correlationId }) => listening.stuck.has(correlationId))) throw Object.assign(new Error('too many connections'), { code: '53300' });
    if (!listening.isCured && facts.some((fact) => scoreOf(fact) === unbearable)) throw new Error('an unbearable score');
    await tx.decide(
      heard,
      facts.map((fact) => ({
        streamId: `heard-${fact.correlationId}`,
        command: { eventId: fact.eventId, score: scoreOf(fact) },
        context: { ...context(fact.eventId, fact.correlationId), ...(fact.traceparent === undefined ? {} : { traceparent: fact.traceparent }) },
      })),
    );
  },
});

/** Says nothing of what tests bring about on purpose. */
export const quiet: MessagingLogger = { info: () => undefined, warn: () => undefined, error: () => undefined };
