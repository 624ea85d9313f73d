import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One order in a list; maps the view, so that another version of the table can take its place. */
@Entity({ name: 'order_summary', synchronize: false })
export class OrderSummaryRow {
  @PrimaryColumn({ name: 'order_id', type: 'uuid' }) orderId!: string;
  @Column({ name: 'tenant_id', type: 'text' }) tenantId!: string;
  @Column({ type: 'text' }) channel!: string;
  @Column({ name: 'external_reference', type: 'text' }) externalReference!: string;
  @Column({ type: 'text' }) number!: string;
  @Column({ type: 'text' }) status!: string;
  @Column({ type: 'integer' }) version!: number;
  @Column({ type: 'text' }) currency!: string;
  @Column({ name: 'grand_total', type: 'bigint' }) grandTotal!: number;
  @Column({ type: 'integer' }) units!: number;
  @Column({ name: 'backordered_units', type: 'integer' }) backorderedUnits!: number;
  @Column({ name: 'payment_status', type: 'text' }) paymentStatus!: string;
  /** Comma-separated. */
  @Column({ name: 'hold_reasons', type: 'text' }) holdReasons!: string;
  @Column({ name: 'country_code', type: 'text' }) countryCode!: string;
  @Column({ name: 'has_open_cancellation', type: 'boolean' }) hasOpenCancellation!: boolean;
  @Column({ name: 'due_at', type: 'timestamptz', nullable: true }) dueAt!: string | null;
  @Column({ name: 'review_at', type: 'timestamptz', nullable: true }) reviewAt!: string | null;
  @Column({ name: 'placed_at', type: 'timestamptz' }) placedAt!: string;
  @Column({ name: 'created_at', type: 'timestamptz' }) createdAt!: string;
  @Column({ name: 'updated_at', type: 'timestamptz' }) updatedAt!: string;
}
