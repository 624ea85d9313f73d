/** Prices and travel days up to a distance. */
export type DistanceBand = { readonly upToKm: number; readonly perParcel: number; readonly days: number };

/** How routing weighs things. Costs are integers in minor units; a decision names the policy by id and hash. */
export type RoutingPolicy = {
  readonly policyId: string;
  readonly bands: readonly DistanceBand[];
  /** What an express parcel costs, in percent of a standard one. */
  readonly expressPercent: number;
  readonly parcelWeightMaxGrams: number;
  /** Of an item whose copy has not arrived. */
  readonly weightUnknownGrams: number;
  /** For every leg after the first: what a second parcel annoys and packs. */
  readonly splitPenalty: number;
  /** For a leg that missed today's cut-off. */
  readonly latenessStandard: number;
  readonly latenessExpress: number;
  /** For one unit at a center that is full; it grows with the square of the share of the day's capacity that is taken. */
  readonly loadPerUnitMax: number;
  /** Centers that a decision looks at; more than these are cut to the best for each line. */
  readonly centersMax: number;
  readonly candidatesMax: number;
  readonly rejectedMax: number;
  readonly inputsMax: number;
};

/** The policy in force. */
export const standardPolicy: RoutingPolicy = {
  policyId: 'standard-1',
  bands: [
    { upToKm: 50, perParcel: 390, days: 1 },
    { upToKm: 200, perParcel: 450, days: 1 },
    { upToKm: 500, perParcel: 540, days: 2 },
    { upToKm: 1000, perParcel: 710, days: 3 },
    { upToKm: 2000, perParcel: 1050, days: 5 },
    { upToKm: 25_000, perParcel: 1900, days: 8 },
  ],
  expressPercent: 170,
  parcelWeightMaxGrams: 20_000,
  weightUnknownGrams: 500,
  splitPenalty: 250,
  latenessStandard: 120,
  latenessExpress: 600,
  loadPerUnitMax: 20,
  centersMax: 12,
  candidatesMax: 3,
  rejectedMax: 6,
  inputsMax: 8,
};
