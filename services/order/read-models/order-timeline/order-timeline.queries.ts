import type { EventLog } from '@orderlog/event-log';
import type { OrderEvent } from '@orderlog/order-domain';
import type { DataSource } from 'typeorm';
import { ReceivedFactsRow } from './received-facts.row.js';

/** One fact in the life of an order. */
export type TimelineFact = {
  readonly recordedAt: string;
  readonly occurredAt: string;
  readonly service: string;
  readonly type: string;
  readonly eventId: string;
  readonly actor: { readonly type: string; readonly id: string };
  readonly reason?: string;
  readonly data: object;
};

type Placed = TimelineFact & { readonly shard: number; readonly seq: number };

/** Questions to the life of an order. */
export type OrderTimelineQueries = { of(orderId: string): Promise<readonly TimelineFact[]> };

const reasonOf = (data: object): { readonly reason?: string } => {
  const { reason, detail } = data as { readonly reason?: unknown; readonly detail?: unknown };
  const told = typeof reason === 'string' && reason !== '' ? reason : detail;
  return typeof told === 'string' && told !== '' ? { reason: told } : {};
};

const compare = (a: Placed, b: Placed): number => {
  if (a.recordedAt !== b.recordedAt) return a.recordedAt < b.recordedAt ? -1 : 1;
  if (a.service !== b.service) return a.service < b.service ? -1 : 1;
  return a.shard === b.shard ? a.seq - b.seq : a.shard - b.shard;
};

/**
 * The whole life: the order's own log and what the other services said. Nothing is copied for it: both are kept anyway, and a copy would
 * only be a second later and cost every order twenty more rows.
 */
export const orderTimelineQueries = (log: EventLog, source: DataSource): OrderTimelineQueries => ({
  of: async (orderId) => {
    const [own, received] = await Promise.all([
      log.read<OrderEvent>(`order-${orderId}`),
      source.getRepository(ReceivedFactsRow).findBy({ orderId }),
    ]);
    const facts = [...own.map((event) => ({ ...event, source: 'order' })), ...received.flatMap((row) => row.facts)].map(
      ({ recordedAt, occurredAt, source: service, type, eventId, actor, data, shard, seq }): Placed => ({
        recordedAt,
        occurredAt,
        service,
        type,
        eventId,
        actor,
        ...reasonOf(data),
        data,
        shard,
        seq,
      }),
    );
    // What was heard twice stands here twice.
    const once = [...new Map(facts.map((fact) => [fact.eventId, fact])).values()];
    return once.sort(compare).map(({ shard: _shard, seq: _seq, ...fact }) => fact);
  },
});
