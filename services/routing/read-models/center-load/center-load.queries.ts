import { MoreThanOrEqual, type DataSource } from 'typeorm';
import { CenterLoadRow } from './center-load.row.js';

/** The load of every center from a day on. */
export const loadSince = (source: DataSource, day: string): Promise<CenterLoadRow[]> =>
  source.getRepository(CenterLoadRow).find({ where: { day: MoreThanOrEqual(day) }, order: { centerId: 'ASC', day: 'ASC' } });
