import { gauge, observedCounter, type Logger, type Reading } from '@orderlog/observability';
import type { Engine } from './engine.js';
import type { BackboneStatus } from './status.js';

const one = (value: number | undefined): Reading[] => (value === undefined ? [] : [{ value }]);

/** How often the numbers that cost a query may be asked for. */
const statusMs = 2_000;

/** Registers a service's backbone metrics; answers how to take each of them back. */
export const observeBackbone = (engine: Engine, status: () => Promise<BackboneStatus>, log: Logger): (() => void)[] => {
  const consumer = () => engine.consumer?.stats();
  let last: BackboneStatus | undefined;
  let askedAt = -Infinity;
  const recent = async (): Promise<BackboneStatus | undefined> => {
    if (performance.now() - askedAt < statusMs) return last;
    askedAt = performance.now();
    try {
      last = await status();
    } catch (error) {
      log.warn({ err: error }, 'the backbone could not be measured');
      last = undefined;
    }
    return last;
  };
  const counted = (name: string, description: string, read: () => number | undefined): (() => void) => observedCounter(name, description, () => one(read()));
  return [
    counted('orderlog_relay_published_total', 'Events published to Kafka', () => engine.relay?.stats().published),
    counted('orderlog_relay_errors_total', 'Sends that failed and were tried again', () => engine.relay?.stats().errors),
    gauge('orderlog_relay_lag_records', 'Events in the log that are not on the topic yet', () => one(engine.relay?.stats().lagRecords)),
    gauge('orderlog_relay_lag_seconds', 'Age of the oldest of them', () => one(engine.relay?.stats().lagSeconds)),
    gauge('orderlog_relay_shards', 'Shards this process publishes', () => one(engine.relay?.stats().ownedShards.length)),
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
    counted('orderlog_effects_done_total', 'Calls to the outside that succeeded', () => engine.effects?.stats().done),
    counted('orderlog_effects_failed_total', 'Calls to the outside that failed and are tried again', () => engine.effects?.stats().failed),
    gauge('orderlog_effects_pending', 'Calls to the outside that wait', () => one(engine.effects?.stats().pending)),
    gauge('orderlog_parked_streams', 'Streams that wait for an operator', async () => one((await recent())?.parked)),
    gauge('orderlog_projection_lag_records', 'Events a read model has not seen yet', async () =>
      ((await recent())?.projections ?? []).map(({ name, events }) => ({ value: events, labels: { projection: name } })),
    ),
    gauge('orderlog_projection_lag_seconds', 'Age of the oldest of them', async () =>
      ((await recent())?.projections ?? []).map(({ name, ageMs }) => ({ value: ageMs / 1_000, labels: { projection: name } })),
    ),
    gauge('orderlog_log_events', 'Events in the log', async () => {
      const heads = (await recent())?.heads;
      return one(heads?.reduce((sum, { seq }) => sum + seq, 0));
    }),
  ];
};
