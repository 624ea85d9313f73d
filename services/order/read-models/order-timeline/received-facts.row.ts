import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A fact of another service about an order, as the consumer kept it. */
export type ReceivedFact = {
  readonly source: string;
  readonly shard: number;
  readonly seq: number;
  readonly eventId: string;
  readonly type: string;
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly actor: { readonly type: string; readonly id: string };
  readonly data: object;
};

/** What one transaction of the consumer heard about an order. */
@Entity({ name: 'received_facts', synchronize: false })
export class ReceivedFactsRow {
  @PrimaryColumn({ name: 'order_id', type: 'uuid' }) orderId!: string;
  @PrimaryColumn({ type: 'bigint' }) id!: string;
  @Column({ type: 'simple-json' }) facts!: readonly ReceivedFact[];
}
