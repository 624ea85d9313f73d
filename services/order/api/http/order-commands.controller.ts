import { createHash, randomUUID } from 'node:crypto';
import { Body, Controller, Delete, Inject, Param, Post, Put, Req, Res, HttpCode } from '@nestjs/common';
import type { EventContext } from '@orderlog/contracts';
import { isRefusal, type Refusal } from '@orderlog/decider';
import { CONFIG, contextOf, found, idempotencyKeyOf, identityOf, Operation, Problem, problems, Roles, validated } from '@orderlog/edge';
import { cancellationStatus, orderStatus, type Order, type OrderRefusal } from '@orderlog/order-domain';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DeskCommand, OrderDesk } from '../../application/order-desk.js';
import { hasPostalCodes } from '../../application/postal-codes.js';
import { ORDER_DESK } from '../tokens.js';
import { trackingUrlOf } from '../tracking-url.js';
import { CancellationRequest, FeedbackRequest, HoldRequest, ReleaseRequest, UndeliveredRequest } from './order.requests.js';
import { CancellationAnswer, OrderAnswer } from './order.answers.js';
import { cancellationDocument, orderDocument } from './order.response.js';
import { AddressRequest, PaymentRequest } from './place-order.request.js';
import { refused } from './refusals.js';
import { paymentOf, postalAddress } from './submitted-order.js';

/** An id that a repeat of the request makes again; a new one for a request without an idempotency key. */
const idOf = (request: FastifyRequest, purpose: string): string => {
  const key = idempotencyKeyOf(request);
  if (key === undefined) return randomUUID();
  return createHash('sha256').update([purpose, identityOf(request).tenantId, request.url, key].join('\u001e')).digest('hex').slice(0, 32);
};

const theOrder = { says: 'the order', body: OrderAnswer } as const;

/** What may be asked of an order that exists. Every answer but a cancellation's is the order. */
@Controller('/v1/orders/:id')
export class OrderCommandsController {
  private readonly trackingUrl: (token: string) => string;

  constructor(
    @Inject(ORDER_DESK) private readonly desk: OrderDesk,
    @Inject(CONFIG) config: { readonly publicUrl: string },
  ) {
    this.trackingUrl = trackingUrlOf(config.publicUrl);
  }

  @Post('/cancellations')
  @Roles('storefront', 'ops', 'import')
  @Operation({
    summary: 'Cancels units of the order',
    answers: {
      200: { says: 'decided: cancelled, or partly refused', body: CancellationAnswer },
      202: { says: 'asked of the centers or carriers; the order shows their answers', body: CancellationAnswer },
      409: 'the carrier has the units, or they are being cancelled already',
    },
  })
  async cancel(
    @Param('id') id: string,
    @Body(validated(CancellationRequest)) body: CancellationRequest,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const cancellationId = idOf(request, 'cancellation');
    const lines = (body.lines ?? []).map(({ lineId, quantity }) => ({ lineId, quantity }));
    const data = { cancellationId, lines, reason: body.reason, note: body.note ?? '' };
    const state = await this.execute(id, request, { type: 'RequestCancellation', data });
    const cancellation = state.cancellations.find((candidate) => candidate.id === cancellationId);
    if (cancellation === undefined) throw new Error('a cancellation that was accepted is not in the order');
    void reply.status(cancellationStatus(state, cancellation) === 'requested' ? 202 : 200);
    return { ...cancellationDocument(state, cancellation), orderId: id, orderStatus: orderStatus(state) };
  }

  @Put('/payment')
  @Roles('storefront', 'ops', 'import')
  @Operation({ summary: 'Records what the channel says of the payment', answers: { 200: theOrder } })
  async pay(@Param('id') id: string, @Body(validated(PaymentRequest)) body: PaymentRequest, @Req() request: FastifyRequest): Promise<object> {
    await this.execute(id, request, { type: 'RecordPayment', data: { payment: paymentOf(body) } });
    return this.document(id, request);
  }

