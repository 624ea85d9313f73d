import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { isRefusal } from '@orderlog/decider';
import { found, Operation, Roles, validated } from '@orderlog/edge';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PickListDocument } from '../../application/ports.js';
import type { Warehouse } from '../../application/warehouse.js';
import { PICK_LIST_DOCUMENT, WAREHOUSE } from '../tokens.js';
import { batchAnswer, byWorker, codeOf } from './acting.js';
import { problemOfRefusal } from './refusals.js';
import { NextTaskRequest, ScansRequest, ShortRequest, UndoRequest } from './requests.js';
import { pickListResponse, taskResponse } from './responses.js';

const pickListIdForm = /^[0-9a-z]{1,64}$/;

/** Tasks and pick lists: what a picker does. */
@Controller('/v1/warehouse')
@Roles('warehouse', 'ops')
export class PickingController {
  constructor(
    @Inject(WAREHOUSE) private readonly warehouse: Warehouse,
    @Inject(PICK_LIST_DOCUMENT) private readonly document: PickListDocument,
  ) {}

  /** One big next action. */
  @Post('tasks/next')
  @HttpCode(200)
  @Operation({ summary: 'The next task of a worker; asking again gives the same until it is done', answers: { 200: 'a task, or null when there is none' } })
  async next(@Body(validated(NextTaskRequest)) { centerId, workerId, waveSizeMax }: NextTaskRequest, @Req() request: FastifyRequest) {
    return taskResponse(this.warehouse.items, await this.warehouse.handOutTask(centerId, workerId, byWorker(request, workerId), waveSizeMax));
  }

  /** On paper, with barcodes: for the day the scanners are down. */
  @Get('pick-lists/:id.pdf')
  @Operation({ summary: 'A pick list to print', answers: { 200: 'PDF', 404: 'there is none' } })
  async print(@Param('id') id: string, @Res() reply: FastifyReply) {
    const { id: pickListId, centerId, workerId, entries } = pickListResponse(this.warehouse.items, await this.wave(id));
    const pdf = await this.document({ pickListId, centerId, workerId, entries });
    return reply.header('content-type', 'application/pdf').header('content-disposition', `inline; filename="pick-list-${pickListId}.pdf"`).send(pdf);
  }

  /** The list with what is left at each stop. */
  @Get('pick-lists/:id')
  @Operation({ summary: 'Shows a pick list', answers: { 200: 'as it is now', 404: 'there is none' } })
  async show(@Param('id') id: string) {
    return pickListResponse(this.warehouse.items, await this.wave(id));
  }

  /** Scans, in the order they were made. */
  @Post('pick-lists/:id/scans')
  @HttpCode(200)
  @Operation({
    summary: 'Records scans at the bins (at most 100)',
    description: 'Units go to the fulfillment orders of the list in its order. Each scan is answered by itself; a single one that is wrong is a problem that says what was expected.',
    answers: { 200: 'a result for each scan', 404: 'there is no such list', 409: 'the only scan was refused' },
  })
  async scan(@Param('id') id: string, @Body(validated(ScansRequest)) { workerId, scans }: ScansRequest, @Req() request: FastifyRequest) {
    const sent = scans.map(({ scanId, barcode, sku, bin = '', quantity = 1, fulfillmentOrderId = '' }, n) => ({
      scanId,
      bin,
      quantity,
      fulfillmentOrderId,
      code: codeOf({ ...(barcode === undefined ? {} : { barcode }), ...(sku === undefined ? {} : { sku }) }, `/scans/${n}`),
    }));
    const results = await this.warehouse.recordScans(id, workerId, sent, byWorker(request, workerId));
    if (isRefusal(results)) throw problemOfRefusal(results);
    return batchAnswer(results);
  }

  /** A wrong scan is taken back. */
  @Post('pick-lists/:id/undo')
  @HttpCode(200)
  @Operation({ summary: 'Takes a scan back', answers: { 200: 'the units to pick again', 404: 'no such scan', 409: 'the units are sorted already' } })
  async undo(@Param('id') id: string, @Body(validated(UndoRequest)) { workerId, scanId }: UndoRequest, @Req() request: FastifyRequest) {
    const shares = await this.warehouse.undoScan(id, workerId, scanId, byWorker(request, workerId));
    if (isRefusal(shares)) throw problemOfRefusal(shares);
    return { scanId, shares };
  }

  /** Units that were not there. */
  @Post('pick-lists/:id/shorts')
  @HttpCode(200)
  @Operation({
    summary: 'Reports units that were not there',
    description: 'They are taken from the last fulfillment orders of the list, which are the furthest from complete; the order routes them anew.',
    answers: { 200: 'the units that go short', 404: 'no such list', 409: 'more than is left to pick' },
  })
  async short(@Param('id') id: string, @Body(validated(ShortRequest)) body: ShortRequest, @Req() request: FastifyRequest) {
    const { workerId, scanId, fulfillmentOrderId = '', ...report } = body;
    const shares = await this.warehouse.reportShort(id, workerId, { ...report, scanId, fulfillmentOrderId }, byWorker(request, workerId));
    if (isRefusal(shares)) throw problemOfRefusal(shares);
    return { scanId, shares };
  }

  private async wave(id: string) {
    return found(pickListIdForm.test(id) ? await this.warehouse.readWave(id) : undefined, `pick list ${id}`);
  }
}
