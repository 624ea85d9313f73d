import { fileURLToPath } from 'node:url';
import { credentials, loadPackageDefinition, Metadata, type Client, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { Address, Addresses } from '../application/ports.js';

const proto = fileURLToPath(new URL('../../../libs/contracts/proto/orderlog/order/v1/addresses.proto', import.meta.url));
const deadlineMs = 3_000;

type Answer = { readonly items: readonly { readonly orderId: string; readonly address: Address }[] };
type Call = (
  request: { readonly orderIds: readonly string[] },
  metadata: Metadata,
  options: { readonly deadline: number },
  callback: (error: ServiceError | null, response: Answer) => void,
) => void;
type OrderAddressesClient = Client & { readonly listShippingAddresses: Call };
type Package = { readonly orderlog: { readonly order: { readonly v1: { readonly OrderAddresses: new (address: string, credentials: object) => OrderAddressesClient } } } };

const isPackage = (loaded: object): loaded is Package => 'orderlog' in loaded;

const clientOf = (address: string): OrderAddressesClient => {
  const loaded: object = loadPackageDefinition(loadSync(proto, { keepCase: false, longs: String, enums: String, defaults: true, arrays: true }));
  if (!isPackage(loaded)) throw new Error(`${proto} has no package orderlog.order.v1`);
  return new loaded.orderlog.order.v1.OrderAddresses(address, credentials.createInsecure());
};

/** The order service's `OrderAddresses` over gRPC, with the service credential. */
export const orderAddresses = (address: string, serviceToken: string): Addresses & { readonly close: () => void } => {
  const client = clientOf(address);
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${serviceToken}`);
  return {
    shippingAddresses: (orderIds) =>
      new Promise((resolve, reject) => {
        client.listShippingAddresses({ orderIds }, metadata, { deadline: Date.now() + deadlineMs }, (error, response) => {
          if (error === null) resolve(new Map(response.items.map(({ orderId, address }) => [orderId, address])));
          else reject(new Error(`the order service did not give the addresses: ${error.details}`, { cause: error }));
        });
      }),
    close: () => client.close(),
  };
};
