import type { SqlExecutor } from '@orderlog/event-log';
import type { Fact } from '@orderlog/messaging';
import { isOrderId } from './aggregate.js';

const separator = '\u001e';

const insertSql = `insert into received_facts (order_id, facts)
select f.order_id, f.facts from unnest($1::uuid[], string_to_array($2, chr(30))) as f (order_id, facts)`;

/** A routing decision's inputs and losing plans are several times as long as all else; routing itself answers for them. */
const dataOf = ({ type, data }: Fact): object => {
  if (type !== 'RoutingDecided' && type !== 'RoutingInfeasible') return data;
  const { inputs: _inputs, candidates: _candidates, ...kept } = data as { readonly inputs?: unknown; readonly candidates?: unknown };
  return kept;
};

/** What the timeline reads of a fact (`read-models/order-timeline`). */
const textOf = (fact: Fact): string => {
  const { source, shard, seq, eventId, type, occurredAt, recordedAt, actor } = fact;
  return JSON.stringify({ source, shard, seq, eventId, type, occurredAt, recordedAt, actor, data: dataOf(fact) });
};

/** Keeps the facts of a batch that are about an order, in one statement: a row an order with all that the batch has of it. */
export const storeFacts = async (sql: SqlExecutor, facts: readonly Fact[]): Promise<void> => {
  const texts = new Map<string, string>();
  for (const fact of facts) {
    const { orderId } = fact.data as { readonly orderId?: unknown };
    if (typeof orderId !== 'string' || !isOrderId(orderId)) continue;
    const before = texts.get(orderId);
    texts.set(orderId, before === undefined ? textOf(fact) : `${before},${textOf(fact)}`);
  }
  if (texts.size === 0) return;
  await sql.query(insertSql, [[...texts.keys()], `[${[...texts.values()].join(`]${separator}[`)}]`]);
};
