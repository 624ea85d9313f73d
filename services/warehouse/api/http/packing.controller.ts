import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put, Req } from '@nestjs/common';
import { isRefusal } from '@orderlog/decider';
import { BodyLimit, idForm, Operation, Problem, problems, Roles, validated } from '@orderlog/edge';
import { binCode } from '@orderlog/warehouse-domain';
import type { FastifyRequest } from 'fastify';
import type { PackageToClose } from '../../application/pack.js';
import type { Warehouse } from '../../application/warehouse.js';
import type { WorkQueue } from '../../read-models/work-queue/work-queue.queries.js';
import { WAREHOUSE, WORK_QUEUE } from '../tokens.js';
import { batchAnswer, byWorker, codeOf } from './acting.js';
import { problemOfRefusal } from './refusals.js';
import { BinsRequest, ClosePackageRequest, fulfillmentOrderIdForm, PackagesRequest, SortingsRequest, type PackageRequest } from './requests.js';

/** A bulk load of bins is larger than other bodies. */
const binsBytesMax = 2 * 1024 * 1024;

const toClose = (fulfillmentOrderId: string, { packageNumber, carton = '', weightGrams = 0, lines }: PackageRequest, pointer: string): PackageToClose => {
  // Without a number a repeated request would close a second package.
  if (lines !== undefined && packageNumber === undefined)
    throw new Problem(problems.invalidRequest, { errors: [{ pointer: `${pointer}/packageNumber`, message: 'is needed when the contents are named' }] });
  return { fulfillmentOrderId, carton, weightGrams, ...(packageNumber === undefined ? {} : { packageNumber }), ...(lines === undefined ? {} : { lines }) };
};

const centerOf = (id: string): string => {
  if (!idForm.test(id)) throw new Problem(problems.notFound, { detail: `center ${id} does not exist` });
  return id;
};

/** Put wall, packing table, shelves. */
@Controller('/v1/warehouse')
@Roles('warehouse', 'ops')
export class PackingController {
  constructor(
    @Inject(WAREHOUSE) private readonly warehouse: Warehouse,
    @Inject(WORK_QUEUE) private readonly queue: WorkQueue,
  ) {}

  /** Units laid into the cells of the put wall. */
  @Post('sortings')
  @HttpCode(200)
  @Operation({
    summary: 'Confirms units in their cells: single ones (at most 100), or all of a pick list',
    answers: { 200: 'a result for each sorting, or the fulfillment orders that can be packed', 404: 'there is no such list', 409: 'the only sorting was refused' },
  })
  async sort(@Body(validated(SortingsRequest)) { workerId, pickListId, sortings }: SortingsRequest, @Req() request: FastifyRequest) {
    const contextFor = byWorker(request, workerId);
    if (pickListId !== undefined && sortings === undefined) {
      const outcome = await this.warehouse.sortWave(pickListId, workerId, contextFor);
      if (isRefusal(outcome)) throw problemOfRefusal(outcome);
      return { pickListId, ready: outcome.ready };
    }
    if (sortings === undefined || pickListId !== undefined)
      throw new Problem(problems.invalidRequest, { errors: [{ pointer: '/sortings', message: 'has to be there, or a pickListId in its place' }] });
    const sent = sortings.map(({ scanId, fulfillmentOrderId, barcode, sku, quantity = 1, cell }, n) => ({
      scanId,
      fulfillmentOrderId,
      quantity,
      cell,
      code: codeOf({ ...(barcode === undefined ? {} : { barcode }), ...(sku === undefined ? {} : { sku }) }, `/sortings/${n}`),
    }));
    return batchAnswer(await this.warehouse.recordSortings(workerId, sent, contextFor));
  }

  /** Packages of several fulfillment orders. */
  @Post('packages')
  @HttpCode(200)
  @Operation({ summary: 'Closes packages (at most 100), each by itself', answers: { 200: 'a result for each package', 409: 'the only package was refused' } })
  async pack(@Body(validated(PackagesRequest)) { workerId, packages }: PackagesRequest, @Req() request: FastifyRequest) {
    const sent = packages.map(({ fulfillmentOrderId, ...box }, n) => toClose(fulfillmentOrderId, box, `/packages/${n}`));
    return batchAnswer(await this.warehouse.closePackages(workerId, sent, byWorker(request, workerId)));
  }

  /** One package. */
  @Post('fulfillment-orders/:id/packages')
  @HttpCode(200)
  @Operation({
    summary: 'Closes a package: everything in the cell, or the named lines of package number n',
    answers: { 200: 'closed', 404: 'there is no such fulfillment order', 409: 'not everything is picked, or nothing is left' },
  })
  async packOne(@Param('id') id: string, @Body(validated(ClosePackageRequest)) body: ClosePackageRequest, @Req() request: FastifyRequest) {
    if (!fulfillmentOrderIdForm.test(id)) throw new Problem(problems.notFound, { detail: `fulfillment order ${id} does not exist` });
    const { workerId, ...box } = body;
    const { results } = batchAnswer(await this.warehouse.closePackages(workerId, [toClose(id, box, '')], byWorker(request, workerId)));
    return results[0];
  }

  /** Where the SKUs of a center lie. */
  @Put('centers/:id/bins')
  @BodyLimit(binsBytesMax)
  @Operation({ summary: 'Records where SKUs lie in a center (at most 5,000); others have an assumed bin', answers: { 200: 'recorded' } })
  async bins(@Param('id') id: string, @Body(validated(BinsRequest)) { bins }: BinsRequest) {
    await this.warehouse.bins.record(
      centerOf(id),
      bins.map(({ sku, aisle, bay, level }) => ({ sku, bin: binCode({ aisle, bay, level }) })),
    );
    return { centerId: id, recorded: bins.length };
  }

  /** How much work lies where. */
  @Get('centers/:id/queue')
  @Operation({ summary: 'The work at hand in a center: what waits, is picked, sorted, packed, and by whom', answers: { 200: 'as of now' } })
  work(@Param('id') id: string) {
    return this.queue.ofCenter(centerOf(id));
  }
}
