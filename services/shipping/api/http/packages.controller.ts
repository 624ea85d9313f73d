import { Controller, Get, Header, HttpCode, Inject, Param, Post, Query, Req, StreamableFile } from '@nestjs/common';
import { EVENT_LOG } from '@orderlog/backbone';
import { contextOf, decodeCursor, found, identityOf, Operation, pageOf, refusalToProblem, Roles, validatedQuery } from '@orderlog/edge';
import { isRefusal } from '@orderlog/decider';
import type { EventLog } from '@orderlog/event-log';
import type { FastifyRequest } from 'fastify';
import type { Addresses, LabelDrawing, PackageOwner, PackageRegister, ReferenceData } from '../../application/ports.js';
import { isPrintRefusal, printLabel } from '../../application/print-label.js';
import { retryLabel } from '../../application/retry-label.js';
import { dockPageMax, type ParcelTracking } from '../../read-models/parcel-tracking/parcel-tracking.queries.js';
import { ADDRESSES, CARRIERS_FOR, LABEL_DRAWING, PACKAGE_REGISTER, PARCELS, REFERENCE } from '../tokens.js';
import { shippingRefusals } from './shipping.refusals.js';
import { DockQuery } from './shipping.requests.js';
import { dockResponse } from './shipping.responses.js';

/** Packages: the dock's list, their labels. */
@Controller('/v1/shipments/packages')
export class PackagesController {
  constructor(
    @Inject(EVENT_LOG) private readonly log: EventLog,
    @Inject(PACKAGE_REGISTER) private readonly register: PackageRegister,
    @Inject(PARCELS) private readonly parcels: ParcelTracking,
    @Inject(ADDRESSES) private readonly addresses: Addresses,
    @Inject(REFERENCE) private readonly reference: ReferenceData,
    @Inject(LABEL_DRAWING) private readonly draw: LabelDrawing,
    @Inject(CARRIERS_FOR) private readonly carriersFor: (serviceLevel: string) => readonly string[],
  ) {}

  @Get()
  @Roles('warehouse', 'ops')
  @Operation({ summary: 'What docks may hand over (ready), or have handed over and is on its way; oldest first', answers: { 200: 'a page of packages' } })
  async atDocks(@Query(validatedQuery(DockQuery)) query: DockQuery, @Req() request: FastifyRequest) {
    const { centerId, status, limit = dockPageMax } = query;
    const place = decodeCursor(query.cursor, 'instant', 'text');
    const after = place === undefined ? undefined : ([String(place[0]), String(place[1])] as const);
    const rows = await this.parcels.atDocks({ tenantId: identityOf(request).tenantId, status: status === 'ready' ? 'labeled' : status, centerId }, limit, after);
    return pageOf(rows, limit, dockResponse, ({ packedAt, packageId }) => [packedAt, packageId]);
  }

  @Get('/:packageId/label.pdf')
  @Header('content-type', 'application/pdf')
  @Header('cache-control', 'no-store')
  @Roles('warehouse', 'ops')
  @Operation({ summary: 'The label to print, 4 by 6 inches', answers: { 200: 'a PDF', 404: 'no such package', 409: 'it has no label in use' } })
  async label(@Param('packageId') packageId: string, @Req() request: FastifyRequest): Promise<StreamableFile> {
    const printed = await printLabel({ log: this.log, addresses: this.addresses, reference: this.reference, draw: this.draw }, await this.owned(packageId, request));
    if (isPrintRefusal(printed)) throw refusalToProblem(printed, shippingRefusals, printed.detail === undefined ? {} : { detail: printed.detail });
    return new StreamableFile(printed, { type: 'application/pdf', disposition: `inline; filename="${packageId}.pdf"` });
  }

  @Post('/:packageId/label')
  @HttpCode(202)
  @Roles('warehouse', 'ops')
  @Operation({ summary: 'Asks for a label again after it failed', answers: { 202: 'asked for', 404: 'no such package', 409: 'the label has not failed' } })
  async retry(@Param('packageId') packageId: string, @Req() request: FastifyRequest) {
    const owner = await this.owned(packageId, request);
    const outcome = await retryLabel(this.log, owner, this.carriersFor, contextOf(request, { correlationId: owner.orderId }));
    if (isRefusal(outcome)) throw refusalToProblem(outcome, shippingRefusals, outcome.detail === undefined ? {} : { detail: outcome.detail });
    return { packageId, status: outcome.state.packages.get(packageId)?.status };
  }

  /** The package, if it is one of the caller's tenant. */
  private async owned(packageId: string, request: FastifyRequest): Promise<PackageOwner> {
    const owner = (await this.register.owners([packageId])).get(packageId);
    return found(owner?.tenantId === identityOf(request).tenantId ? owner : undefined, `package ${packageId}`);
  }
}
