import { atMostEvery, gauge, observedCounter, type Logger, type Reading } from '@orderlog/observability';
import type { Pool } from 'pg';
import type { Engine } from './engine.js';
import type { BackboneStatus } from './status.js';

const one = (value: number | undefined): Reading[] => (value === undefined ? [] : [{ value }]);

/** How often the numbers that cost a query may be asked for. */
const statusMs = 2_000;

/** Callers that no free or new connection can serve now; a pool hands those out only in the next turn, so that its own count says more. */
const crowded = ({ waitingCount, idleCount, totalCount, options }: Pool): number => Math.max(0, waitingCount - idleCount - (options.max - totalCount));

/** Gauges of connection pools, by name. They are read at a scrape: a wait that ends between two of them is not worth a line on a page. */
const observePools = (pools: Readonly<Record<string, Pool>>): (() => void)[] => {
  const named = Object.entries(pools);
  return [
    gauge('orderlog_db_connections', 'Open connections to PostgreSQL by pool and use', () =>
      named.flatMap(([pool, { totalCount, idleCount }]) => [
        { value: totalCount - idleCount, labels: { pool, use: 'busy' } },
        { value: idleCount, labels: { pool, use: 'idle' } },
      ]),
    ),
    gauge('orderlog_db_waiting', 'Callers that wait for a connection to PostgreSQL', () => named.map(([name, pool]) => ({ value: crowded(pool), labels: { pool: name } }))),
  ];
};

/** Registers a service's backbone metrics; answers how to take each of them back. */
export const observeBackbone = (
  engine: Engine,
  status: () => Promise<BackboneStatus>,
  pools: Readonly<Record<string, Pool>>,
  log: Logger,
): (() => void)[] => {
  const consumer = () => engine.consumer?.stats();
  const recent = atMostEvery(statusMs, async (): Promise<BackboneStatus | undefined> => {
    try {
      return await status();
    } catch (error) {
      log.warn({ err: error }, 'the backbone could not be measured');
      return undefined;
    }
  });
  const counted = (name: string, description: string, read: () => number | undefined): (() => void) => observedCounter(name, description, () => one(read()));
  return [
    // First: gauges are read in this order, and the scrape's own queries further down are nobody's wait.
    ...observePools(pools),
    counted('orderlog_relay_published_total', 'Events published to Kafka', () => engine.relay?.stats().published),
    counted('orderlog_relay_errors_total', 'Sends that failed and were tried again', () => engine.relay?.stats().errors),
    gauge('orderlog_relay_lag_records', 'Events in the log that are not on the topic yet', () => one(engine.relay?.stats().lagRecords)),
    gauge('orderlog_relay_lag_seconds', 'Age of the oldest of them', () => one(engine.relay?.stats().lagSeconds)),
    gauge('orderlog_relay_shards', 'Shards this process publishes', () => one(engine.relay?.stats().ownedShards.length)),
    gauge('orderlog_relay_stopped_shards', 'Shards it may not publish because they differ from their topic', () => one(engine.relay?.stats().stoppedShards.length)),
    gauge('orderlog_consumer_running', '1 while the consumer does its work, 0 when it failed or stopped', () =>
      one(engine.consumer === undefined ? undefined : Number(engine.consumer.stats().status === 'running')),
    ),
    gauge('orderlog_consumer_stopped_partitions', 'Assigned partitions whose facts are not applied any more', () =>
      one(consumer()?.partitions.filter((partition) => partition.status === 'stopped').length),
    ),
    counted('orderlog_consumer_facts_total', 'Facts applied', () => consumer()?.facts),
    counted('orderlog_consumer_batches_total', 'Transactions that applied them', () => consumer()?.batches),
    counted('orderlog_consumer_duplicates_total', 'Facts that had been applied before', () => consumer()?.duplicates),
    counted('orderlog_consumer_gaps_total', 'Gaps filled from the producer', () => consumer()?.gaps),
    counted('orderlog_consumer_retries_total', 'Transactions tried again', () => consumer()?.retries),
    counted('orderlog_consumer_quarantined_total', 'Messages that are not of any known log', () => consumer()?.quarantined),
    gauge('orderlog_consumer_lag_records', 'Facts not applied yet', () =>
      (consumer()?.partitions ?? []).map(({ topic, partition, lagRecords }) => ({ value: lagRecords, labels: { topic, partition } })),
    ),
    gauge('orderlog_consumer_lag_seconds', 'Age of the oldest of them', () =>
      (consumer()?.partitions ?? []).map(({ topic, partition, lagSeconds }) => ({ value: lagSeconds, labels: { topic, partition } })),
    ),
    counted('orderlog_timers_fired_total', 'Timers that came due', () => engine.timers?.stats().fired),
    gauge('orderlog_timers_overdue', 'Timers that are due and not fired', () => one(engine.timers?.stats().overdue)),
    counted('orderlog_timers_failed_total', 'Timers whose work failed and is tried again later', () => engine.timers?.stats().failed),
    gauge('orderlog_timers_overdue_seconds', 'How late the latest of the due timers is', () => one(engine.timers?.stats().overdueSeconds)),
    counted('orderlog_effects_done_total', 'Calls to the outside that succeeded', () => engine.effects?.stats().done),
    counted('orderlog_effects_failed_total', 'Calls to the outside that failed and are tried again', () => engine.effects?.stats().failed),
    counted('orderlog_effects_exhausted_total', 'Calls to the outside that were given up', () => engine.effects?.stats().exhausted),
    gauge('orderlog_effects_pending', 'Calls to the outside that wait', () => one(engine.effects?.stats().pending)),
    gauge('orderlog_parked_streams', 'Streams that wait for an operator', async () => one((await recent())?.parked)),
    gauge('orderlog_projection_lag_records', 'Events a read model has not seen yet', async () =>
      ((await recent())?.projections ?? []).map(({ name, events }) => ({ value: events, labels: { projection: name } })),
    ),
    gauge('orderlog_projection_lag_seconds', 'Age of the oldest of them', async () =>
      ((await recent())?.projections ?? []).map(({ name, ageMs }) => ({ value: ageMs / 1_000, labels: { projection: name } })),
    ),
    gauge('orderlog_projection_proven_position', 'Events that a read model had seen when it was last found equal to a rebuild from the log', async () =>
      ((await recent())?.projections ?? []).flatMap(({ name, proven }) => (proven === undefined ? [] : [{ value: proven.events, labels: { projection: name } }])),
    ),
    gauge('orderlog_projection_proven_timestamp_seconds', 'When that was', async () =>
      ((await recent())?.projections ?? []).flatMap(({ name, proven }) => (proven === undefined ? [] : [{ value: Date.parse(proven.provenAt) / 1_000, labels: { projection: name } }])),
    ),
    gauge('orderlog_log_events', 'Events in the log', async () => {
      const heads = (await recent())?.heads;
      return one(heads?.reduce((sum, { seq }) => sum + seq, 0));
    }),
  ];
};
