import { RouteConfig } from '@nestjs/platform-fastify';

/** What a route may ask of the edge beyond its handler. */
export type RouteOptions = { readonly bodyLimit?: number; readonly keepRawBody?: boolean };

const merged = (options: RouteOptions): MethodDecorator => (target, key, descriptor) => {
  const handler = descriptor.value;
  if (typeof handler !== 'function') return;
  const before: unknown = Reflect.getMetadata('__fastify_route_config__', handler);
  RouteConfig({ ...(typeof before === 'object' ? before : {}), ...options })(target, key, descriptor);
};

/** The body of this route may have up to so many bytes (bulk loads of reference data); all others 256 KB. */
export const BodyLimit = (bytes: number): MethodDecorator => merged({ bodyLimit: bytes });

/** Keeps the body as it came beside the parsed one: signatures are made over bytes. */
export const KeepRawBody = (): MethodDecorator => merged({ keepRawBody: true });
