import { fileURLToPath } from 'node:url';
import { credentials, loadPackageDefinition, Metadata, type Client, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { OrderDocument } from './shop.js';

/** The answer to an order that was submitted over gRPC. */
export type Submitted = { readonly order: OrderDocument; readonly replayed: boolean; readonly created: boolean };

type Call = (request: object, metadata: Metadata, options: { deadline: number }, done: (error: ServiceError | null, answer: unknown) => void) => void;

const callMs = 10_000;

const clientOf = (address: string): Client & Record<string, Call> => {
  const definition = loadSync('orderlog/order/v1/api.proto', {
    includeDirs: [fileURLToPath(new URL('../../libs/contracts/proto', import.meta.url))],
    longs: Number,
    defaults: true,
    arrays: true,
  });
  const loaded = loadPackageDefinition(definition) as unknown as {
    readonly orderlog: { readonly order: { readonly v1: { readonly OrderService: new (address: string, how: unknown) => Client & Record<string, Call> } } };
  };
  return new loaded.orderlog.order.v1.OrderService(address, credentials.createInsecure());
};

/** A simulated storefront that speaks gRPC: what `Shop` does over HTTP, as far as the gRPC interface goes. Documents are the same. */
export const grpcStorefront = (connection: { readonly address: string; readonly apiKey: string }) => {
  const client = clientOf(connection.address);
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${connection.apiKey}`);
  const ask = <Answer>(method: string, request: object): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const call = client[method];
      if (call === undefined) throw new Error(`the contract has no ${method}`);
      call.call(client, request, metadata, { deadline: Date.now() + callMs }, (error, answer) => (error === null ? resolve(answer as Answer) : reject(error)));
    });
  return {
    submit: (document: object, idempotencyKey: string): Promise<Submitted> => ask('SubmitOrder', { idempotencyKey, order: document }),
    get: async (id: string): Promise<OrderDocument> => (await ask<{ order: OrderDocument }>('GetOrder', { id })).order,
    close: (): void => client.close(),
  };
};
