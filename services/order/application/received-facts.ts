import type { SqlExecutor } from '@orderlog/event-log';
import type { Fact } from '@orderlog/messaging';
import { isOrderId } from './aggregate.js';

const separator = '\u001e';

const insertSql = `insert into received_facts
  (order_id, source, shard, seq, event_id, type, occurred_at, recorded_at, actor_type, actor_id, data)
select f.order_id, f.source, f.shard, f.seq, f.event_id, f.type, f.occurred_at, f.recorded_at, f.actor_type, f.actor_id, f.data::json
from unnest(
  $1::uuid[], string_to_array($2, chr(30)), $3::smallint[], $4::bigint[], $5::uuid[], string_to_array($6, chr(30)),
  $7::timestamptz[], $8::timestamptz[], string_to_array($9, chr(30)), string_to_array($10, chr(30)), string_to_array($11, chr(30))
) as f (order_id, source, shard, seq, event_id, type, occurred_at, recorded_at, actor_type, actor_id, data)
on conflict do nothing`;

/** A routing decision's inputs and losing plans are several times as long as all else; routing itself answers for them. */
const dataOf = ({ type, data }: Fact): object => {
  if (type !== 'RoutingDecided' && type !== 'RoutingInfeasible') return data;
  const { inputs: _inputs, candidates: _candidates, ...kept } = data as { readonly inputs?: unknown; readonly candidates?: unknown };
  return kept;
};

/** Keeps the facts of a batch that are about an order, in one statement. */
export const storeFacts = async (sql: SqlExecutor, facts: readonly Fact[]): Promise<void> => {
  const kept = facts.filter(({ data }) => {
    const { orderId } = data as { readonly orderId?: unknown };
    return typeof orderId === 'string' && isOrderId(orderId);
  });
  if (kept.length === 0) return;
  const joined = (textOf: (fact: Fact) => string): string => kept.map(textOf).join(separator);
  await sql.query(insertSql, [
    kept.map(({ data }) => (data as { readonly orderId: string }).orderId),
    joined(({ source }) => source),
    kept.map(({ shard }) => shard),
    kept.map(({ seq }) => seq),
    kept.map(({ eventId }) => eventId),
    joined(({ type }) => type),
    kept.map(({ occurredAt }) => occurredAt),
    kept.map(({ recordedAt }) => recordedAt),
    joined(({ actor }) => actor.type),
    joined(({ actor }) => actor.id),
    joined((fact) => JSON.stringify(dataOf(fact))),
  ]);
};
