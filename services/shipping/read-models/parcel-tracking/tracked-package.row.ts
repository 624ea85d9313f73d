import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Contents } from '@orderlog/shipping-domain';

/** TypeORM makes `Date` of a `timestamptz`; everywhere else in this service an instant is its RFC 3339 text. */
const asText = {
  from: (value: Date | string | null): string | null => (value === null ? null : new Date(value).toISOString()),
  to: (value: string | null): string | null => value,
};

/** One package as customers and the dock see it. Maps the view, so that a newer version of the tables can take its place. */
@Entity({ name: 'tracked_packages' })
export class TrackedPackage {
  @PrimaryColumn({ name: 'package_id', type: 'text' }) readonly packageId!: string;
  @Column({ name: 'tenant_id', type: 'text' }) readonly tenantId!: string;
  @Column({ name: 'order_id', type: 'text' }) readonly orderId!: string;
  @Column({ name: 'fulfillment_order_id', type: 'text' }) readonly fulfillmentOrderId!: string;
  @Column({ name: 'center_id', type: 'text' }) readonly centerId!: string;
  @Column({ name: 'tracking_token', type: 'text' }) readonly trackingToken!: string;
  @Column({ type: 'text' }) readonly status!: string;
  @Column({ type: 'json' }) readonly lines!: readonly Contents[];
  @Column({ name: 'weight_grams', type: 'integer' }) readonly weightGrams!: number;
  @Column({ name: 'service_level', type: 'text' }) readonly serviceLevel!: string;
  @Column({ name: 'destination_country_code', type: 'text' }) readonly destinationCountryCode!: string;
  @Column({ name: 'destination_city', type: 'text' }) readonly destinationCity!: string;
  @Column({ type: 'text' }) readonly carrier!: string;
  @Column({ name: 'tracking_number', type: 'text' }) readonly trackingNumber!: string;
  @Column({ name: 'tracking_url', type: 'text' }) readonly trackingUrl!: string;
  @Column({ name: 'shipment_id', type: 'text' }) readonly shipmentId!: string;
  @Column({ name: 'planned_delivery', type: 'text' }) readonly plannedDelivery!: string;
  @Column({ name: 'expected_delivery', type: 'text' }) readonly expectedDelivery!: string;
  @Column({ name: 'expected_delivery_from', type: 'text' }) readonly expectedDeliveryFrom!: string;
  @Column({ name: 'expected_delivery_until', type: 'text' }) readonly expectedDeliveryUntil!: string;
  @Column({ name: 'packed_at', type: 'timestamptz', transformer: asText }) readonly packedAt!: string;
  @Column({ name: 'handed_over_at', type: 'timestamptz', nullable: true, transformer: asText }) readonly handedOverAt!: string | null;
  @Column({ name: 'ended_at', type: 'timestamptz', nullable: true, transformer: asText }) readonly endedAt!: string | null;
}

/** One scan of a package, as the carrier told it. */
@Entity({ name: 'tracked_scans' })
export class TrackedScan {
  @PrimaryColumn({ name: 'package_id', type: 'text' }) readonly packageId!: string;
  @PrimaryColumn({ name: 'scan_id', type: 'text' }) readonly scanId!: string;
  @Column({ type: 'text' }) readonly status!: string;
  @Column({ name: 'carrier_text', type: 'text' }) readonly carrierText!: string;
  @Column({ name: 'scanned_at', type: 'timestamptz', transformer: asText }) readonly scannedAt!: string;
  @Column({ type: 'text' }) readonly city!: string;
  @Column({ name: 'country_code', type: 'text' }) readonly countryCode!: string;
  @Column({ name: 'utc_offset_minutes', type: 'integer' }) readonly utcOffsetMinutes!: number;
}
