import { Body, Controller, Get, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { EVENT_LOG } from '@orderlog/backbone';
import type { EventContext } from '@orderlog/contracts';
import { isRefusal, type Refusal } from '@orderlog/decider';
import {
  BodyLimit,
  contextOf,
  decodeCursor,
  found,
  Operation,
  pageOf,
  pageSize,
  Problem,
  problems,
  refusalToProblem,
  Roles,
  validated,
  validatedQuery,
} from '@orderlog/edge';
import type { EventLog } from '@orderlog/event-log';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Moved, MoveRefusal } from '../../application/move-stock.js';
import { itemStream, items, reservations, reservationStream } from '../../application/streams.js';
import { USE_CASES, type UseCases } from '../../application/use-cases.js';
import { QUERIES, type Queries } from '../../read-models/queries.js';
import { skuOfPath } from './items.controller.js';
import { moveRefusals } from './problems.js';
import { AdjustmentRequest, BackordersQuery, CenterStockQuery, CountRequest, LedgerQuery, ReceiptRequest } from './stock.request.js';
import { backorderResponse, ledgerResponse, reservationResponse, skuResponse, stockResponse } from './stock.response.js';

const movementBytesMax = 512 * 1024;
const recorded = {
  200: 'it was recorded before: nothing changed',
  201: 'recorded; the rows as they stand now',
  409: 'the id was used for something else, or there is not so much free stock',
  422: 'the body is not valid, or names an unknown item or center',
  503: 'the center is not known yet, because the centers are being read: ask again',
};

/** The stock, its ledger, its reservations and what waits for it. */
@Controller('/v1/stock')
export class StockController {
  constructor(
    @Inject(EVENT_LOG) private readonly log: EventLog,
    @Inject(QUERIES) private readonly queries: Queries,
    @Inject(USE_CASES) private readonly inventory: UseCases,
  ) {}

  @Post('receipts')
  @BodyLimit(movementBytesMax)
  @Roles('ops', 'import', 'warehouse')
  @Operation({ summary: 'Books a delivery of goods', answers: recorded })
  async receive(@Body(validated(ReceiptRequest)) body: ReceiptRequest, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const { receiptId, centerId, reference = '', lines } = body;
    const context = contextOf(request, { correlationId: `receipt-${receiptId}` });
    return { receiptId, ...answer(await this.inventory.receiveStock({ receiptId, centerId, reference, lines }, context), reply) };
  }

  @Post('adjustments')
  @BodyLimit(movementBytesMax)
  @Roles('ops', 'warehouse')
  @Operation({ summary: 'Corrects the book by hand', answers: recorded })
  async adjust(@Body(validated(AdjustmentRequest)) body: AdjustmentRequest, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const { adjustmentId, centerId, reason } = body;
    const zero = body.lines.findIndex(({ quantity }) => quantity === 0);
    if (zero >= 0) throw new Problem(problems.invalidRequest, { errors: [{ pointer: `/lines/${zero}/quantity`, message: 'must not be zero' }] });
    const lines = body.lines.map(({ sku, quantity, bucket = 'available' }) => ({ sku, quantity, bucket }) as const);
    const context: EventContext = contextOf(request, { correlationId: `adjustment-${adjustmentId}` });
    return { adjustmentId, ...answer(await this.inventory.adjustStock({ adjustmentId, centerId, reason, lines }, context), reply) };
  }

  @Post('counts')
  @BodyLimit(movementBytesMax)
  @Roles('ops', 'warehouse')
  @Operation({ summary: 'Records a count; the difference to the book is the movement', answers: recorded })
  async count(@Body(validated(CountRequest)) body: CountRequest, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const { countId, centerId, lines } = body;
    const context = contextOf(request, { correlationId: `count-${countId}` });
    return { countId, ...answer(await this.inventory.countStock({ countId, centerId, lines }, context), reply) };
  }

  @Get()
  @Operation({ summary: 'The stock of a center, by SKU' })
  async ofCenter(@Query(validatedQuery(CenterStockQuery)) { centerId, cursor, limit = pageSize.default }: CenterStockQuery) {
    const after = String(decodeCursor(cursor, 'text')?.[0] ?? '');
    return pageOf(await this.queries.stockOfCenter(centerId, after, limit + 1), limit, stockResponse, ({ sku }) => [sku]);
  }

  @Get('backorders')
  @Operation({ summary: 'Lines that wait for stock, oldest first' })
  async waiting(@Query(validatedQuery(BackordersQuery)) { sku = '', cursor, limit = pageSize.default }: BackordersQuery) {
    const [queuedAt, orderId, lineId] = decodeCursor(cursor, 'instant', 'text', 'text') ?? [];
    const after = queuedAt === undefined ? undefined : { queuedAt: String(queuedAt), orderId: String(orderId), lineId: String(lineId) };
    const rows = await this.queries.waitingLines(sku, after, limit + 1);
    return pageOf(rows, limit, backorderResponse, (row) => [row.queuedAt, row.orderId, row.lineId]);
  }

  @Get('reservations/:id')
  @Operation({ summary: 'A reservation: the lease of one plan attempt', answers: { 404: 'there is no such reservation' } })
  async reservation(@Param('id') id: string) {
    const { state, version } = await this.log.state(reservations, reservationStream(id));
    return reservationResponse(id, found(version === 0 ? undefined : state, `the reservation ${id}`));
  }

  @Get(':sku')
  @Operation({ summary: 'The stock of a SKU, by center', answers: { 404: 'there is no such item' } })
  async ofSku(@Param('sku') sku: string) {
    const rows = await this.queries.stockOfSku(skuOfPath(sku));
    if (rows.length === 0) found((await this.log.state(items, itemStream(sku))).state.record, `the item ${sku}`);
    return skuResponse(sku, rows);
  }

  @Get(':sku/ledger')
  @Operation({ summary: 'Every movement of a SKU in a center, in order' })
  async ledger(@Param('sku') sku: string, @Query(validatedQuery(LedgerQuery)) { centerId, cursor, limit = pageSize.default }: LedgerQuery) {
    const after = Number(decodeCursor(cursor, 'number')?.[0] ?? 0);
    return pageOf(await this.queries.ledgerOf(skuOfPath(sku), centerId, after, limit + 1), limit, ledgerResponse, ({ stockVersion }) => [stockVersion]);
  }
}

const answer = (outcome: Moved | Refusal<MoveRefusal>, reply: FastifyReply) => {
  if (isRefusal(outcome)) {
    const { detail, field } = outcome;
    throw refusalToProblem(outcome, moveRefusals, {
      ...(detail === undefined ? {} : { detail }),
      ...(outcome.refused === 'CentersBehind' ? { headers: { 'retry-after': '1' } } : {}),
      ...(field === undefined ? {} : { errors: [{ pointer: field, message: detail ?? 'is not possible' }] }),
    });
  }
  if (outcome.isRepeated) reply.status(200).header('Idempotent-Replayed', 'true');
  return { stock: outcome.rows.map(stockResponse) };
};
