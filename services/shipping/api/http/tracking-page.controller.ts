import { Controller, Get, Inject, Param, Res } from '@nestjs/common';
import { Operation, Public } from '@orderlog/edge';
import type { FastifyReply } from 'fastify';
import type { ReferenceData } from '../../application/ports.js';
import type { ParcelTracking } from '../../read-models/parcel-tracking/parcel-tracking.queries.js';
import { PARCELS, REFERENCE } from '../tokens.js';
import { noParcelPage, trackingPage } from './tracking-page.js';

/** Longer or stranger than any token of ours: not even looked up. */
const tokenForm = /^[A-Za-z0-9_-]{8,128}$/;

const headers = {
  'content-type': 'text/html; charset=utf-8',
  // The page is the parcel's, not the browser history's: nothing is kept, framed, referred or executed.
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-robots-tag': 'noindex, nofollow',
} as const;

/** The customer's page: no login, no script, nothing personal beyond the city. */
@Controller('/track')
export class TrackingPageController {
  constructor(
    @Inject(PARCELS) private readonly parcels: ParcelTracking,
    @Inject(REFERENCE) private readonly reference: ReferenceData,
  ) {}

  @Get('/:token')
  @Public()
  @Operation({ summary: 'The tracking page of an order', answers: { 200: 'HTML', 404: 'HTML: no parcel is known by this link (yet)' } })
  async page(@Param('token') token: string, @Res() reply: FastifyReply): Promise<void> {
    const parcels = tokenForm.test(token) ? await this.parcels.byToken(token) : [];
    const html = parcels.length === 0 ? noParcelPage() : trackingPage(parcels, (sku) => this.reference.nameOf(sku));
    await reply
      .code(parcels.length === 0 ? 404 : 200)
      .headers(headers)
      .send(html);
  }
}
