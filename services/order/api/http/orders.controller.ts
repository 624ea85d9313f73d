import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import {
  contextOf,
  decodeCursor,
  found,
  idempotencyKeyOf,
  identityOf,
  Operation,
  pageOf,
  pageSize,
  Problem,
  problems,
  Roles,
  validated,
  validatedQuery,
  CONFIG,
} from '@orderlog/edge';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { OrderDesk } from '../../application/order-desk.js';
import type { OrderSummaryQueries } from '../../read-models/order-summary/order-summary.queries.js';
import type { OrderTimelineQueries } from '../../read-models/order-timeline/order-timeline.queries.js';
import type { IntakeDesk } from '../intake.js';
import { trackingUrlOf } from '../tracking-url.js';
import { INTAKE, ORDER_DESK, ORDER_SUMMARY, ORDER_TIMELINE } from '../tokens.js';
import { OrderAnswer, OrderPage, OrderTimeline } from './order.answers.js';
import { orderDocument } from './order.response.js';
import { OrderQuery, OrdersQuery, PlaceOrderQuery } from './order.requests.js';
import { PlaceOrderRequest } from './place-order.request.js';

const notPlacedYet = { slug: 'not-placed-yet', status: 404, title: 'The order had not been placed yet' } as const;

const keyMissing = (): Problem =>
  new Problem(problems.invalidHeader, { errors: [{ pointer: ':Idempotency-Key', message: 'is missing: it makes a repeat of this request safe' }] });

/** Placing and reading orders. */
@Controller('/v1/orders')
export class OrdersController {
  private readonly trackingUrl: (token: string) => string;

  constructor(
    @Inject(INTAKE) private readonly intake: IntakeDesk,
    @Inject(ORDER_DESK) private readonly desk: OrderDesk,
    @Inject(ORDER_SUMMARY) private readonly summaries: OrderSummaryQueries,
    @Inject(ORDER_TIMELINE) private readonly timelines: OrderTimelineQueries,
    @Inject(CONFIG) config: { readonly publicUrl: string },
  ) {
    this.trackingUrl = trackingUrlOf(config.publicUrl);
  }

  @Post()
  @Roles('storefront', 'import')
  @Operation({
    summary: 'Places an order',
    description:
      'Needs the header `Idempotency-Key`. A repeat with the same key and body is answered as the first time, with `Idempotent-Replayed: true`. ' +
      'Another key with the same external reference and body answers 200 with the order. Imports may ask for `onUnknownSku=hold`.',
    answers: {
      201: { says: 'placed; `Location` names it', body: OrderAnswer },
      200: 'an order with this external reference and the same content exists, or the answer to a dry run',
      409: 'another order has this external reference; `orderId` names it',
      422: 'the body is not valid, a total is wrong, a product is not known, or the key was used with another body',
    },
  })
  async place(
    @Body(validated(PlaceOrderRequest)) body: PlaceOrderRequest,
    @Query(validatedQuery(PlaceOrderQuery)) query: PlaceOrderQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const idempotencyKey = idempotencyKeyOf(request);
    if (idempotencyKey === undefined) throw keyMissing();
    const holdUnknownSkus = query.onUnknownSku === 'hold';
    if (holdUnknownSkus && !identityOf(request).roles.includes('import')) {
      throw new Problem(problems.forbidden, { detail: 'Only the role import may have unknown products held.' });
    }
    const { correlationId: _unknown, ...context } = contextOf(request, { correlationId: '' });
    const submission = { body, idempotencyKey, holdUnknownSkus, context };
    if (query.dryRun === true) {
      void reply.status(200);
      return this.intake.rehearse(submission);
    }
    const answer = await this.intake.place(submission);
    void reply.status(answer.status).header('location', `/v1/orders/${answer.orderId}`).header('etag', `"${answer.version}"`);
    if (answer.replayed) void reply.header('idempotent-replayed', 'true');
    return answer.document;
  }

  @Get()
  @Operation({ summary: 'Lists orders, the newest first', answers: { 200: { says: 'a page; `nextCursor` leads to the next one', body: OrderPage } } })
  async list(@Query(validatedQuery(OrdersQuery)) query: OrdersQuery, @Req() request: FastifyRequest): Promise<object> {
    const { cursor, limit: size = pageSize.default, ...filter } = query;
    const after = decodeCursor(cursor, 'instant', 'uuid');
    const rows = await this.summaries.list(identityOf(request).tenantId, filter, size + 1, after);
    return pageOf(
      rows,
      size,
      (row) => row,
      (row) => [row.createdAt, row.id],
    );
  }

  @Get('/:id')
  @Operation({
    summary: 'The order as it is now, or as it was at any moment',
    description: 'With `as_of`: the fold of what was recorded until then, with the personal data of that version.',
    answers: {
      200: { says: 'the order; `ETag` is its version', body: OrderAnswer },
      400: '`as_of` is no time of RFC 3339, or a time to come',
      404: 'there is no such order, or it had not been placed yet (`not-placed-yet`)',
    },
  })
  async read(
    @Param('id') id: string,
    @Query(validatedQuery(OrderQuery)) { as_of: moment }: OrderQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const { tenantId } = identityOf(request);
    if (moment !== undefined && Date.parse(moment) > Date.now()) {
      throw new Problem(problems.invalidQuery, { errors: [{ pointer: '?as_of', message: 'is still to come: nobody knows what the order will be' }] });
    }
    const view = found(await (moment === undefined ? this.desk.view(tenantId, id) : this.desk.viewAsOf(tenantId, id, moment)), `the order ${id}`);
    if (view === 'not_placed') throw new Problem(notPlacedYet, { detail: `The order ${id} was placed after ${moment}` });
    void reply.header('etag', `"${view.version}"`);
    return orderDocument(view, this.trackingUrl);
  }

  @Get('/:id/timeline')
  @HttpCode(200)
  @Operation({
    summary: 'Everything that happened to the order, in every service',
    answers: { 200: { says: 'facts with time, service, actor and reason, the oldest first', body: OrderTimeline }, 404: 'there is no such order' },
  })
  async timeline(@Param('id') id: string, @Req() request: FastifyRequest): Promise<object> {
    const view = found(await this.desk.view(identityOf(request).tenantId, id), `the order ${id}`);
    return { orderId: id, version: view.version, entries: await this.timelines.of(id) };
  }
}
