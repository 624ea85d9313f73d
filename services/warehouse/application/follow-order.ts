import type { EventContext } from '@orderlog/contracts';
import type { LogTransaction } from '@orderlog/event-log';
import { isRefusal } from '@orderlog/decider';
import type { CenterKind, FulfillmentOrderCommand, Units } from '@orderlog/warehouse-domain';
import type { WorkBoard } from './ports.js';
import { fulfillmentOrders, fulfillmentOrderStream } from './streams.js';

type Planned = {
  readonly fulfillmentOrderId: string;
  readonly centerId: string;
  readonly centerKind: CenterKind;
  readonly lines: readonly Units[];
  readonly shipBy?: string;
};

/** The facts of the order service that mean work here, as far as it reads them. */
export type OrderFact = {
  readonly eventId: string;
  readonly tenantId: string;
  readonly recordedAt: string;
  readonly traceparent?: string;
} & (
  | {
      readonly type: 'OrderReleased';
      readonly data: {
        readonly orderId: string;
        readonly attempt: number;
        readonly fulfillments: readonly Planned[];
        readonly serviceLevel?: string;
        readonly giftWrap?: boolean;
      };
    }
  | {
      readonly type: 'OrderCancellationRequested';
      readonly data: { readonly orderId: string; readonly cancellationId: string; readonly shares: readonly (Units & { readonly fulfillmentOrderId: string })[] };
    }
);

/** How long a third party may take to answer. */
export type Deadlines = { readonly acceptanceMs: number; readonly cancellationAnswerMs: number };

type Addressed = { readonly streamId: string; readonly command: FulfillmentOrderCommand; readonly context: EventContext };

const after = (instant: string, ms: number): string => new Date(Date.parse(instant) + ms).toISOString();

const contextOf = ({ tenantId, eventId, traceparent, data }: OrderFact): EventContext => ({
  tenantId,
  actor: { type: 'service', id: 'warehouse' },
  commandId: eventId,
  causationId: eventId,
  correlationId: data.orderId,
  ...(traceparent === undefined ? {} : { traceparent }),
});

/** What one fact asks of which fulfillment orders. */
const commandsOf = (fact: OrderFact, deadlines: Deadlines): Addressed[] => {
  const context = contextOf(fact);
  switch (fact.type) {
    case 'OrderReleased': {
      const { orderId, attempt, fulfillments, serviceLevel = '', giftWrap = false } = fact.data;
      return fulfillments.map(({ fulfillmentOrderId, centerId, centerKind, lines, shipBy = '' }) => ({
        streamId: fulfillmentOrderStream(fulfillmentOrderId),
        context,
        command: {
          type: 'RequestFulfillment',
          data: {
            fulfillmentOrderId,
            orderId,
            centerId,
            centerKind,
            attempt,
            lines,
            shipBy,
            serviceLevel,
            giftWrap,
            answerBy: after(fact.recordedAt, deadlines.acceptanceMs),
          },
        },
      }));
    }
    case 'OrderCancellationRequested': {
      const { cancellationId, shares } = fact.data;
      const answerBy = after(fact.recordedAt, deadlines.cancellationAnswerMs);
      const ids = [...new Set(shares.map(({ fulfillmentOrderId }) => fulfillmentOrderId))];
      return ids.map((fulfillmentOrderId) => ({
        streamId: fulfillmentOrderStream(fulfillmentOrderId),
        context,
        command: {
          type: 'RequestCancellation',
          data: { cancellationId, answerBy, lines: shares.filter((share) => share.fulfillmentOrderId === fulfillmentOrderId) },
        },
      }));
    }
  }
};

/** Acts on a batch of the order's facts: one lock, one decision after the other, one write of the board. */
export const followOrder =
  (board: WorkBoard, deadlines: Deadlines) =>
  async (facts: readonly OrderFact[], tx: LogTransaction): Promise<void> => {
    const commands = facts.flatMap((fact) => commandsOf(fact, deadlines));
    const outcomes = await tx.decide(fulfillmentOrders, commands);
    const changed = new Map(
      outcomes.flatMap((outcome, n) => (isRefusal(outcome) || outcome.events.length === 0 ? [] : [[commands[n]?.streamId, outcome.state] as const])),
    );
    if (changed.size > 0) await board.record(tx, [...changed.values()]);
  };
