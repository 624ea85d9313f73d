import { flowRow } from './flow-row.js';
import { dashboardOf, type Row } from './grafana.js';
import { ordersRow } from './orders-row.js';
import { servicesRow } from './services-row.js';

/** The rows of the dashboard, from top to bottom. */
export const rows: readonly Row[] = [ordersRow, flowRow, servicesRow];

/** Where the generated file is, from the root of the repository. */
export const dashboardFile = 'deploy/grafana/dashboards/orderlog.json';

/** The text of that file. */
export const dashboardJson = (): string => {
  const dashboard = dashboardOf({
    uid: 'orderlog',
    title: 'Orderlog',
    description: 'Orders, the flow between the services, and the services. Generated: change tools/dashboard, not this file.',
    rows,
  });
  return `${JSON.stringify(dashboard, undefined, 2)}\n`;
};
