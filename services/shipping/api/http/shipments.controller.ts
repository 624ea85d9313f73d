import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { EVENT_LOG } from '@orderlog/backbone';
import { contextOf, found, identityOf, Operation, Roles, validated } from '@orderlog/edge';
import type { EventLog } from '@orderlog/event-log';
import { shipmentStream } from '@orderlog/shipping-domain';
import type { FastifyRequest } from 'fastify';
import { handOverPackages } from '../../application/hand-over-packages.js';
import type { PackageRegister } from '../../application/ports.js';
import { shipments } from '../../application/shipments.js';
import type { ParcelTracking } from '../../read-models/parcel-tracking/parcel-tracking.queries.js';
import { PACKAGE_REGISTER, PARCELS } from '../tokens.js';
import { HandOverRequest } from './shipping.requests.js';
import { shipmentResponse, trackingResponse } from './shipping.responses.js';

/** Shipments: what the dock hands over, and how far each one is. */
@Controller('/v1/shipments')
export class ShipmentsController {
  constructor(
    @Inject(EVENT_LOG) private readonly log: EventLog,
    @Inject(PACKAGE_REGISTER) private readonly register: PackageRegister,
    @Inject(PARCELS) private readonly parcels: ParcelTracking,
  ) {}

  @Post('/handovers')
  @HttpCode(200)
  @Roles('warehouse', 'ops')
  @Operation({
    summary: 'Gives packages to the carrier',
    description: 'Every package has an answer of its own: its shipment, or why it may not leave. Sent twice it answers the same shipment again.',
    answers: { 200: 'an answer for each package', 422: 'the body is not valid' },
  })
  async handOver(@Body(validated(HandOverRequest)) body: HandOverRequest, @Req() request: FastifyRequest) {
    const { tenantId } = identityOf(request);
    const wanted = { centerId: body.centerId, carrier: body.carrier ?? '', packageIds: body.packageIds, now: new Date().toISOString() };
    const packages = await handOverPackages({ log: this.log, register: this.register }, tenantId, wanted, (correlationId) => contextOf(request, { correlationId }));
    return { packages };
  }

  @Get('/tracking/:trackingNumber')
  @Operation({ summary: 'What the carrier told of one package', answers: { 200: 'the package with its scans', 404: 'no such tracking number' } })
  async tracking(@Param('trackingNumber') trackingNumber: string, @Req() request: FastifyRequest) {
    const { tenantId } = identityOf(request);
    return trackingResponse(found(await this.parcels.byTrackingNumber(tenantId, trackingNumber), `tracking number ${trackingNumber}`));
  }

  @Get('/:fulfillmentOrderId')
  @Operation({ summary: 'The packages of one order from one center', answers: { 200: 'the shipment', 404: 'no package of such a fulfillment order' } })
  async shipment(@Param('fulfillmentOrderId') fulfillmentOrderId: string, @Req() request: FastifyRequest) {
    const tenantId = await this.register.tenantOf(fulfillmentOrderId);
    const isTheirs = tenantId === identityOf(request).tenantId;
    const { state } = found(isTheirs ? await this.log.state(shipments, shipmentStream(fulfillmentOrderId)) : undefined, `fulfillment order ${fulfillmentOrderId}`);
    return shipmentResponse(state);
  }
}
