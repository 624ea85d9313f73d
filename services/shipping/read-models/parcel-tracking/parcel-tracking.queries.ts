import { In, type DataSource } from 'typeorm';
import { TrackedPackage, TrackedScan } from './tracked-package.row.js';

/** A package with its scans, newest first. */
export type TrackedParcel = { readonly box: TrackedPackage; readonly scans: readonly TrackedScan[] };

/** A page of this many packages at most. */
export const dockPageMax = 500;

/** Whose docks, and which packages. */
export type DockList = { readonly tenantId: string; readonly status: 'labeled' | 'handed_over'; readonly centerId: string | undefined };

/** The questions the tracking page, the tracking API and the dock ask. */
export type ParcelTracking = {
  /** Every package of an order, in the order they were packed; empty for a token nobody has. */
  readonly byToken: (token: string) => Promise<readonly TrackedParcel[]>;
  readonly byTrackingNumber: (tenantId: string, trackingNumber: string) => Promise<TrackedParcel | undefined>;
  readonly byPackage: (tenantId: string, packageId: string) => Promise<TrackedPackage | undefined>;
  /** Packages of one status, oldest first; one row more than `limit` tells that there is a next page. */
  readonly atDocks: (which: DockList, limit: number, after?: readonly [packedAt: string, packageId: string]) => Promise<readonly TrackedPackage[]>;
};

/** Answers them from the read model. */
export const parcelQueries = (source: DataSource): ParcelTracking => {
  const packages = source.getRepository(TrackedPackage);
  const scans = source.getRepository(TrackedScan);
  const withScans = async (boxes: readonly TrackedPackage[]): Promise<readonly TrackedParcel[]> => {
    if (boxes.length === 0) return [];
    const all = await scans.find({ where: { packageId: In(boxes.map(({ packageId }) => packageId)) }, order: { scannedAt: 'DESC', scanId: 'DESC' } });
    return boxes.map((box) => ({ box, scans: all.filter(({ packageId }) => packageId === box.packageId) }));
  };
  return {
    byToken: async (token) => withScans(await packages.find({ where: { trackingToken: token }, order: { packedAt: 'ASC', packageId: 'ASC' } })),
    byTrackingNumber: async (tenantId, trackingNumber) => {
      const [newest] = await packages.find({ where: { tenantId, trackingNumber }, order: { packedAt: 'DESC' }, take: 1 });
      return newest === undefined ? undefined : (await withScans([newest]))[0];
    },
    byPackage: async (tenantId, packageId) => (await packages.findOneBy({ tenantId, packageId })) ?? undefined,
    atDocks: ({ tenantId, status, centerId }, limit, after) => {
      const query = packages
        .createQueryBuilder('box')
        // The status is said in full and not as a parameter, so that the partial indexes are used.
        .where(`box.status = '${status}'`)
        .andWhere('box.tenantId = :tenantId', { tenantId })
        .orderBy('box.packedAt')
        .addOrderBy('box.packageId')
        .limit(limit + 1);
      if (centerId !== undefined) query.andWhere('box.centerId = :centerId', { centerId });
      if (after !== undefined) query.andWhere('(box.packedAt, box.packageId) > (:packedAt, :packageId)', { packedAt: after[0], packageId: after[1] });
      return query.getMany();
    },
  };
};
