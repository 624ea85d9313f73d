import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One movement of one stock row. */
@Entity({ name: 'stock_ledger', synchronize: false })
export class StockLedgerRow {
  @PrimaryColumn({ type: 'text' }) sku!: string;
  @PrimaryColumn({ name: 'center_id', type: 'text' }) centerId!: string;
  @PrimaryColumn({ name: 'stock_version', type: 'bigint' }) stockVersion!: number;
  @Column({ type: 'text' }) type!: string;
  @Column({ name: 'event_id', type: 'text' }) eventId!: string;
  @Column({ name: 'stream_id', type: 'text' }) streamId!: string;
  @Column({ name: 'order_id', type: 'text' }) orderId!: string;
  @Column({ name: 'line_id', type: 'text' }) lineId!: string;
  @Column({ name: 'fulfillment_order_id', type: 'text' }) fulfillmentOrderId!: string;
  @Column({ type: 'text' }) reason!: string;
  @Column({ type: 'integer' }) quantity!: number;
  @Column({ type: 'integer' }) available!: number;
  @Column({ type: 'integer' }) reserved!: number;
  @Column({ type: 'integer' }) committed!: number;
  @Column({ type: 'integer' }) quarantine!: number;
  @Column({ type: 'integer' }) damaged!: number;
  @Column({ type: 'integer' }) safety!: number;
  @Column({ name: 'actor_type', type: 'text' }) actorType!: string;
  @Column({ name: 'actor_id', type: 'text' }) actorId!: string;
  @Column({ name: 'recorded_at', type: 'timestamptz' }) recordedAt!: string;
}
