import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One line of an order that waits for stock, or was told of stock and is on its way. */
@Entity({ name: 'backorder_lines', synchronize: false })
export class BackorderQueueRow {
  @PrimaryColumn({ name: 'order_id', type: 'text' }) orderId!: string;
  @PrimaryColumn({ name: 'line_id', type: 'text' }) lineId!: string;
  @Column({ type: 'text' }) sku!: string;
  @Column({ type: 'integer' }) waiting!: number;
  @Column({ type: 'integer' }) covered!: number;
  @Column({ name: 'queued_at', type: 'timestamptz' }) queuedAt!: string;
}
