import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { isRefusal } from '@orderlog/decider';
import { contextOf, found, Operation, Problem, problems, Roles, validated, validatedQuery } from '@orderlog/edge';
import type { FulfillmentOrderCommand } from '@orderlog/warehouse-domain';
import type { FastifyRequest } from 'fastify';
import type { ContextFor } from '../../application/ports.js';
import type { Warehouse } from '../../application/warehouse.js';
import type { FulfillmentOrderList } from '../../read-models/fulfillment-order-list/fulfillment-order-list.queries.js';
import { FULFILLMENT_ORDER_LIST, WAREHOUSE } from '../tokens.js';
import { problemOfRefusal } from './refusals.js';
import { fulfillmentOrderIdForm, FulfillmentOrdersQuery, PutBackRequest, RejectionRequest } from './requests.js';
import { fulfillmentOrderResponse } from './responses.js';

/** The center acts through its key; what it decides about its requests is a center's word. */
const byCenter = (request: FastifyRequest): ContextFor => (correlationId) => contextOf(request, { correlationId });

/** Fulfillment orders: what a center is asked to send, and its answers. */
@Controller('/v1/warehouse')
@Roles('warehouse', 'ops')
export class FulfillmentOrdersController {
  constructor(
    @Inject(WAREHOUSE) private readonly warehouse: Warehouse,
    @Inject(FULFILLMENT_ORDER_LIST) private readonly list: FulfillmentOrderList,
  ) {}

  /** A page of a center's fulfillment orders. */
  @Get('fulfillment-orders')
  @Operation({ summary: 'Lists the fulfillment orders of a center, oldest first', answers: { 200: 'a page' } })
  page(@Query(validatedQuery(FulfillmentOrdersQuery)) query: FulfillmentOrdersQuery) {
    return this.list.page(query);
  }

  /** One fulfillment order, folded from its stream. */
  @Get('fulfillment-orders/:id')
  @Operation({ summary: 'Shows a fulfillment order', answers: { 200: 'as it is now', 404: 'there is none' } })
  async show(@Param('id') id: string) {
    const state = fulfillmentOrderIdForm.test(id) ? await this.warehouse.fulfillmentOrder(id) : undefined;
    return fulfillmentOrderResponse(this.warehouse.items, found(state?.status === 'unknown' ? undefined : state, `fulfillment order ${id}`));
  }

  /** The center takes it. */
  @Post('fulfillment-orders/:id/acceptance')
  @HttpCode(200)
  @Operation({ summary: 'A third party accepts a fulfillment order', answers: { 200: 'accepted', 409: 'rejected before, or ended' } })
  accept(@Param('id') id: string, @Req() request: FastifyRequest) {
    return this.tell(id, { type: 'AcceptFulfillment', data: {} }, request);
  }

  /** The center does not take it. */
  @Post('fulfillment-orders/:id/rejection')
  @HttpCode(200)
  @Operation({ summary: 'A third party rejects a fulfillment order', answers: { 200: 'rejected', 409: 'accepted before, or ended' } })
  reject(@Param('id') id: string, @Body(validated(RejectionRequest)) body: RejectionRequest, @Req() request: FastifyRequest) {
    const { reason, stockEffect, note = '' } = body;
    return this.tell(id, { type: 'RejectFulfillment', data: { reason, note, ...(stockEffect === undefined ? {} : { stockEffect }) } }, request);
  }

  /** The center agrees to a cancellation: what is not packed is withdrawn. */
  @Post('fulfillment-orders/:id/cancellations/:cancellationId/acceptance')
  @HttpCode(200)
  @Operation({ summary: 'A third party agrees to a cancellation', answers: { 200: 'withdrawn', 404: 'nobody asked' } })
  acceptCancellation(@Param('id') id: string, @Param('cancellationId') cancellationId: string, @Req() request: FastifyRequest) {
    return this.tell(id, { type: 'AnswerCancellation', data: { cancellationId, isAccepted: true } }, request);
  }

  /** The center sends it anyway. */
  @Post('fulfillment-orders/:id/cancellations/:cancellationId/refusal')
  @HttpCode(200)
  @Operation({ summary: 'A third party refuses a cancellation', answers: { 200: 'refused', 404: 'nobody asked' } })
  refuseCancellation(@Param('id') id: string, @Param('cancellationId') cancellationId: string, @Req() request: FastifyRequest) {
    return this.tell(id, { type: 'AnswerCancellation', data: { cancellationId, isAccepted: false } }, request);
  }

  /** Cancelled units lie in their bin again. */
  @Post('put-backs/:taskId/done')
  @HttpCode(200)
  @Operation({ summary: 'Cancelled units were put back', answers: { 200: 'done', 404: 'there is no such task' } })
  putBack(@Param('taskId') taskId: string, @Body(validated(PutBackRequest)) body: PutBackRequest, @Req() request: FastifyRequest) {
    const id = taskId.replace(/\.b\d+$/, '');
    return this.tell(id, { type: 'ConfirmPutBack', data: { taskId, workerId: body.workerId } }, request, (correlationId) =>
      contextOf(request, { correlationId, actor: { type: 'staff', id: body.workerId } }),
    );
  }

  private async tell(id: string, command: FulfillmentOrderCommand, request: FastifyRequest, contextFor = byCenter(request)) {
    if (!fulfillmentOrderIdForm.test(id)) throw new Problem(problems.notFound, { detail: `fulfillment order ${id} does not exist` });
    const outcome = await this.warehouse.tell(id, command, contextFor);
    if (isRefusal(outcome)) throw problemOfRefusal(outcome);
    return fulfillmentOrderResponse(this.warehouse.items, outcome);
  }
}
