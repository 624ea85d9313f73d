import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { Metadata } from '@grpc/grpc-js';
import { checkedIdempotencyKey, CONFIG, contextOfCall, found, Roles, validate } from '@orderlog/edge';
import type { OrderDesk } from '../../application/order-desk.js';
import { orderDocument } from '../http/order.response.js';
import { PlaceOrderRequest } from '../http/place-order.request.js';
import type { IntakeDesk } from '../intake.js';
import { INTAKE, ORDER_DESK } from '../tokens.js';
import { trackingUrlOf } from '../tracking-url.js';
import { documentOf } from './order-document.js';

type SubmitCall = { readonly idempotencyKey: string; readonly order: object | null; readonly holdUnknownSkus: boolean };

const keyOf = (call: SubmitCall, metadata: Metadata): string => {
  const [told] = metadata.get('idempotency-key');
  return checkedIdempotencyKey(call.idempotencyKey === '' && typeof told === 'string' ? told : call.idempotencyKey, '/idempotencyKey');
};

/** Placing and reading orders over gRPC, by the rules of the HTTP API. */
@Controller()
export class OrderServiceController {
  private readonly trackingUrl: (token: string) => string;

  constructor(
    @Inject(INTAKE) private readonly intake: IntakeDesk,
    @Inject(ORDER_DESK) private readonly desk: OrderDesk,
    @Inject(CONFIG) config: { readonly publicUrl: string },
  ) {
    this.trackingUrl = trackingUrlOf(config.publicUrl);
  }

  @GrpcMethod('OrderService', 'SubmitOrder')
  @Roles('storefront', 'import')
  async submitOrder(call: SubmitCall, metadata: Metadata): Promise<object> {
    const idempotencyKey = keyOf(call, metadata);
    const { correlationId: _unknown, ...context } = contextOfCall(metadata, { correlationId: '' });
    const body = validate(PlaceOrderRequest, documentOf(call.order ?? {}));
    const answer = await this.intake.place({ body, idempotencyKey, holdUnknownSkus: call.holdUnknownSkus, context });
    return { order: answer.document, replayed: answer.replayed, created: answer.status === 201 };
  }

  @GrpcMethod('OrderService', 'GetOrder')
  async getOrder({ id }: { readonly id: string }, metadata: Metadata): Promise<object> {
    const { tenantId } = contextOfCall(metadata, { correlationId: id });
    return { order: orderDocument(found(await this.desk.view(tenantId, id), `the order ${id}`), this.trackingUrl) };
  }
}
