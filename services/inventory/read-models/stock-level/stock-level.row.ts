import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One row of the stock, as it stands. */
@Entity({ name: 'stock', synchronize: false })
export class StockLevelRow {
  @PrimaryColumn({ type: 'text' }) sku!: string;
  @PrimaryColumn({ name: 'center_id', type: 'text' }) centerId!: string;
  @Column({ type: 'integer' }) available!: number;
  @Column({ type: 'integer' }) reserved!: number;
  @Column({ type: 'integer' }) committed!: number;
  @Column({ type: 'integer' }) quarantine!: number;
  @Column({ type: 'integer' }) damaged!: number;
  @Column({ type: 'integer' }) safety!: number;
  @Column({ type: 'bigint' }) version!: number;
}
