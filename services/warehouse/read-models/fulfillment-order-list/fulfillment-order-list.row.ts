import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One fulfillment order in the list of its center. Maps the view, so that a rebuilt table can take its place. */
@Entity({ name: 'fulfillment_order_list' })
export class FulfillmentOrderListRow {
  @PrimaryColumn({ name: 'fulfillment_order_id', type: 'text' }) fulfillmentOrderId!: string;
  @Column({ name: 'order_id', type: 'text' }) orderId!: string;
  @Column({ name: 'center_id', type: 'text' }) centerId!: string;
  @Column({ name: 'center_kind', type: 'text' }) centerKind!: string;
  @Column({ type: 'integer' }) attempt!: number;
  @Column({ type: 'text' }) status!: string;
  @Column({ name: 'request_status', type: 'text' }) requestStatus!: string;
  @Column({ name: 'is_overdue', type: 'boolean' }) isOverdue!: boolean;
  @Column({ name: 'ship_by', type: 'text' }) shipBy!: string;
  @Column({ name: 'answer_by', type: 'text' }) answerBy!: string;
  @Column({ name: 'service_level', type: 'text' }) serviceLevel!: string;
  @Column({ name: 'pick_list_id', type: 'text' }) pickListId!: string;
  @Column({ type: 'integer' }) requested!: number;
  @Column({ type: 'integer' }) packed!: number;
  @Column({ type: 'integer' }) shorted!: number;
  @Column({ type: 'integer' }) cancelled!: number;
  @Column({ type: 'integer' }) packages!: number;
  // A text like every other time of ours: the pool reads timestamptz so, and TypeORM's own conversion would make a Date of it.
  @Column({ name: 'requested_at', type: 'text' }) requestedAt!: string;
  @Column({ name: 'updated_at', type: 'text' }) updatedAt!: string;
}
