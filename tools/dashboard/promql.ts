import { parser } from '@prometheus-io/lezer-promql';

// What Grafana puts in; any text that is valid there will do.
const filledIn: readonly (readonly [string, string])[] = [
  ['$__rate_interval', '15s'],
  ['$service', '.+'],
];

/** A panel's expression as Prometheus gets it, for every service and a short interval. */
export const withoutVariables = (expr: string): string => filledIn.reduce((text, [variable, value]) => text.replaceAll(variable, value), expr);

/** What an expression is made of: the metrics it names, and where it is no PromQL. */
export const readExpression = (expr: string): { readonly metrics: readonly string[]; readonly faults: readonly string[] } => {
  const text = withoutVariables(expr);
  const metrics: string[] = [];
  const faults: string[] = text.includes('$') ? [`an unknown variable in ${text}`] : [];
  parser.parse(text).iterate({
    enter: ({ type, from, to, node }) => {
      if (type.isError) faults.push(`at ${from} of ${text}`);
      if (type.name === 'Identifier' && node.parent?.name === 'VectorSelector') metrics.push(text.slice(from, to));
    },
  });
  return { metrics, faults };
};
