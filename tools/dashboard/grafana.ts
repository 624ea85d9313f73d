/** One question of a panel to Prometheus, and the name of each line it answers with. */
export type Query = { readonly expr: string; readonly legend: string };

/** What a panel says; where it stands is `dashboardOf`'s business. */
export type Panel = {
  readonly title: string;
  /** What is seen, what is normal, and what to do when it is not. */
  readonly description: string;
  /** Of Grafana's unit ids: https://grafana.com/docs/grafana/latest/panels-visualizations/configure-standard-options/ */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** A number for now, instead of lines over time. */
  readonly isNumber?: true;
  readonly isStacked?: true;
  /** From here on it is red. */
  readonly redFrom?: number;
  /** Below this it is red. */
  readonly redBelow?: number;
  /** Why it may have no line in a system that is well; absent: it always has one. */
  readonly emptyWhenHealthy?: string;
};

/** Panels under one heading. */
export type Row = { readonly title: string; readonly panels: readonly Panel[] };

const datasource = { type: 'prometheus', uid: '${datasource}' } as const;
const gridWidth = 24;
const numberSize = { w: 6, h: 4 };
const linesSize = { w: 8, h: 8 };

const thresholdsOf = ({ redFrom, redBelow }: Panel) => {
  const steps: { color: string; value: number | null }[] =
    redBelow === undefined
      ? [{ color: 'green', value: null }]
      : [
          { color: 'red', value: null },
          { color: 'green', value: redBelow },
        ];
  return { mode: 'absolute', steps: redFrom === undefined ? steps : [...steps, { color: 'red', value: redFrom }] };
};

const looksOf = (panel: Panel) =>
  panel.isNumber
    ? {
        fieldConfig: { defaults: { unit: panel.unit, min: 0, thresholds: thresholdsOf(panel) }, overrides: [] },
        options: {
          reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
          colorMode: 'value',
          graphMode: 'area',
          justifyMode: 'auto',
          orientation: 'auto',
          textMode: panel.queries.every(({ legend }) => legend.includes('{{')) ? 'value_and_name' : 'auto',
        },
      }
    : {
        fieldConfig: {
          defaults: {
            unit: panel.unit,
            min: 0,
            thresholds: thresholdsOf(panel),
            custom: {
              drawStyle: 'line',
              lineWidth: 1,
              fillOpacity: panel.isStacked ? 30 : 8,
              showPoints: 'never',
              spanNulls: false,
              stacking: { mode: panel.isStacked ? 'normal' : 'none', group: 'A' },
              thresholdsStyle: { mode: panel.redFrom === undefined ? 'off' : 'line' },
            },
          },
          overrides: [],
        },
        options: {
          legend: { displayMode: 'table', placement: 'bottom', calcs: ['lastNotNull', 'max'], showLegend: true, sortBy: 'Last *', sortDesc: true },
          tooltip: { mode: 'multi', sort: 'desc' },
        },
      };

const panelOf = (panel: Panel, id: number, gridPos: object) => ({
  id,
  type: panel.isNumber ? 'stat' : 'timeseries',
  title: panel.title,
  description: panel.emptyWhenHealthy === undefined ? panel.description : `${panel.description} Empty when healthy: ${panel.emptyWhenHealthy}.`,
  datasource,
  gridPos,
  targets: panel.queries.map(({ expr, legend }, n) => ({
    refId: String.fromCharCode(65 + n),
    datasource,
    editorMode: 'code',
    expr,
    legendFormat: legend,
    ...(panel.isNumber ? { instant: true, range: false } : { instant: false, range: true }),
  })),
  ...looksOf(panel),
});

/** Rows from top to bottom, panels from left to right, as many as fit. */
const laidOut = (rows: readonly Row[]): object[] => {
  const placed: object[] = [];
  let y = 0;
  for (const row of rows) {
    placed.push({ id: placed.length + 1, type: 'row', title: row.title, collapsed: false, gridPos: { x: 0, y, w: gridWidth, h: 1 }, panels: [] });
    y += 1;
    let [x, height] = [0, 0];
    for (const panel of row.panels) {
      const { w, h } = panel.isNumber ? numberSize : linesSize;
      if (x + w > gridWidth || (height > 0 && h !== height)) [x, y] = [0, y + height];
      placed.push(panelOf(panel, placed.length + 1, { x, y, w, h }));
      [x, height] = [x + w, h];
    }
    y += height;
  }
  return placed;
};

const variables = [
  { type: 'datasource', name: 'datasource', label: 'Data source', query: 'prometheus', current: { text: 'Prometheus', value: 'prometheus' }, hide: 0, options: [], regex: '', refresh: 1 },
  {
    type: 'query',
    name: 'service',
    label: 'Service',
    datasource,
    definition: 'label_values(target_info{service_namespace="orderlog"}, service)',
    query: { query: 'label_values(target_info{service_namespace="orderlog"}, service)', refId: 'service' },
    multi: true,
    includeAll: true,
    current: { text: ['All'], value: ['$__all'] },
    hide: 0,
    options: [],
    regex: '',
    refresh: 2,
    sort: 1,
  },
];

/** A dashboard in Grafana's classic JSON, which every version since 9 loads (13 migrates it by itself). */
export const dashboardOf = (dashboard: { readonly uid: string; readonly title: string; readonly description: string; readonly rows: readonly Row[] }): object => ({
  uid: dashboard.uid,
  title: dashboard.title,
  description: dashboard.description,
  tags: ['orderlog'],
  schemaVersion: 39,
  editable: true,
  graphTooltip: 1,
  refresh: '10s',
  time: { from: 'now-30m', to: 'now' },
  timezone: 'browser',
  annotations: { list: [] },
  links: [],
  templating: { list: variables },
  panels: laidOut(dashboard.rows),
});
