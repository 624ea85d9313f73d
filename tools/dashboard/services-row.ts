import type { Row } from './grafana.js';

const requests = 'http_server_request_duration_seconds';
const chosen = 'service=~"$service"';
/** Requests of users: not those of probes and scrapers. */
const used = `${chosen}, route!~"/(healthz|readyz|metrics)"`;
const answered = (status: string): string => `sum by (service) (rate(${requests}_count{${used}, status=~"${status}"}[$__rate_interval]))`;

/** Each process: what it is asked, what it costs. */
export const servicesRow: Row = {
  title: 'Services',
  panels: [
    {
      title: 'Up',
      description: '1: every process of the service answers the scraper; 0: one does not.',
      unit: 'bool_yes_no',
      isNumber: true,
      redBelow: 1,
      queries: [{ expr: `min by (service) (up{job="orderlog", ${chosen}})`, legend: '{{service}}' }],
    },
    {
      title: 'Consumers running',
      description: '0: the consumer of a service failed, and nothing it hears is applied until it is started again.',
      unit: 'bool_yes_no',
      isNumber: true,
      redBelow: 1,
      queries: [{ expr: `min by (service) (orderlog_consumer_running{${chosen}})`, legend: '{{service}}' }],
    },
    {
      title: 'Requests by route',
      description: 'HTTP requests of users by route.',
      unit: 'reqps',
      queries: [{ expr: `sum by (service, route) (rate(${requests}_count{${used}}[$__rate_interval]))`, legend: '{{service}} {{route}}' }],
    },
    {
      title: 'Answers by status class',
      description: 'HTTP answers: 2xx done, 4xx refused, 5xx ours. 503 says that there is too much work or that a dependency is away.',
      unit: 'reqps',
      queries: ['2..', '3..', '4..', '5..'].map((status) => ({ expr: answered(status), legend: `{{service}} ${status.replaceAll('.', 'x')}` })),
    },
    {
      title: 'Slowest routes (p95)',
      description: 'HTTP response time by route: 95 of 100 requests are faster.',
      unit: 's',
      queries: [
        { expr: `histogram_quantile(0.95, sum by (le, service, route) (rate(${requests}_bucket{${used}}[$__rate_interval])))`, legend: '{{service}} {{route}}' },
      ],
    },
    {
      title: 'Front door',
      description: 'Answers handed on, by the service they came from; "none": it did not answer and the caller got 503.',
      unit: 'reqps',
      queries: [{ expr: 'sum by (upstream, status) (rate(front_door_answers_total[$__rate_interval]))', legend: '{{upstream}} {{status}}' }],
    },
    {
      title: 'CPU',
      description: 'Processor time of each service; 100 % is one core. A Node process computes on one core only: near 100 % it is full.',
      unit: 'percentunit',
      isStacked: true,
      queries: [{ expr: `sum by (service) (rate(process_cpu_seconds_total{${chosen}}[$__rate_interval]))`, legend: '{{service}}' }],
    },
    {
      title: 'Memory (RSS)',
      description: 'Memory in RAM, the biggest process of each service. 100 to 250 MB is normal.',
      unit: 'bytes',
      queries: [{ expr: `max by (service) (process_resident_memory_bytes{${chosen}})`, legend: '{{service}}' }],
    },
    {
      title: 'Event-loop delay (p99)',
      description: 'How late work on the one thread begins. 10 ms is an idle process, since it is measured by a timer of 10 ms; above 100 ms requests feel it.',
      unit: 's',
      queries: [{ expr: `max by (service) (nodejs_eventloop_delay_p99{${chosen}})`, legend: '{{service}}' }],
    },
    {
      title: 'Callers that wait for PostgreSQL',
      description: 'Callers without a connection at the moment of the scrape, by pool. Above 0 for minutes: statements are slow, or the pool is too small.',
      unit: 'short',
      queries: [{ expr: `sum by (service, pool) (orderlog_db_waiting{${chosen}})`, legend: '{{service}} {{pool}}' }],
    },
    {
      title: 'Busy connections to PostgreSQL',
      description: 'Connections in use at the moment of the scrape, by pool; each pool has 4 at most.',
      unit: 'short',
      queries: [{ expr: `sum by (service, pool) (orderlog_db_connections{${chosen}, use="busy"})`, legend: '{{service}} {{pool}}' }],
    },
    {
      title: 'Garbage collection',
      description: 'Share of time spent collecting garbage. Above 10 %: too little heap, or too much is allocated.',
      unit: 'percentunit',
      queries: [{ expr: `sum by (service) (rate(v8js_gc_duration_sum{${chosen}}[$__rate_interval]))`, legend: '{{service}}' }],
    },
  ],
};
