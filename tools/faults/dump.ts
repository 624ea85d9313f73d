import { once } from 'node:events';
import { createWriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { eventsTopic, services, type ServiceName } from '@orderlog/contracts';
import { rowTypes } from '@orderlog/event-log';
import pg from 'pg';
import type { SoldLabel } from '../carrier/label.js';
import { openNotebook } from '../carrier/notebook.js';
import { apiClient } from '../cli/client.js';
import type { AttackedSystem } from './attacked-system.js';
import type { AnswerRecord, DumpFile, LabelRecord, ProjectionRecord, RunRecord, TopicRecord } from './dump-format.js';
import { tamperer } from './messages.js';
import { readTopic, textOf } from './topic-reader.js';

const [pageRows, sampleMax, lanes] = [5_000, 5_000, 8];
const prefixes: Readonly<Record<ServiceName, string>> = { order: '/v1/orders', inventory: '/v1/stock', routing: '/v1/routing', warehouse: '/v1/warehouse', shipping: '/v1/shipments' };

type Lines = { readonly add: (line: string) => Promise<void>; readonly end: () => Promise<void> };

const open = (folder: string, file: DumpFile): Lines => {
  const out = createWriteStream(join(folder, file), { highWaterMark: 1024 * 1024 });
  return {
    add: async (line) => {
      if (!out.write(`${line}\n`)) await once(out, 'drain');
    },
    end: async () => {
      out.end();
      await finished(out);
    },
  };
};

type LogRow = {
  readonly shard: number;
  readonly seq: number;
  readonly stream_id: string;
  readonly version: number;
  readonly event_id: string;
  readonly type: string;
  readonly schema_version: number;
  readonly occurred_at: string;
  readonly recorded_at: string;
  readonly data: string;
  readonly meta: string;
  readonly batch_hash: string;
};

const dumpLog = async (sql: pg.Client, folder: string, service: ServiceName): Promise<void> => {
  const out = open(folder, `log-${service}.ndjson`);
  for (let [shard, seq] = [-1, 0]; ; ) {
    const { rows } = await sql.query<LogRow>(
      `select shard, seq, stream_id, version, event_id, type, schema_version, occurred_at, recorded_at, data, meta, encode(batch_hash, 'hex') as batch_hash
       from "${service}".event_log where (shard, seq) > ($1, $2) order by shard, seq limit ${pageRows}`,
      [shard, seq],
    );
    for (const row of rows) {
      const { shard: of, seq: at, stream_id: streamId, version, event_id: eventId, type, schema_version: schemaVersion, occurred_at: occurredAt, recorded_at: recordedAt } = row;
      const envelope = JSON.stringify({ shard: of, seq: at, streamId, version, eventId, type, schemaVersion, occurredAt, recordedAt, dataText: row.data, metaText: row.meta, batchHash: row.batch_hash });
      // The texts are JSON as they are: parsing them only to write them again would take most of the time.
      await out.add(`${envelope.slice(0, -1)},"data":${row.data},"meta":${row.meta}}`);
    }
    const last = rows.at(-1);
    if (last === undefined) break;
    [shard, seq] = [last.shard, last.seq];
  }
  await out.end();
};

/** What a statement answers, row by row; its columns are named as in the file. */
const dumpRows = async (sql: pg.Client, folder: string, file: DumpFile, text: string): Promise<void> => {
  const out = open(folder, file);
  for (const row of (await sql.query<object>(text)).rows) await out.add(JSON.stringify(row));
  await out.end();
};

const camel = (name: string): string => name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const dumpTable = async (sql: pg.Client, folder: string, file: DumpFile, table: string): Promise<void> => {
  const out = open(folder, file);
  const { rows } = await sql.query<Record<string, unknown>>(`select * from ${table}`);
  for (const row of rows) await out.add(JSON.stringify(Object.fromEntries(Object.entries(row).map(([name, value]) => [camel(name), value]))));
  await out.end();
};

const dumpTopic = async (attacked: AttackedSystem, folder: string, service: ServiceName): Promise<void> => {
  const records = new Map<number, string[]>();
  const number = (value: unknown): number | null => {
    const read = Number(textOf(value) ?? Number.NaN);
    return Number.isSafeInteger(read) ? read : null;
  };
  await readTopic(tamperer(attacked), eventsTopic(service), (partition, messages) => {
    const lines = records.get(partition) ?? [];
    records.set(partition, lines);
    for (const { offset, key, headers } of messages) {
      const { ce_id: id, ce_type: type, ce_sequence: sequence, orderlogseq, orderloglogid } = headers;
      const record: TopicRecord = { partition, offset, seq: number(orderlogseq), eventId: textOf(id), logId: textOf(orderloglogid), type: textOf(type), streamId: textOf(key), version: number(sequence) };
      lines.push(JSON.stringify(record));
    }
  });
  const out = open(folder, `topic-${service}.ndjson`);
  for (const partition of [...records.keys()].sort((a, b) => a - b)) for (const line of records.get(partition) ?? []) await out.add(line);
  await out.end();
};

/** Does the same to every element, a few at a time. */
const inLanes = async <T>(list: readonly T[], work: (one: T) => Promise<void>): Promise<void> => {
  const waiting = [...list];
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) await work(one);
    }),
  );
};

