import type { EventContext } from '@orderlog/contracts';
import { isRefusal, type Refusal } from '@orderlog/decider';
import { createGroupCommit, newOrderId, type EventLog, type GroupCommit, type SqlExecutor } from '@orderlog/event-log';
import { order, type Order, type OrderEvent, type OrderPlacedData, type OrderRefusal } from '@orderlog/order-domain';
import { orderAggregate, streamOf } from './aggregate.js';
import type { Clock } from './moment.js';
import type { SubmittedOrder } from './submitted-order.js';

/** A request to place an order. */
export type Placing = {
  readonly tenantId: string;
  readonly idempotencyKey: string;
  readonly submitted: SubmittedOrder;
  /** SHA-256 (hex) of the submitted order: tells a repeat from another request. */
  readonly digest: string;
  readonly unknownSkuLines: readonly string[];
  /** The order's id is not known yet: the writer gives it. */
  readonly context: Omit<EventContext, 'correlationId'>;
};

/** What became of it. */
export type PlacingAnswer =
  | { readonly outcome: 'placed'; readonly state: Order; readonly version: number }
  /** The key was used before: `status` and `version` are those of the original answer. */
  | { readonly outcome: 'replayed'; readonly orderId: string; readonly status: number; readonly version: number }
  | { readonly outcome: 'same_reference'; readonly orderId: string; readonly version: number }
  | { readonly outcome: 'other_reference'; readonly orderId: string }
  | { readonly outcome: 'key_reused' }
  | { readonly outcome: 'refused'; readonly refusal: Refusal<OrderRefusal> };

/** What a rehearsal of placing came to. */
export type Rehearsal =
  | { readonly outcome: 'acceptable'; readonly known: string | undefined }
  | Extract<PlacingAnswer, { readonly outcome: 'other_reference' | 'refused' }>;

/** What the use case is made of. */
export type PlacingParts = {
  readonly log: EventLog;
  readonly clock: Clock;
  /** Keyed digest of personal data: the log can tell a change without holding what changed. */
  readonly digestOf: (personalData: string) => string;
  /** An unguessable name for the customer's tracking page. */
  readonly newTrackingToken: () => string;
  readonly limits: PlacingLimits;
};

/** How orders that come at once are put together. */
export type PlacingLimits = {
  /** Most orders in a transaction. */
  readonly batchMax: number;
  /** Transactions at once; the log needs as many connections (`LOG_CONNECTIONS`), and some for reads. */
  readonly lanes: number;
};

/** Places orders, many at once. */
export type PlaceOrders = {
  place(placing: Placing): Promise<PlacingAnswer>;
  /** The answer a key was given before, if any: a request that would be refused today may be the repeat of one that was not. */
  answered(placing: Placing, sql: SqlExecutor): Promise<PlacingAnswer | undefined>;
  /** What would become of it; nothing is stored. `known` is the order that is there already. */
  rehearse(placing: Placing, sql: SqlExecutor): Promise<Rehearsal>;
  /** Waits until nothing is being placed; refuses what comes later. */
  drain(): Promise<void>;
};

type Draft = {
  readonly placing: Placing;
  readonly orderId: string;
  readonly events: readonly OrderEvent[];
  readonly personal: string;
};

/** What became of the draft at `index`, and of which order the answer speaks. */
type Claim = {
  readonly index: number;
  readonly outcome: 'placed' | 'replayed' | 'key_reused' | 'same_reference' | 'other_reference';
  readonly orderId: string;
  readonly status: number;
  readonly version: number;
};

/** Claims that differ in their orders only: comma-separated numbers (from 1) of the drafts, and ids. */
type ClaimsRow = Pick<Claim, 'outcome' | 'status' | 'version'> & { readonly numbers: string; readonly order_ids: string };

// As a rule one row for the whole batch: the driver makes an object with a dictionary of each.
const claimSql = `select outcome, status, version, string_agg(n::text, ',') as numbers, string_agg(order_id::text, ',') as order_ids
from claim_orders($1, $2, $3, $4, $5, $6, $7, $8) group by outcome, status, version`;
const referenceSql = `select order_id, digest = decode($4, 'hex') as is_same from external_references
where tenant_id = $1 and channel = $2 and external_reference = $3`;
const answeredSql = `select digest = decode($3, 'hex') as is_same, order_id, status, version from idempotency_keys where tenant_id = $1 and key = $2`;

/** Cannot stand in JSON, nor in a text that passed the edge. */
const separator = '\u001e';

/** A request that lost its key to another one that then gave it back; tried again a few times. */
const triesMax = 5;

/** Batches after one with a repeat in it that go by the transaction at once. */
const doubtedMax = 16;

/** Orders that may wait, however small the batches are: what is beyond them is told to come again. */
const queuedMax = 1_024;

