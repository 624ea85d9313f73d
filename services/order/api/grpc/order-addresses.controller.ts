import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { found, ServicesOnly } from '@orderlog/edge';
import type { OrderDesk } from '../../application/order-desk.js';
import { ORDER_DESK } from '../tokens.js';

/** Addresses for shipping, which must not keep them: only services may ask. */
@Controller()
export class OrderAddressesController {
  constructor(@Inject(ORDER_DESK) private readonly desk: OrderDesk) {}

  @GrpcMethod('OrderAddresses', 'GetShippingAddress')
  @ServicesOnly()
  async getShippingAddress({ orderId }: { readonly orderId: string }): Promise<object> {
    const { version, address } = found(await this.desk.shippingAddress(orderId), `an address of the order ${orderId}`);
    return { personalDataVersion: version, ...address };
  }
}
