import type { Row } from './grafana.js';

// Every process of the order service answers the same levels, read from one list: hence max and not sum.
const waiting = 'max by (status) (orderlog_orders_waiting)';
const intake = 'orderlog_order_intake_duration_seconds';
const quantile = (share: number): string => `histogram_quantile(${share}, sum by (le) (rate(${intake}_bucket{outcome="accepted"}[$__rate_interval])))`;

/** What comes in, what waits where, what is late. */
export const ordersRow: Row = {
  title: 'Orders',
  panels: [
    {
      title: 'Accepted orders',
      description: 'New orders stored and answered with 201, over HTTP and gRPC together.',
      unit: 'suffix: /s',
      isNumber: true,
      queries: [{ expr: `sum(rate(${intake}_count{outcome="accepted"}[$__rate_interval]))`, legend: 'accepted' }],
    },
    {
      title: 'Orders that wait',
      description: 'Orders on their way to the customer: placed and neither delivered, closed, cancelled nor rejected.',
      unit: 'short',
      isNumber: true,
      queries: [{ expr: `sum(${waiting})`, legend: 'orders' }],
    },
    {
      title: 'Overdue orders',
      description: 'Orders past the deadline of their stage. Each is also put on hold with a reason: GET /v1/orders?overdue=true lists them.',
      unit: 'short',
      isNumber: true,
      redFrom: 1,
      queries: [{ expr: 'max(orderlog_orders_overdue)', legend: 'orders' }],
    },
    {
      title: 'Parked streams',
      description: 'Orders and stock whose facts wait for an operator because applying one failed: orderlog parked list.',
      unit: 'short',
      isNumber: true,
      redFrom: 1,
      queries: [{ expr: 'sum(max by (service) (orderlog_parked_streams))', legend: 'streams' }],
    },
    {
      title: 'Submitted orders by outcome',
      description: 'accepted: stored; repeated: the answer of an earlier request with the same key or reference; refused: a problem of the document; failed: ours (5xx).',
      unit: 'suffix: /s',
      isStacked: true,
      queries: [{ expr: `sum by (outcome) (rate(${intake}_count[$__rate_interval]))`, legend: '{{outcome}}' }],
    },
    {
      title: 'Intake time of accepted orders',
      description: 'From the checked document to the committed order. Grows with the time of a commit in PostgreSQL and with the queue before it.',
      unit: 's',
      queries: [0.5, 0.95, 0.99].map((share) => ({ expr: quantile(share), legend: `p${share * 100}` })),
    },
    {
      title: 'Refused orders by reason',
      description: 'Problems of submitted orders, and the 4xx answers of POST /v1/orders, which also count bodies that are no order at all.',
      unit: 'suffix: /s',
      emptyWhenHealthy: 'no order was refused since the start',
      queries: [
        { expr: 'sum by (reason) (rate(orderlog_orders_refused_total[$__rate_interval]))', legend: '{{reason}}' },
        { expr: 'sum by (status) (rate(http_server_request_duration_seconds_count{route="/v1/orders", method="POST", status=~"4.."}[$__rate_interval]))', legend: 'HTTP {{status}}' },
      ],
    },
    {
      title: 'Orders by status',
      description: 'Where orders wait, from the list of orders (at most 5 s old). A status that only grows is where the flow is stuck.',
      unit: 'short',
      isStacked: true,
      queries: [{ expr: waiting, legend: '{{status}}' }],
    },
    {
      title: 'Oldest order by status',
      description: 'Time since the oldest order in each status was placed; 0 where there is none.',
      unit: 's',
      queries: [{ expr: 'max by (status) (orderlog_orders_oldest_seconds)', legend: '{{status}}' }],
    },
    {
      title: 'Holds by reason',
      description: 'Orders on hold by the reason they are held for; an order with two reasons counts twice.',
      unit: 'short',
      isStacked: true,
      emptyWhenHealthy: 'no order is on hold',
      queries: [{ expr: 'max by (reason) (orderlog_orders_holds)', legend: '{{reason}}' }],
    },
  ],
};
