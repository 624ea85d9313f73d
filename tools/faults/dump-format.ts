import type { ServiceName } from '@orderlog/contracts';

/**
 * What a campaign leaves behind and the checker judges: a folder of NDJSON files, one JSON object a line (`run.json` is one object). Made
 * after everything has healed and come to rest, so nothing in it is of two moments. Version numbers and sequences are plain numbers.
 */
export type DumpFile =
  | 'run.json'
  | 'outcomes.ndjson'
  | 'keys.ndjson'
  | 'references.ndjson'
  | 'stock.ndjson'
  | 'projections.ndjson'
  | 'answers.ndjson'
  | 'labels.ndjson'
  | `${'log' | 'heads' | 'streams' | 'topic' | 'positions' | 'parked' | 'quarantined' | 'timers' | 'effects'}-${ServiceName}.ndjson`;

/** `run.json`: what was done to the system, and when it was over. */
export type RunRecord = {
  readonly seed: number;
  readonly startedAt: string;
  readonly healedAt: string;
  /** Null when the system had not come to rest when the time for it was over. */
  readonly quiescedAt: string | null;
  readonly stageDeadlineMs: number;
  readonly orders: number;
  readonly faults: Readonly<Record<string, number>>;
};

/**
 * `outcomes.ndjson`: what a client asked and heard, in order of invocation; a retry is a record of its own with the same key. `ok` = 2xx,
 * `failed` = a typed 4xx (changed nothing), `unknown` = no answer or 5xx: it happened once or not at all.
 */
export type OutcomeRecord = {
  readonly op: number;
  readonly client: string;
  readonly kind: string;
  readonly invokedNs: string;
  readonly endedNs: string | null;
  readonly outcome: 'ok' | 'failed' | 'unknown';
  readonly key?: string;
  readonly channel?: string;
  readonly externalReference?: string;
  readonly bodyHash?: string;
  /** Of a submit: the document that was sent, without what names a person. */
  readonly body?: object;
  readonly status?: number;
  readonly orderId?: string;
  readonly replayed?: boolean;
  readonly version?: number;
  /** How a connection failed: the code of the error. */
  readonly why?: string;
};

/** `log-<service>.ndjson`: the event log, by shard and sequence. The texts are as stored, so that the hash chain can be computed again. */
export type LogRecord = {
  readonly shard: number;
  readonly seq: number;
  readonly streamId: string;
  readonly version: number;
  readonly eventId: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly dataText: string;
  readonly metaText: string;
  readonly batchHash: string;
};

/** `heads-<service>.ndjson`. */
export type HeadRecord = { readonly shard: number; readonly seq: number; readonly hash: string; readonly logId: string };

/** `streams-<service>.ndjson`. */
export type StreamRecord = { readonly streamId: string; readonly shard: number; readonly version: number };

/** `topic-<service>.ndjson`: every record of `<service>.events`, by partition and offset; null where a record does not say. */
export type TopicRecord = {
  readonly partition: number;
  readonly offset: number;
  readonly seq: number | null;
  readonly eventId: string | null;
  readonly logId: string | null;
  readonly type: string | null;
  readonly streamId: string | null;
  readonly version: number | null;
};

/** `positions-<service>.ndjson`: what each listener has heard of each partition. */
export type PositionRecord = { readonly group: string; readonly topic: string; readonly partition: number; readonly lastSeq: number; readonly epoch: number; readonly logId: string };

/** `parked-`, `quarantined-`, `timers-`, `effects-<service>.ndjson`: rows as they are, names in camel case. */
export type StoredRow = Readonly<Record<string, unknown>>;

/** `keys.ndjson`. */
export type KeyRecord = { readonly tenantId: string; readonly key: string; readonly fingerprint: string; readonly orderId: string; readonly status: number | null };

/** `references.ndjson`. */
export type ReferenceRecord = { readonly tenantId: string; readonly channel: string; readonly externalReference: string; readonly orderId: string };

/** `stock.ndjson`: the stock rows of inventory. */
export type StockRecord = {
  readonly sku: string;
  readonly centerId: string;
  readonly version: number;
  readonly available: number;
  readonly reserved: number;
  readonly committed: number;
  readonly picked: number;
  readonly quarantine: number;
  readonly damaged: number;
  readonly safety: number;
};

/** `labels.ndjson`: what the carrier sold, by its own notebook. */
export type LabelRecord = { readonly labelId: string; readonly key: string; readonly packageId: string; readonly voided: boolean };

/** `projections.ndjson`: every read model compared with a rebuild from its log, by content digest. */
export type ProjectionRecord = {
  readonly service: ServiceName;
  readonly projection: string;
  readonly live: string;
  readonly rebuilt: string;
  readonly events: number;
  readonly differences: readonly unknown[];
};

/** `answers.ndjson`: what GET /v1/orders/{id} answers after everything has come to rest, of a sample and of all orders that have not ended. */
export type AnswerRecord = { readonly orderId: string; readonly version: number; readonly status: string; readonly body: Readonly<Record<string, unknown>> };