  @Put('/shipping-address')
  @Roles('storefront', 'ops', 'import')
  @Operation({ summary: 'Corrects the shipping address', answers: { 200: theOrder, 409: 'everything is packed or has left' } })
  async moveTo(@Param('id') id: string, @Body(validated(AddressRequest)) body: AddressRequest, @Req() request: FastifyRequest): Promise<object> {
    if (body.postalCode === undefined && hasPostalCodes(body.countryCode)) {
      throw new Problem(problems.invalidRequest, {
        errors: [{ pointer: '/postalCode', message: `is missing: addresses in ${body.countryCode} have one` }],
      });
    }
    const { tenantId } = identityOf(request);
    this.settled(id, await this.desk.changeAddress(tenantId, id, postalAddress(body), this.context(id, request)));
    return this.document(id, request);
  }

  @Post('/holds')
  @Roles('storefront', 'ops')
  @Operation({ summary: 'Holds the order: nothing further is released to a center', answers: { 201: theOrder, 409: 'nothing is left to hold' } })
  async hold(@Param('id') id: string, @Body(validated(HoldRequest)) body: HoldRequest, @Req() request: FastifyRequest): Promise<object> {
    const { reason, detail = '', lineIds = [] } = body;
    await this.execute(id, request, { type: 'PlaceHold', data: { holdId: idOf(request, 'hold'), reason, detail, lineIds } });
    return this.document(id, request);
  }

  @Post('/holds/:holdId/release')
  @HttpCode(200)
  @Roles('storefront', 'ops')
  @Operation({ summary: 'Ends a hold', answers: { 200: theOrder, 404: 'no such hold is open', 409: 'this hold ends by another decision' } })
  async release(
    @Param('id') id: string,
    @Param('holdId') holdId: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<object> {
    const { detail = '' } = body === undefined || body === null ? {} : validated(ReleaseRequest).transform(body, { type: 'body' });
    await this.execute(id, request, { type: 'ReleaseHold', data: { holdId, detail } });
    return this.document(id, request);
  }

  @Delete('/holds/:holdId')
  @Roles('storefront', 'ops')
  @Operation({ summary: 'Ends a hold', answers: { 200: theOrder, 404: 'no such hold is open', 409: 'this hold ends by another decision' } })
  async unhold(@Param('id') id: string, @Param('holdId') holdId: string, @Req() request: FastifyRequest): Promise<object> {
    await this.execute(id, request, { type: 'ReleaseHold', data: { holdId, detail: '' } });
    return this.document(id, request);
  }

  @Post('/undelivered/:packageId')
  @HttpCode(200)
  @Roles('storefront', 'ops')
  @Operation({ summary: 'Decides what becomes of a package that was lost or returned', answers: { 200: theOrder, 409: 'it is neither lost nor returned' } })
  async resolve(
    @Param('id') id: string,
    @Param('packageId') packageId: string,
    @Body(validated(UndeliveredRequest)) body: UndeliveredRequest,
    @Req() request: FastifyRequest,
  ): Promise<object> {
    await this.execute(id, request, { type: 'ResolveUndelivered', data: { packageId, action: body.action } });
    return this.document(id, request);
  }

  @Post('/feedback')
  @HttpCode(200)
  @Roles('storefront', 'ops')
  @Operation({ summary: 'Records the feedback of the customer', answers: { 200: theOrder, 409: 'it is not delivered, or the feedback was given' } })
  async feedback(@Param('id') id: string, @Body(validated(FeedbackRequest)) body: FeedbackRequest, @Req() request: FastifyRequest): Promise<object> {
    const { tenantId } = identityOf(request);
    const { score, comment = '' } = body;
    this.settled(id, await this.desk.receiveFeedback(tenantId, id, { score, comment }, this.context(id, request)));
    return this.document(id, request);
  }

  private context(id: string, request: FastifyRequest): EventContext {
    return contextOf(request, { correlationId: id });
  }

  private async execute(id: string, request: FastifyRequest, command: DeskCommand): Promise<Order> {
    return this.settled(id, await this.desk.execute(identityOf(request).tenantId, id, command, this.context(id, request)));
  }

  private settled(id: string, outcome: Order | Refusal<OrderRefusal> | undefined): Order {
    const state = found(outcome, `the order ${id}`);
    if (isRefusal(state)) throw refused(state);
    return state;
  }

  private async document(id: string, request: FastifyRequest): Promise<object> {
    return orderDocument(found(await this.desk.view(identityOf(request).tenantId, id), `the order ${id}`), this.trackingUrl);
  }
}
