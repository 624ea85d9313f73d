import type { CenterRecord } from '@orderlog/routing-domain';

/** The centers as the planner sees them. */
export type CentersNow = {
  readonly list: () => readonly (CenterRecord & { readonly version: number })[];
  readonly refresh: () => Promise<void>;
};

/** Injection token of the `CentersNow`. */
export const CENTERS = Symbol('orderlog:routing-centers');
