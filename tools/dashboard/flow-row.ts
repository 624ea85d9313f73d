import type { Row } from './grafana.js';

const of = (metric: string): string => `${metric}{service=~"$service"}`;
const perSecond = (metric: string): string => `rate(${of(metric)}[$__rate_interval])`;

// What a process does itself (its shards, its partitions) is added up over the processes of a service; what is read from the database they share
// is the same in each of them: max.
/** How far each step between two services is behind. */
export const flowRow: Row = {
  title: 'Flow',
  panels: [
    {
      title: 'Facts not applied yet',
      description: 'Consumer lag in records: facts of each topic that the listening service has not applied. Short peaks are normal, growth is not.',
      unit: 'short',
      queries: [{ expr: `sum by (service, topic) (${of('orderlog_consumer_lag_records')})`, legend: '{{service}} hears {{topic}}' }],
    },
    {
      title: 'Age of the oldest fact not applied',
      description: 'Consumer lag in seconds, the worst partition of each topic. Above a second the next step of every order waits.',
      unit: 's',
      redFrom: 60,
      queries: [{ expr: `max by (service, topic) (${of('orderlog_consumer_lag_seconds')})`, legend: '{{service}} hears {{topic}}' }],
    },
    {
      title: 'Events and facts',
      description: 'Events that the relay published and facts that the consumer applied, by service.',
      unit: 'suffix: /s',
      queries: [
        { expr: `sum by (service) (${perSecond('orderlog_relay_published_total')})`, legend: '{{service}} says' },
        { expr: `sum by (service) (${perSecond('orderlog_consumer_facts_total')})`, legend: '{{service}} applies' },
      ],
    },
    {
      title: 'Events not published yet',
      description: 'Relay lag: rows of the log that are not on the topic.',
      unit: 'short',
      queries: [{ expr: `sum by (service) (${of('orderlog_relay_lag_records')})`, legend: '{{service}}' }],
    },
    {
      title: 'Age of the oldest event not published',
      description: 'Relay lag in seconds. It grows while Kafka is away; orders are accepted all the same and nothing is lost.',
      unit: 's',
      redFrom: 60,
      queries: [{ expr: `max by (service) (${of('orderlog_relay_lag_seconds')})`, legend: '{{service}}' }],
    },
    {
      title: 'Projection delay',
      description: 'How far each read model is behind its log. Lists show this much of the past; single orders are always current.',
      unit: 's',
      redFrom: 60,
      queries: [{ expr: `max by (service, projection) (${of('orderlog_projection_lag_seconds')})`, legend: '{{service}} {{projection}}' }],
    },
    {
      title: 'Read models last proven',
      description: 'Time since each read model was last found equal to a rebuild from its log (`orderlog projections prove`).',
      unit: 's',
      queries: [{ expr: `time() - max by (service, projection) (${of('orderlog_projection_proven_timestamp_seconds')})`, legend: '{{service}} {{projection}}' }],
      emptyWhenHealthy: 'nobody has asked for a proof yet',
    },
    {
      title: 'Timers overdue',
      description: 'How late the latest due timer is: payment deadlines, stage deadlines, reservation leases. Above a few seconds nobody fires them.',
      unit: 's',
      redFrom: 60,
      queries: [{ expr: `max by (service) (${of('orderlog_timers_overdue_seconds')})`, legend: '{{service}}' }],
    },
    {
      title: 'Pending effects',
      description: 'Calls to the outside that wait: labels at the carrier, letters, centers of others.',
      unit: 'short',
      queries: [{ expr: `max by (service) (${of('orderlog_effects_pending')})`, legend: '{{service}}' }],
    },
    {
      title: 'Effects that failed',
      description: 'Failed calls to the outside; they are tried again with growing pauses, and the order is held when one is given up.',
      unit: 'suffix: /s',
      queries: [
        { expr: `sum by (service) (${perSecond('orderlog_effects_failed_total')})`, legend: '{{service}} failed' },
        { expr: `sum by (service) (${perSecond('orderlog_effects_exhausted_total')})`, legend: '{{service}} given up' },
      ],
    },
    {
      title: 'What waits for an operator',
      description: 'Parked streams, shards the relay may not publish, partitions the consumer stopped, and messages of no known log in the last hour. All 0 when healthy.',
      unit: 'short',
      redFrom: 1,
      queries: [
        { expr: `max by (service) (${of('orderlog_parked_streams')})`, legend: '{{service}} parked streams' },
        { expr: `sum by (service) (${of('orderlog_relay_stopped_shards')})`, legend: '{{service}} stopped shards' },
        { expr: `sum by (service) (${of('orderlog_consumer_stopped_partitions')})`, legend: '{{service}} stopped partitions' },
        { expr: `sum by (service) (increase(${of('orderlog_consumer_quarantined_total')}[1h]))`, legend: '{{service}} quarantined' },
      ],
    },
    {
      title: 'Gaps, repeats and retries',
      description: 'Gaps filled from the producer, facts that came twice (dropped) and transactions tried again. Peaks after a restart are normal.',
      unit: 'suffix: /s',
      queries: [
        { expr: `sum by (service) (${perSecond('orderlog_consumer_gaps_total')})`, legend: '{{service}} gaps' },
        { expr: `sum by (service) (${perSecond('orderlog_consumer_duplicates_total')})`, legend: '{{service}} repeats' },
        { expr: `sum by (service) (${perSecond('orderlog_consumer_retries_total')})`, legend: '{{service}} retries' },
      ],
    },
    {
      title: 'Events in the log',
      description: 'All events of each service since its log began.',
      unit: 'short',
      queries: [{ expr: `max by (service) (${of('orderlog_log_events')})`, legend: '{{service}}' }],
    },
  ],
};
