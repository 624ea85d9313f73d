import type { EventLog } from '@orderlog/event-log';
import type { OrderEvent } from '@orderlog/order-domain';
import type { DataSource } from 'typeorm';
import { ReceivedFactRow } from './received-fact.row.js';

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

// The pool's parser makes them RFC 3339 texts, TypeORM makes them dates again.
const instant = (value: unknown): string => (value instanceof Date ? value.toISOString() : String(value));

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
      source.getRepository(ReceivedFactRow).findBy({ orderId }),
    ]);
    const facts: Placed[] = [
      ...own.map(({ recordedAt, occurredAt, type, eventId, actor, data, shard, seq }) => ({
        recordedAt,
        occurredAt,
        service: 'order',
        type,
        eventId,
        actor,
        ...reasonOf(data),
        data,
        shard,
        seq,
      })),
      ...received.map((row) => ({
        recordedAt: instant(row.recordedAt),
        occurredAt: instant(row.occurredAt),
        service: row.source,
        type: row.type,
        eventId: row.eventId,
        actor: { type: row.actorType, id: row.actorId },
        ...reasonOf(row.data),
        data: row.data,
        shard: row.shard,
        seq: Number(row.seq),
      })),
    ];
    return facts.sort(compare).map(({ shard: _shard, seq: _seq, ...fact }) => fact);
  },
});
