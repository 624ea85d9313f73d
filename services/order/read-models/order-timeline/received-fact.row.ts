import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A fact of another service about an order, as the consumer kept it. */
@Entity({ name: 'received_facts', synchronize: false })
export class ReceivedFactRow {
  @PrimaryColumn({ name: 'order_id', type: 'uuid' }) orderId!: string;
  @PrimaryColumn({ type: 'text' }) source!: string;
  @PrimaryColumn({ type: 'smallint' }) shard!: number;
  @PrimaryColumn({ type: 'bigint' }) seq!: number;
  @Column({ name: 'event_id', type: 'uuid' }) eventId!: string;
  @Column({ type: 'text' }) type!: string;
  @Column({ name: 'occurred_at', type: 'timestamptz' }) occurredAt!: string;
  @Column({ name: 'recorded_at', type: 'timestamptz' }) recordedAt!: string;
  @Column({ name: 'actor_type', type: 'text' }) actorType!: string;
  @Column({ name: 'actor_id', type: 'text' }) actorId!: string;
  @Column({ type: 'json' }) data!: object;
}