const draftOf = (placing: Placing, orderId: string, { clock, digestOf, newTrackingToken }: PlacingParts): Draft | Refusal<OrderRefusal> => {
  const { submitted, digest, unknownSkuLines, tenantId } = placing;
  const at = clock();
  const personal = JSON.stringify(submitted.personal);
  const placed: OrderPlacedData = {
    orderId,
    ...submitted.order,
    placedAt: submitted.order.placedAt === '' ? at.now : submitted.order.placedAt,
    personalDataVersion: 1,
    personalDataDigest: digestOf(personal),
    trackingToken: newTrackingToken(),
    receivedAt: at.now,
    requestDigest: digest,
    tenantId,
  };
  const decided = order.decide({ type: 'PlaceOrder', data: { order: placed, unknownSkuLines, at } }, order.initialState);
  return isRefusal(decided) ? decided : { placing, orderId, events: decided, personal };
};

const keyOf = ({ tenantId, idempotencyKey }: Placing): string => `${tenantId}${separator}${idempotencyKey}`;

/** What both ways of claiming are told. */
const claimValues = (drafts: readonly Draft[]): readonly unknown[] => {
  const joined = (textOf: (draft: Draft) => string): string => drafts.map(textOf).join(separator);
  return [
    joined(({ placing }) => placing.tenantId),
    joined(({ placing }) => placing.idempotencyKey),
    joined(({ placing }) => placing.digest),
    drafts.map(({ orderId }) => orderId),
    joined(({ placing }) => placing.submitted.order.channel),
    joined(({ placing }) => placing.submitted.order.externalReference),
    drafts.map(({ events }) => events.length),
    joined(({ personal }) => personal),
  ];
};

const claim = async (sql: SqlExecutor, drafts: readonly Draft[]): Promise<readonly Claim[]> => {
  const { rows } = await sql.query<ClaimsRow>(claimSql, claimValues(drafts));
  return rows.flatMap(({ outcome, status, version, numbers, order_ids: list }) => {
    const orderIds = list.split(',');
    return numbers.split(',').map((number, n) => ({ index: Number(number) - 1, outcome, orderId: orderIds[n] ?? '', status, version }));
  });
};

/** Places the drafts of a batch in one statement; undefined when a key or a reference is not new, and then nothing is placed. */
const placeNew = async (log: EventLog, drafts: readonly Draft[]): Promise<readonly PlacingAnswer[] | undefined> => {
  const streams = drafts.map(({ orderId, events, placing }) => ({ streamId: streamOf(orderId), events, context: { ...placing.context, correlationId: orderId } }));
  const states = await log.create(orderAggregate, streams, { name: 'claim_new_orders', values: claimValues(drafts) });
  return states?.map((state, n) => ({ outcome: 'placed', state, version: drafts[n]?.events.length ?? 0 }));
};

/** Commits the drafts of a batch: claims, personal data and events in one transaction. Answers by draft; undefined: to be tried again. */
const commit = (log: EventLog, drafts: readonly Draft[]): Promise<readonly (PlacingAnswer | undefined)[]> =>
  log.transact(async (tx) => {
    const answers = new Array<PlacingAnswer | undefined>(drafts.length).fill(undefined);
    for (const { index, outcome, orderId, status, version } of await claim(tx, drafts)) {
      const draft = drafts[index];
      if (draft === undefined) throw new Error(`a claim for draft ${index} of ${drafts.length}`);
      if (outcome === 'placed') {
        const context = { ...draft.placing.context, correlationId: orderId };
        answers[index] = { outcome, state: tx.append(orderAggregate, streamOf(orderId), draft.events, context, { isNew: true }), version };
      } else if (outcome === 'replayed') answers[index] = { outcome, orderId, status, version };
      else if (outcome === 'same_reference') answers[index] = { outcome, orderId, version };
      else if (outcome === 'other_reference') answers[index] = { outcome, orderId };
      else answers[index] = { outcome };
    }
    return answers;
  });

/** What a request is told that came in one batch with another one of its key. */
const followed = (leader: PlacingAnswer | undefined, placing: Placing, leading: Placing): PlacingAnswer | undefined => {
  if (leader === undefined) return undefined;
  const isSame = placing.digest === leading.digest;
  switch (leader.outcome) {
    case 'placed':
      return isSame
        ? { outcome: 'replayed', orderId: leader.state.placed?.orderId ?? '', status: 201, version: leader.version }
        : { outcome: 'key_reused' };
    case 'same_reference':
      return isSame ? { outcome: 'replayed', orderId: leader.orderId, status: 200, version: leader.version } : { outcome: 'key_reused' };
    case 'refused':
    case 'other_reference':
      // Nothing was stored under the key: another content may still have it.
      return isSame ? leader : undefined;
    case 'replayed':
    case 'key_reused':
      // The stored digest decides, and only the database knows it: the next batch asks.
      return isSame ? leader : undefined;
  }
};

