import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Units planned for one center on one day of dispatch. */
@Entity({ name: 'center_load', synchronize: false })
export class CenterLoadRow {
  @PrimaryColumn({ name: 'center_id', type: 'text' }) centerId!: string;
  @PrimaryColumn({ type: 'date' }) day!: string;
  @Column({ type: 'bigint' }) units!: number;
}
