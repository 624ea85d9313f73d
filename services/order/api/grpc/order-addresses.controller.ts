import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { found, Problem, problems, ServicesOnly } from '@orderlog/edge';
import type { OrderDesk } from '../../application/order-desk.js';
import { ORDER_DESK } from '../tokens.js';

/** As `addresses.proto` says. */
const ordersMax = 500;

/** Addresses for shipping, which must not keep them: only services may ask. */
@Controller()
export class OrderAddressesController {
  constructor(@Inject(ORDER_DESK) private readonly desk: OrderDesk) {}

  @GrpcMethod('OrderAddresses', 'GetShippingAddress')
  @ServicesOnly()
  async getShippingAddress({ orderId }: { readonly orderId: string }): Promise<object> {
    const { version, address } = found((await this.desk.shippingAddresses([orderId])).get(orderId), `an address of the order ${orderId}`);
    return { personalDataVersion: version, ...address };
  }

  @GrpcMethod('OrderAddresses', 'ListShippingAddresses')
  @ServicesOnly()
  async listShippingAddresses({ orderIds }: { readonly orderIds: readonly string[] }): Promise<object> {
    if (orderIds.length > ordersMax) throw new Problem(problems.invalidRequest, { errors: [{ pointer: '/orderIds', message: `has to have at most ${ordersMax} items` }] });
    const addresses = await this.desk.shippingAddresses(orderIds);
    return { items: [...addresses].map(([orderId, { version, address }]) => ({ orderId, address: { personalDataVersion: version, ...address } })) };
  }
}
