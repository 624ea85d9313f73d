import type { EventContext, Actor } from '@orderlog/contracts';
import type { Metadata } from '@grpc/grpc-js';
import type { Traced } from '@orderlog/observability';
import type { FastifyRequest } from 'fastify';
import { Problem, problems } from './problem.js';
import type { Identity } from './identity.js';

/** What the edge knows about a request beside what Fastify knows. */
export type EdgeRequest = FastifyRequest & {
  identity?: Identity;
  work?: Traced;
  /** The body as it came, where a handler has `@KeepRawBody()`. */
  rawBody?: string;
};

/** What the edge knows about a gRPC call; it travels with the call's metadata object. */
type EdgeCall = { readonly requestId: string; readonly identity: Identity; readonly work: Traced };

const calls = new WeakMap<Metadata, EdgeCall>();

/** Remembers who makes a gRPC call; the guard does this. */
export const rememberCall = (metadata: Metadata, call: EdgeCall): void => void calls.set(metadata, call);

/** What the guard remembered about a gRPC call. */
export const callOf = (metadata: Metadata): EdgeCall | undefined => calls.get(metadata);

/** What a handler may say better than the edge can. */
export type ContextDetails = {
  /** The order's id; for what belongs to no order, its stream id. */
  readonly correlationId: string;
  /** A worker or carrier in whose name the key acts; else the key itself is the actor. */
  readonly actor?: Actor;
  readonly occurredAt?: string;
  readonly causationId?: string;
};

const actorOf = ({ keyId, roles }: Identity): Actor => {
  if (roles.includes('storefront') || roles.includes('import')) return { type: 'channel', id: keyId };
  return { type: roles.includes('warehouse') ? 'staff' : 'operator', id: keyId };
};

// 255: what Stripe allows and clients of such systems have been built for. https://docs.stripe.com/api/idempotent_requests
const keyForm = /^[\x21-\x7e]{1,255}$/;

/** Answers the idempotency key, or throws the problem that names `pointer` when it is not 1 to 255 visible ASCII characters. */
export const checkedIdempotencyKey = (key: unknown, pointer: string): string => {
  if (typeof key === 'string' && keyForm.test(key)) return key;
  const message = key === '' ? 'is missing: it makes a repeat of this call safe' : 'has to be 1 to 255 visible ASCII characters';
  throw new Problem(problems.invalidHeader, { errors: [{ pointer, message }] });
};

/** The `Idempotency-Key` of a request; undefined without one, a problem when it is not one. */
export const idempotencyKeyOf = (request: FastifyRequest): string | undefined => {
  const key = request.headers['idempotency-key'];
  return key === undefined ? undefined : checkedIdempotencyKey(key, ':Idempotency-Key');
};

/** Who makes this request; a handler with `@Public()` has nobody and must not ask. */
export const identityOf = (request: FastifyRequest): Identity => {
  const { identity } = request as EdgeRequest;
  if (identity === undefined) throw new Error('a public handler asked who its caller is');
  return identity;
};

const contextFrom = (identity: Identity, commandId: string, work: Traced | undefined, details: ContextDetails): EventContext => ({
  tenantId: identity.tenantId,
  actor: details.actor ?? actorOf(identity),
  commandId,
  correlationId: details.correlationId,
  ...(details.causationId === undefined ? {} : { causationId: details.causationId }),
  ...(work === undefined ? {} : { traceparent: work.traceparent }),
  ...(details.occurredAt === undefined ? {} : { occurredAt: details.occurredAt }),
});

/** The context of the events a request leads to: tenant, actor, command id (the idempotency key, else the request's id), trace. */
export const contextOf = (request: FastifyRequest, details: ContextDetails): EventContext =>
  contextFrom(identityOf(request), idempotencyKeyOf(request) ?? request.id, (request as EdgeRequest).work, details);

/** The same for a gRPC call, from the metadata its handler is given as second argument. */
export const contextOfCall = (metadata: Metadata, details: ContextDetails): EventContext => {
  const call = callOf(metadata);
  if (call === undefined) throw new Error('a public handler asked who its caller is');
  const [key] = metadata.get('idempotency-key');
  return contextFrom(call.identity, typeof key === 'string' && keyForm.test(key) ? key : call.requestId, call.work, details);
};

/** The body as it came, byte for byte; only handlers with `@KeepRawBody()` have it. */
export const rawBodyOf = (request: FastifyRequest): string => (request as EdgeRequest).rawBody ?? '';