/** Makes the use case: its own group commit, because placing writes more than events. */
export const createPlaceOrders = (parts: PlacingParts): PlaceOrders => {
  const { log, limits } = parts;
  let turn = Math.floor(Math.random() * log.shards);
  /** Batches that are not tried in one statement: repeats seldom come alone, and a try that fails has written rows that are dead. */
  let doubted = 0;
  const commitAll = async (drafts: readonly Draft[]): Promise<readonly (PlacingAnswer | undefined)[]> => {
    if (doubted > 0) doubted -= 1;
    else {
      const placed = await placeNew(log, drafts);
      if (placed !== undefined) return placed;
      doubted = doubtedMax;
    }
    return commit(log, drafts);
  };
  const run = async (batch: readonly Placing[]): Promise<readonly (PlacingAnswer | undefined)[]> => {
    // One shard a batch: 256 orders on 16 shards would lock every head and undo the batching.
    turn = (turn + 1) % log.shards;
    const leaders = new Map<string, { readonly n: number; readonly placing: Placing }>();
    const answers = new Array<PlacingAnswer | undefined>(batch.length).fill(undefined);
    const drafts: Draft[] = [];
    const places: number[] = [];
    for (const [n, placing] of batch.entries()) {
      const key = keyOf(placing);
      if (leaders.has(key)) continue;
      leaders.set(key, { n, placing });
      const draft = draftOf(placing, newOrderId(turn, log.shards), parts);
      if (isRefusal(draft)) answers[n] = { outcome: 'refused', refusal: draft };
      else {
        drafts.push(draft);
        places.push(n);
      }
    }
    const committed = drafts.length === 0 ? [] : await commitAll(drafts);
    for (const [n, place] of places.entries()) answers[place] = committed[n];
    if (leaders.size < batch.length) {
      for (const [n, placing] of batch.entries()) {
        const leader = leaders.get(keyOf(placing));
        if (leader !== undefined && leader.n !== n) answers[n] = followed(answers[leader.n], placing, leader.placing);
      }
    }
    return answers;
  };
  const commits: GroupCommit<Placing, PlacingAnswer | undefined> = createGroupCommit({
    run,
    requestsMax: limits.batchMax,
    batchesQueuedMax: Math.ceil(queuedMax / limits.batchMax),
    lanes: limits.lanes,
    bytesOf: ({ submitted }) => 1_024 + 256 * submitted.order.lines.length,
  });
  return {
    place: async (placing) => {
      for (let tries = 1; ; tries += 1) {
        const answer = await commits.submit(placing);
        if (answer !== undefined) return answer;
        if (tries === triesMax) throw new Error('an idempotency key came and went too often');
      }
    },
    answered: async ({ tenantId, idempotencyKey, digest }, sql) => {
      const { rows } = await sql.query<{ is_same: boolean; order_id: string; status: number; version: number }>(answeredSql, [
        tenantId,
        idempotencyKey,
        digest,
      ]);
      const [row] = rows;
      if (row === undefined) return undefined;
      return row.is_same
        ? { outcome: 'replayed', orderId: row.order_id, status: row.status, version: row.version }
        : { outcome: 'key_reused' };
    },
    rehearse: async (placing, sql) => {
      const draft = draftOf(placing, newOrderId(0, log.shards), parts);
      if (isRefusal(draft)) return { outcome: 'refused', refusal: draft };
      const { channel, externalReference } = placing.submitted.order;
      const { rows } = await sql.query<{ order_id: string; is_same: boolean }>(referenceSql, [
        placing.tenantId,
        channel,
        externalReference,
        placing.digest,
      ]);
      const [row] = rows;
      if (row !== undefined && !row.is_same) return { outcome: 'other_reference', orderId: row.order_id };
      return { outcome: 'acceptable', known: row?.order_id };
    },
    drain: () => commits.drain(),
  };
};

const keysPerStatement = 5_000;

/** Keys older than 7 days go: all of them, a bounded number a statement, so that none runs long. Answers how many. */
export const forgetOldKeys = async (sql: SqlExecutor, keptDays: number): Promise<number> => {
  for (let forgotten = 0; ; ) {
    const { rowCount } = await sql.query(
      `delete from idempotency_keys where (tenant_id, key) in (
        select tenant_id, key from idempotency_keys where created_at < now() - make_interval(days => $1) limit ${keysPerStatement}
      )`,
      [keptDays],
    );
    forgotten += rowCount ?? 0;
    // One statement every ten minutes would forget 720,000 a day: more orders than that can come.
    if ((rowCount ?? 0) < keysPerStatement) return forgotten;
  }
};
