import { Controller, Get, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { EVENT_LOG } from '@orderlog/backbone';
import { BodyLimit, KeepRawBody, Operation, Problem, problems, Public, rawBodyOf, Roles, validate } from '@orderlog/edge';
import type { EventLog } from '@orderlog/event-log';
import type { FastifyRequest } from 'fastify';
import type { PackageRegister, ScanQuarantine, WebhookProof } from '../../application/ports.js';
import { recordCarrierScans, type IncomingScan } from '../../application/record-scans.js';
import { PACKAGE_REGISTER, QUARANTINE, WEBHOOK_PROOF } from '../tokens.js';
import { CarrierScansRequest, type ScanRequest } from './shipping.requests.js';

const proofHeaders = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;
const quarantineListMax = 200;

/** Minutes east of UTC in an RFC 3339 time. */
const offsetOf = (instant: string): number => {
  const [, sign, hours, minutes] = /([+-])(\d{2}):(\d{2})$/.exec(instant) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
};

const scanOf = (scan: ScanRequest): IncomingScan => ({
  carrier: scan.carrier,
  trackingNumber: scan.trackingNumber,
  scanId: scan.scanId,
  status: scan.status,
  carrierText: scan.text,
  scannedAt: new Date(scan.scannedAt).toISOString(),
  city: scan.city ?? '',
  countryCode: scan.countryCode ?? '',
  utcOffsetMinutes: offsetOf(scan.scannedAt),
});

/** Where carriers tell what they scanned: signed webhooks, no API key. */
@Controller('/v1/shipments/carrier-scans')
export class CarrierScansController {
  constructor(
    @Inject(EVENT_LOG) private readonly log: EventLog,
    @Inject(PACKAGE_REGISTER) private readonly register: PackageRegister,
    @Inject(QUARANTINE) private readonly quarantine: ScanQuarantine,
    @Inject(WEBHOOK_PROOF) private readonly proves: WebhookProof,
  ) {}

  @Post()
  @Public()
  @KeepRawBody()
  @BodyLimit(512 * 1024)
  @HttpCode(202)
  @Operation({
    summary: 'Scans of a carrier, as a signed webhook (Standard Webhooks 1.0)',
    description: 'Sent again it changes nothing: scans are known by their ids. A scan nobody can place is kept for people to look at.',
    answers: { 202: 'taken', 401: 'wrong or old signature', 422: 'the body is not valid' },
  })
  async scans(@Req() request: FastifyRequest) {
    const headers = Object.fromEntries(proofHeaders.map((name) => [name, String(request.headers[name] ?? '')]));
    if (!this.proves(rawBodyOf(request), headers)) {
      throw new Problem(problems.unauthenticated, { detail: 'The webhook is not signed with our common secret, or it is older than five minutes.' });
    }
    // Only now: nobody learns from our answers what a body should look like who cannot sign one.
    const { data } = validate(CarrierScansRequest, request.body);
    return recordCarrierScans({ log: this.log, register: this.register, quarantine: this.quarantine }, headers['webhook-id'] ?? '', data.scans.map(scanOf));
  }

  @Get('/quarantined')
  @Roles('ops')
  @Operation({ summary: 'Scans that could not be placed, newest first', answers: { 200: 'at most 200 of them' } })
  async quarantined() {
    return { scans: await this.quarantine.newest(quarantineListMax) };
  }
}
