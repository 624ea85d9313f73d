import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { credentials, loadPackageDefinition, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Controller, Module } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { eventually } from '@orderlog/testing';
import { protoPath as healthProto } from 'grpc-health-check';
import { bringUp, contextOfCall, found, Problem, problems, Roles, type StartedService } from './index.js';

const proto = fileURLToPath(new URL('../test/things.proto', import.meta.url));

@Controller()
class ThingsController {
  @GrpcMethod('Things', 'Get')
  @Roles('storefront')
  get({ id }: { id: string }, metadata: Metadata) {
    if (id === 'bug') throw new Error('the password is in here');
    if (id === 'bad') throw new Problem(problems.invalidRequest, { errors: [{ pointer: '/id', message: 'has to be good' }] });
    const context = contextOfCall(metadata, { correlationId: id });
    return found(id === 'none' ? undefined : { id, amount: '9007199254740993', askedBy: `${context.actor.id} of ${context.tenantId} by ${context.commandId}` }, 'the thing');
  }
}

@Module({ controllers: [ThingsController] })
class ThingsModule {}

type Answer = { readonly error?: ServiceError; readonly value?: Record<string, unknown> };
type Client = { [method: string]: (request: object, metadata: Metadata, callback: (error: ServiceError | null, value: Record<string, unknown>) => void) => void } & { close(): void };

describe('the gRPC edge', () => {
  let service: StartedService;
  const clients: Client[] = [];

  const clientOf = (file: string, path: readonly string[]): Client => {
    let found: unknown = loadPackageDefinition(loadSync(file, { longs: String, enums: String }));
    for (const part of path) found = (found as Record<string, unknown>)[part];
    const client = new (found as new (address: string, how: object) => Client)(service.grpcAddress, credentials.createInsecure());
    clients.push(client);
    return client;
  };
  const get = (id: string, headers: Record<string, string> = { authorization: 'Bearer shop-key' }): Promise<Answer> => {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    return new Promise((resolve) => {
      clientOf(proto, ['things', 'v1', 'Things'])['Get']?.({ id }, metadata, (error, value) => resolve(error === null ? { value } : { error }));
    });
  };
  const detailsOf = ({ error }: Answer): string => String(error?.metadata.get('grpc-status-details-bin')[0]);

  beforeAll(async () => {
    const key = (text: string) => createHash('sha256').update(text).digest('hex');
    service = await bringUp({
      name: 'things',
      module: ThingsModule,
      grpc: { packages: ['things.v1'], protoPaths: [proto] },
      variables: {
        PORT: '0',
        GRPC_PORT: '0',
        SERVICE_TOKEN: 'between-services',
        API_KEYS: JSON.stringify([
          { id: 'shop', sha256: key('shop-key'), tenantId: 'acme', roles: ['storefront'] },
          { id: 'floor', sha256: key('floor-key'), tenantId: 'acme', roles: ['warehouse'] },
        ]),
      },
    });
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await service.stop();
  });

  it('answers who has a key, with int64 kept exact', async () => {
    const { value } = await get('7', { 'x-api-key': 'shop-key', 'idempotency-key': 'k-7' });
    expect(value).toStrictEqual({ id: '7', amount: '9007199254740993', askedBy: 'shop of acme by k-7' });
  });

  it.each([
    ['nobody', {}, status.UNAUTHENTICATED, 'UNAUTHENTICATED'],
    ['a wrong key', { authorization: 'Bearer guess' }, status.UNAUTHENTICATED, 'UNAUTHENTICATED'],
    ['another role', { authorization: 'Bearer floor-key' }, status.PERMISSION_DENIED, 'FORBIDDEN'],
  ])('turns %s away', async (_who, headers, code, reason) => {
    const answer = await get('7', headers);
    expect(answer.error?.code).toBe(code);
    expect(detailsOf(answer)).toContain(reason);
  });

  it('says which field is wrong in a rich status', async () => {
    const answer = await get('bad');
    expect(answer.error?.code).toBe(status.INVALID_ARGUMENT);
    for (const part of ['google.rpc.BadRequest', '/id', 'has to be good', 'google.rpc.ErrorInfo', 'urn:orderlog:problem:invalid-request']) expect(detailsOf(answer)).toContain(part);
  });

  it('says that something does not exist', async () => {
    expect((await get('none')).error).toMatchObject({ code: status.NOT_FOUND, details: 'the thing does not exist' });
  });

  it('tells nobody what a bug said', async () => {
    const answer = await get('bug');
    expect(answer.error?.code).toBe(status.INTERNAL);
    expect(`${answer.error?.details}${detailsOf(answer)}`).not.toContain('password');
  });

  it('has the standard health service', async () => {
    const health = clientOf(healthProto, ['grpc', 'health', 'v1', 'Health']);
    const ask = (): Promise<unknown> =>
      new Promise((resolve) => {
        health['check']?.({ service: '' }, new Metadata(), (error, value) => resolve(error ?? value['status']));
      });
    await eventually(async () => (await ask()) === 'SERVING');
  });
});
