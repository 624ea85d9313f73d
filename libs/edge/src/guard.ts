import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { Metadata } from '@grpc/grpc-js';
import { accessKey, type Access } from './access.js';
import { workOf } from './grpc-tracing.js';
import { isServiceToken, presentedKey, type ApiKeys, type Identity } from './identity.js';
import { Problem, problems } from './problem.js';
import { idempotencyKeyOf, rememberCall, type EdgeRequest } from './request.js';

const challenge = { 'www-authenticate': 'Bearer realm="orderlog"' };

const anybody: Identity = { keyId: 'anonymous', tenantId: '', roles: [] };
const aService: Identity = { keyId: 'service', tenantId: '', roles: [] };

/** Lets a caller through to a handler, or says why not. One for both transports. */
export class AccessGuard implements CanActivate {
  private readonly known = new WeakMap<object, Access | null>();

  constructor(
    private readonly keys: ApiKeys,
    private readonly serviceToken: string,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const access = this.accessOf(context);
    if (context.getType() === 'http') this.request(context.switchToHttp().getRequest<EdgeRequest>(), access);
    else if (context.getType() === 'rpc') {
      const metadata: unknown = context.switchToRpc().getContext();
      // Facts from Kafka come through the same door; the broker is their credential.
      if (metadata instanceof Metadata) this.call(metadata, access);
    }
    return true;
  }

  /** Read once a handler: reflection on each request would cost as much as the rest of the guard. */
  private accessOf(context: ExecutionContext): Access | undefined {
    const handler = context.getHandler();
    const before = this.known.get(handler);
    if (before !== undefined) return before ?? undefined;
    const access: Access | undefined = Reflect.getMetadata(accessKey, handler) ?? Reflect.getMetadata(accessKey, context.getClass());
    this.known.set(handler, access ?? null);
    return access;
  }

  private request(request: EdgeRequest, access: Access | undefined): void {
    if (access !== undefined && 'public' in access) return;
    // Here and not where it is used: a handler that happens to need none must not let a wrong one pass.
    idempotencyKeyOf(request);
    const header = request.headers['x-api-key'];
    request.identity = this.identify(presentedKey(request.headers.authorization, typeof header === 'string' ? header : undefined), access);
  }

  private call(metadata: Metadata, access: Access | undefined): void {
    const text = (name: string): string | undefined => {
      const [value] = metadata.get(name);
      return typeof value === 'string' ? value : undefined;
    };
    const presented = presentedKey(text('authorization'), text('x-api-key'));
    const identity = access !== undefined && 'public' in access ? anybody : this.identify(presented, access);
    rememberCall(metadata, { requestId: text('x-request-id') ?? randomUUID(), identity, work: workOf(metadata) });
  }

  private identify(presented: string | undefined, access: Access | undefined): Identity {
    if (presented === undefined) {
      throw new Problem(problems.unauthenticated, { headers: challenge, detail: 'Send it as "Authorization: Bearer <key>" or as "X-Api-Key".' });
    }
    if (access !== undefined && 'service' in access) {
      if (isServiceToken(presented, this.serviceToken)) return aService;
      throw new Problem(problems.unauthenticated, { headers: challenge, detail: 'This is for the services among each other.' });
    }
    const identity = this.keys.identify(presented);
    if (identity === undefined) throw new Problem(problems.unauthenticated, { headers: challenge, detail: 'The key is not known.' });
    if (access !== undefined && 'roles' in access && !access.roles.some((role) => identity.roles.includes(role))) {
      throw new Problem(problems.forbidden, { detail: `One of these roles is needed: ${access.roles.join(', ')}.` });
    }
    return identity;
  }
}
