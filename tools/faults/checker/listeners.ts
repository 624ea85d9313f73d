import { services, shardsPerLog, type ServiceName } from '@orderlog/contracts';
import type { PositionRecord, StoredRow, TopicRecord } from '../dump-format.js';
import type { Findings, Place } from './findings.js';
import type { Line } from './ndjson.js';
import { count, text, type Row } from './row.js';
import type { LogEnds } from './shard-log.js';

/** Who hears whose log (vocabulary.md 3). */
export const hears: Readonly<Record<ServiceName, readonly ServiceName[]>> = {
  order: ['routing', 'inventory', 'warehouse', 'shipping'],
  inventory: ['order'],
  routing: ['order'],
  warehouse: ['order'],
  shipping: ['order', 'warehouse'],
};

/** The service whose log a topic carries, whatever stands before its name. */
export const serviceOfTopic = (topic: string): ServiceName | undefined => services.find((service) => topic.endsWith(`${service}.events`));

/** Messages that listeners put aside, by service, partition and offset. */
export type Quarantined = ReadonlyMap<string, Place>;

/** The messages that were put aside. */
export const quarantinedOf = (rows: ReadonlyMap<ServiceName, readonly Line<StoredRow>[]>): Quarantined => {
  const all = new Map<string, Place>();
  for (const [service, own] of rows) {
    for (const { record, line } of own) {
      const producer = serviceOfTopic(text(record['topic']));
      all.set(`${producer ?? ''}/${count(record['partition'])}/${count(record['messageOffset'] ?? record['offset'])}`, { file: `quarantined-${service}.ndjson`, line });
    }
  }
  return all;
};

/** Holds one partition of a topic against the shard of the log that it carries: every row, in order, once duplicates are dropped (I5). */
export const topicPartition = (findings: Findings, service: ServiceName, shard: number, { rows, logId, quarantined, mayBeEmpty }: {
  /** The shard's rows by seq - 1. */
  readonly rows: readonly Pick<Row, 'eventId' | 'type' | 'streamId' | 'version' | 'line' | 'service'>[];
  readonly logId: string | undefined;
  readonly quarantined: Quarantined;
  /** Somebody emptied topics: one without any record is no witness. */
  readonly mayBeEmpty: boolean;
}) => {
  let last = 0;
  let isFirst = true;
  const name = `${service}.events partition ${shard}`;
  const rowPlace = (seq: number): Place | undefined => {
    const row = rows[seq - 1];
    return row === undefined ? undefined : { file: `log-${service}.ndjson`, line: row.line };
  };
  return {
    record: ({ record, line }: Line<TopicRecord>): void => {
      findings.look('I5');
      const place: Place = { file: `topic-${service}.ndjson`, line };
      // Of another log, or not readable: not this producer's word.
      if (record.logId !== logId || record.seq === null || record.eventId === null) return;
      const row = rows[record.seq - 1];
      // Somebody may write what he likes to a topic; listeners put aside what lies beyond the head.
      if (row === undefined) return;
      const isSame = row.eventId === record.eventId && row.type === record.type && row.streamId === record.streamId && row.version === record.version;
      const aside = quarantined.get(`${service}/${record.partition}/${record.offset}`);
      if (!isSame) {
        if (aside === undefined && record.seq > last) findings.violated('I5', `${name} offset ${record.offset}: seq ${record.seq} is another event than in the log`, [place, rowPlace(record.seq)]);
        return;
      }
      if (aside !== undefined) findings.violated('I5', `${name} offset ${record.offset}: a sound message was put aside`, [place, aside]);
      // What is behind the topic's beginning was deleted by retention.
      if (isFirst && record.offset > 0) last = record.seq - 1;
      isFirst = false;
      if (record.seq > last + 1) {
        findings.violated('I5', `${name} offset ${record.offset}: seq ${record.seq} after ${last}: ${record.seq - last - 1} rows of the log are not on the topic in their place`, [rowPlace(last), rowPlace(last + 1), place]);
      }
      last = Math.max(last, record.seq);
    },
    end: (): void => {
      if (last === rows.length || (isFirst && mayBeEmpty)) return;
      findings.violated('I5', `${name} ends at seq ${last}, the log at ${rows.length}`, [rowPlace(last), rowPlace(last + 1)]);
    },
  };
};

/** After rest every listener has heard everything: its position is the producer's head (I5). */
export const judgePositions = (
  findings: Findings,
  positions: ReadonlyMap<ServiceName, readonly Line<PositionRecord>[]>,
  { head: headOf }: Pick<LogEnds, 'head'>,
): void => {
  for (const consumer of services) {
    const known = new Map<string, Line<PositionRecord>>();
    for (const row of positions.get(consumer) ?? []) known.set(`${serviceOfTopic(row.record.topic) ?? ''}/${row.record.partition}`, row);
    for (const producer of hears[consumer]) {
      for (let shard = 0; shard < shardsPerLog; shard += 1) {
        const head = headOf(producer, shard);
        const row = known.get(`${producer}/${shard}`);
        findings.look('I5');
        const places: (Place | undefined)[] = [
          row && { file: `positions-${consumer}.ndjson`, line: row.line },
          head && { file: `heads-${producer}.ndjson`, line: head.line },
        ];
        const seq = head?.record.seq ?? 0;
        if ((row?.record.lastSeq ?? 0) !== seq) {
          findings.violated('I5', `${consumer} has heard ${producer} shard ${shard} up to seq ${row?.record.lastSeq ?? 0}, the log ends at ${seq}`, places);
        } else if (row !== undefined && seq > 0 && row.record.logId !== head?.record.logId) {
          findings.violated('I5', `${consumer} believes ${producer} shard ${shard} to be the log ${row.record.logId}`, places);
        }
      }
    }
  }
};
