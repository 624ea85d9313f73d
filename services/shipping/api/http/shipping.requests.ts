import { CountryCode, Id, Instant, Matching, Nested, NestedList, OneOf, Text, TextList, WholeNumber } from '@orderlog/edge';
import { scanStatuses } from '@orderlog/shipping-domain';

/** Packages in one hand-over, and scans in one webhook, at most. */
export const packagesPerHandOverMax = 500;
export const scansPerWebhookMax = 200;

/** `POST /v1/shipments/handovers` */
export class HandOverRequest {
  @Id({ description: 'the center the packages leave from' }) readonly centerId!: string;
  @Id({ optional: true, description: 'the carrier that takes them; without it every package goes with its own' }) readonly carrier?: string;
  @TextList({ min: 1, max: packagesPerHandOverMax, maxLength: 128 }) readonly packageIds!: readonly string[];
}

/** `GET /v1/shipments/packages` */
export class DockQuery {
  @Id({ optional: true, description: 'of the center whose dock asks; without it of all centers' }) readonly centerId?: string;
  @OneOf(['ready', 'handed_over'], { description: 'ready: labeled and not handed over' }) readonly status!: 'ready' | 'handed_over';
  @WholeNumber({ optional: true, min: 1, max: 500 }) readonly limit?: number;
  @Text({ optional: true, max: 400 }) readonly cursor?: string;
}

/** One scan of a carrier. */
export class ScanRequest {
  @Text({ max: 100, description: "the carrier's own id of the scan" }) readonly scanId!: string;
  @Id() readonly carrier!: string;
  @Matching({ pattern: /^[A-Z0-9]{8,40}$/, says: 'has to be 8 to 40 capital letters and digits' }) readonly trackingNumber!: string;
  @OneOf(scanStatuses) readonly status!: (typeof scanStatuses)[number];
  @Text({ min: 0, max: 300, description: "the carrier's own words" }) readonly text!: string;
  @Instant({ description: 'local time of the place, with its offset' }) readonly scannedAt!: string;
  @Text({ min: 0, max: 120, optional: true }) readonly city?: string;
  @CountryCode({ optional: true }) readonly countryCode?: string;
}

/** The scans of one webhook. */
export class ScansData {
  @NestedList(() => ScanRequest, { min: 1, max: scansPerWebhookMax }) readonly scans!: readonly ScanRequest[];
}

/** `POST /v1/shipments/carrier-scans`: Standard Webhooks' shape. */
export class CarrierScansRequest {
  @OneOf(['tracking.scans']) readonly type!: 'tracking.scans';
  @Instant() readonly timestamp!: string;
  @Nested(() => ScansData) readonly data!: ScansData;
}