const dumpAnswers = async ({ system }: AttackedSystem, sql: pg.Client, folder: string): Promise<void> => {
  const ended = "status in ('cancelled', 'rejected', 'closed', 'delivered')";
  const { rows } = await sql.query<{ order_id: string }>(
    `(select order_id from "order".order_summary where not ${ended} and status <> 'on_hold') union all (select order_id from "order".order_summary where ${ended} or status = 'on_hold' order by md5(order_id::text) limit ${sampleMax})`,
  );
  const api = apiClient({ baseUrl: system.urls.order, apiKey: system.secrets.apiKey }, { connections: lanes });
  const out = open(folder, 'answers.ndjson');
  await inLanes(rows, async ({ order_id: orderId }) => {
    const { body } = await api.call<Record<string, unknown>>('GET', `/v1/orders/${orderId}`);
    const answer: AnswerRecord = { orderId, version: Number(body['version']), status: String(body['status']), body };
    await out.add(JSON.stringify(answer));
  });
  await out.end();
  await api.close();
};

const dumpProjections = async ({ system }: AttackedSystem, folder: string): Promise<void> => {
  const out = open(folder, 'projections.ndjson');
  const api = apiClient({ baseUrl: system.baseUrl, apiKey: system.secrets.apiKey }, { connections: 1 });
  for (const service of services) {
    const { body } = await api.call<{ items: readonly Omit<ProjectionRecord, 'service'>[] }>('GET', `${prefixes[service]}/ops/projections/proof`);
    for (const { projection, live, rebuilt, events, differences } of body.items) await out.add(JSON.stringify({ service, projection, live, rebuilt, events, differences } satisfies ProjectionRecord));
  }
  await out.end();
  await api.close();
};

const dumpLabels = async ({ dataDir }: AttackedSystem, folder: string): Promise<void> => {
  const out = open(folder, 'labels.ndjson');
  const labels = new Map<string, SoldLabel>();
  for (const entry of await openNotebook(join(dataDir, 'carrier.json')).read()) if (entry.kind === 'label') labels.set(entry.label.id, entry.label);
  for (const { id, key, metadata, voided } of labels.values()) await out.add(JSON.stringify({ labelId: id, key, packageId: metadata['packageId'] ?? '', voided } satisfies LabelRecord));
  await out.end();
};

/** Writes down everything that a checker needs. The system runs, but nothing moves in it any more. */
export const dump = async (attacked: AttackedSystem, folder: string, run: RunRecord): Promise<void> => {
  const sql = new pg.Client({ connectionString: attacked.databaseUrl, types: rowTypes });
  await sql.connect();
  try {
    for (const service of services) {
      await dumpLog(sql, folder, service);
      await dumpRows(sql, folder, `heads-${service}.ndjson`, `select shard, seq, encode(hash, 'hex') as hash, log_id as "logId" from "${service}".shard_head order by shard`);
      await dumpRows(sql, folder, `streams-${service}.ndjson`, `select stream_id as "streamId", shard, version from "${service}".streams`);
      await dumpRows(
        sql,
        folder,
        `positions-${service}.ndjson`,
        `select consumer_group as "group", topic, partition, last_seq as "lastSeq", epoch, log_id as "logId" from "${service}".consumer_position order by 1, 2, 3`,
      );
      await dumpTable(
        sql,
        folder,
        `parked-${service}.ndjson`,
        `(select s.*, e.topic, e.partition, e.seq from "${service}".parked_stream s left join "${service}".parked_event e using (stream_id)) as parked`,
      );
      await dumpRows(
        sql,
        folder,
        `quarantined-${service}.ndjson`,
        `select consumer_group as "consumerGroup", topic, partition, message_offset as "messageOffset", reason, message_key as "messageKey", headers, left(value, 1000) as value from "${service}".quarantined_message`,
      );
      await dumpTable(sql, folder, `timers-${service}.ndjson`, `"${service}".timers`);
      await dumpTable(sql, folder, `effects-${service}.ndjson`, `"${service}".pending_effects`);
      await dumpTopic(attacked, folder, service);
    }
    await dumpRows(sql, folder, 'keys.ndjson', `select tenant_id as "tenantId", key, encode(digest, 'hex') as fingerprint, order_id as "orderId", status from "order".idempotency_keys`);
    await dumpRows(sql, folder, 'references.ndjson', `select tenant_id as "tenantId", channel, external_reference as "externalReference", order_id as "orderId" from "order".external_references`);
    await dumpRows(
      sql,
      folder,
      'stock.ndjson',
      `select sku, center_id as "centerId", version, available, reserved, committed, 0 as picked, quarantine, damaged, safety from inventory.stock`,
    );
    await dumpAnswers(attacked, sql, folder);
    await dumpProjections(attacked, folder);
    await dumpLabels(attacked, folder);
    writeFileSync(join(folder, 'run.json'), `${JSON.stringify(run)}\n`);
  } finally {
    await sql.end();
  }
};
