import type { ProblemKind } from '@orderlog/edge';

/** A center without coordinates whose address says nothing either. */
export const centerLocationUnknown: ProblemKind = {
  slug: 'center-location-unknown',
  status: 422,
  title: 'Neither coordinates nor a known postal code or city say where the center is',
};
