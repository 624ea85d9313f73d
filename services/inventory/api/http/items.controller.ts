import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put, Req } from '@nestjs/common';
import { EVENT_LOG } from '@orderlog/backbone';
import { BodyLimit, contextOf, found, Operation, Problem, problems, Roles, skuForm, validated } from '@orderlog/edge';
import type { EventLog } from '@orderlog/event-log';
import type { ItemRecord } from '@orderlog/inventory-domain';
import type { FastifyRequest } from 'fastify';
import { items, itemStream } from '../../application/streams.js';
import { USE_CASES, type UseCases } from '../../application/use-cases.js';
import { ItemRequest, ItemsRequest, type ListedItemRequest } from './stock.request.js';

const bulkBytesMax = 1024 * 1024;

const record = (request: ListedItemRequest): ItemRecord => ({
  sku: request.sku,
  name: request.name,
  weightGrams: request.weightGrams,
  lengthMm: request.lengthMm ?? 0,
  widthMm: request.widthMm ?? 0,
  heightMm: request.heightMm ?? 0,
  hazmat: request.hazmat ?? false,
  barcodes: (request.barcodes ?? []).map(({ symbology, value }) => ({ symbology, value })),
  active: request.active ?? true,
});

/** The SKU of a path; one that could not be stored is told so. */
export const skuOfPath = (sku: string): string => {
  if (skuForm.test(sku)) return sku;
  throw new Problem(problems.invalidRequest, { errors: [{ pointer: ':sku', message: 'has to be 1 to 64 printable ASCII characters without space and @' }] });
};

/** The items: what can be sold and stored. */
@Controller('/v1/stock/items')
export class ItemsController {
  constructor(
    @Inject(EVENT_LOG) private readonly log: EventLog,
    @Inject(USE_CASES) private readonly inventory: UseCases,
  ) {}

  @Put(':sku')
  @Roles('ops', 'import')
  @Operation({ summary: 'Defines an item, new or anew', answers: { 200: 'as it stands now', 422: 'the body is not valid' } })
  async define(@Param('sku') sku: string, @Body(validated(ItemRequest)) body: ItemRequest, @Req() request: FastifyRequest) {
    const wanted = record({ ...body, sku: skuOfPath(sku) });
    const { items: defined } = await this.inventory.defineItems([wanted], () => contextOf(request, { correlationId: itemStream(sku) }));
    return defined[0];
  }

  @Post()
  @HttpCode(200)
  @BodyLimit(bulkBytesMax)
  @Roles('ops', 'import')
  @Operation({ summary: 'Defines up to 500 items, all or none', answers: { 200: 'how many were given and how many changed', 422: 'the body is not valid' } })
  async defineMany(@Body(validated(ItemsRequest)) body: ItemsRequest, @Req() request: FastifyRequest) {
    const { items: defined, changed } = await this.inventory.defineItems(body.items.map(record), (sku) => contextOf(request, { correlationId: itemStream(sku) }));
    return { items: defined.length, changed };
  }

  @Get(':sku')
  @Operation({ summary: 'An item', answers: { 404: 'there is no such item' } })
  async show(@Param('sku') sku: string) {
    const { state, version } = await this.log.state(items, itemStream(skuOfPath(sku)));
    return { ...found(state.record, `the item ${sku}`), version };
  }
}
