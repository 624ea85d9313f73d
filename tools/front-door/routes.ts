import type { ServiceName } from '@orderlog/contracts';

const prefixes: readonly (readonly [string, ServiceName])[] = [
  ['/v1/orders', 'order'],
  ['/v1/stock', 'inventory'],
  ['/v1/routing', 'routing'],
  ['/v1/warehouse', 'warehouse'],
  ['/v1/shipments', 'shipping'],
  ['/track', 'shipping'],
];

const documents = /^\/(order|inventory|routing|warehouse|shipping)(\/(?:docs(?:\/[\w.-]*)?|openapi\.json))(?:\?.*)?$/;

/** Where a request goes: the service and the path it is asked with there. */
export type Target = { readonly service: ServiceName; readonly path: string };

/** The service a path belongs to: by prefix, as any ingress could do it, and `/<service>/docs` for what each says of itself. */
export const targetOf = (url: string): Target | undefined => {
  for (const [prefix, service] of prefixes) {
    if (!url.startsWith(prefix)) continue;
    const next = url.charAt(prefix.length);
    if (next === '' || next === '/' || next === '?') return { service, path: url };
  }
  const [, service, path] = documents.exec(url) ?? [];
  return service === undefined || path === undefined ? undefined : { service: service as ServiceName, path };
};
