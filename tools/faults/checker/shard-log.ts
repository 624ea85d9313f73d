import { createHash, type Hash } from 'node:crypto';
import type { ServiceName } from '@orderlog/contracts';
import type { HeadRecord, StreamRecord } from '../dump-format.js';
import type { Findings, Place } from './findings.js';
import type { Line } from './ndjson.js';
import { placeOf, type Row } from './row.js';

/** What a shard's head and a service's streams say of a log. */
export type LogEnds = {
  readonly head: (service: ServiceName, shard: number) => Line<HeadRecord> | undefined;
  /** Streams of all shards; those that were met in a log are taken out. */
  readonly streams: ReadonlyMap<ServiceName, Map<string, Line<StreamRecord>>>;
};

const us = '\u001f';
// The chain covers times with three digits of a second.
const instant = (value: string): string => (value.length === 24 && value.endsWith('Z') ? value : new Date(value).toISOString());

/** What the chain covers of a row (`event_digest` in libs/event-log/sql/0001). */
const digestOf = (row: Row): Buffer =>
  createHash('sha256')
    .update(
      [
        row.seq, row.shard, row.version, row.schemaVersion, row.eventId, instant(row.occurredAt), instant(row.recordedAt),
        row.streamId, row.type, row.dataText, row.metaText,
      ].join(us),
    )
    .digest();

type Batch = { readonly stored: string; readonly hash: Hash; readonly first: Row; last: Row };

/** Judges one shard of one log as it is read: sequence (I4), versions (I3) and the hash chain (I18), computed anew. */
export const shardLog = (findings: Findings, service: ServiceName, shard: number) => {
  let last: Row | undefined;
  let link = Buffer.alloc(32);
  let batch: Batch | undefined;
  let isBroken = false;
  const versions = new Map<string, { version: number; row: Pick<Row, 'service' | 'line'> }>();

  const closeBatch = (): void => {
    if (batch === undefined || isBroken) return;
    link = batch.hash.digest();
    if (link.toString('hex') === batch.stored) return;
    // Everything behind a broken link is broken as well: the first is the finding.
    isBroken = true;
    findings.violated('I18', `${service} shard ${shard}: the batch hash of seq ${batch.first.seq}..${batch.last.seq} does not fit its rows`, [
      placeOf(batch.first),
      placeOf(batch.last),
    ]);
  };

  return {
    row: (row: Row): void => {
      findings.look('I3');
      findings.look('I4');
      findings.look('I18');
      const expected = (last?.seq ?? 0) + 1;
      if (row.seq !== expected) {
        findings.violated('I4', `${service} shard ${shard}: seq ${row.seq} where ${expected} is expected`, [last && placeOf(last), placeOf(row)]);
      }
      const before = versions.get(row.streamId);
      if (row.version !== (before?.version ?? 0) + 1) {
        findings.violated('I3', `${service} ${row.streamId}: version ${row.version} after ${before?.version ?? 0}`, [before && placeOf(before.row), placeOf(row)]);
      }
      versions.set(row.streamId, { version: row.version, row: { service, line: row.line } });
      if (row.batchHash !== batch?.stored) {
        closeBatch();
        batch = { stored: row.batchHash, hash: createHash('sha256').update(link), first: row, last: row };
      }
      batch.hash.update(digestOf(row));
      batch.last = row;
      last = row;
    },

    end: ({ head: headOf, streams }: LogEnds): void => {
      closeBatch();
      const head = headOf(service, shard);
      const headPlace: Place | undefined = head && { file: `heads-${service}.ndjson`, line: head.line };
      if (head === undefined) findings.violated('I4', `${service} shard ${shard} has no head`, []);
      else if (head.record.seq !== (last?.seq ?? 0)) {
        findings.violated('I4', `${service} shard ${shard}: the head says seq ${head.record.seq}, the log ends at ${last?.seq ?? 0}`, [headPlace, last && placeOf(last)]);
      } else if (!isBroken && head.record.hash !== link.toString('hex')) {
        findings.violated('I18', `${service} shard ${shard}: the hash of the head is not the last batch's`, [headPlace, last && placeOf(last)]);
      }
      const rows = streams.get(service);
      for (const [streamId, { version, row }] of versions) {
        const stream = rows?.get(streamId);
        rows?.delete(streamId);
        if (stream !== undefined && stream.record.version === version && stream.record.shard === shard) continue;
        const said = stream === undefined ? 'no row of streams' : `streams says version ${stream.record.version} in shard ${stream.record.shard}`;
        findings.violated('I3', `${service} ${streamId}: ${version} events in shard ${shard}, ${said}`, [
          placeOf(row),
          stream && { file: `streams-${service}.ndjson`, line: stream.line },
        ]);
      }
    },
  };
};

/** Streams that no log has a row of. */
export const streamsWithoutEvents = (findings: Findings, { streams }: LogEnds): void => {
  for (const [service, rows] of streams) {
    for (const [streamId, { record, line }] of rows) {
      if (record.version === 0) continue;
      findings.violated('I3', `${service} ${streamId}: streams says version ${record.version}, the log has no event`, [{ file: `streams-${service}.ndjson`, line }]);
    }
  }
};
