import type { LogTransaction } from '@orderlog/event-log';
import type { AvailabilityNow, CenterNow, CenterRecord, DistanceBasis, PlanLine, Point, RoutingPolicy } from '@orderlog/routing-domain';

/** Where a parcel goes, as far as the log knows it. Absent means empty. */
export type Destination = { readonly countryCode: string; readonly region?: string; readonly postalCode?: string; readonly city?: string };

/** A destination on the map. */
export type ResolvedPlace = { readonly point: Point; readonly basis: DistanceBasis };

/** One known postal code. */
export type PostalCoordinate = {
  readonly countryCode: string;
  readonly postalCode: string;
  readonly city: string;
  readonly region: string;
  readonly latitude: number;
  readonly longitude: number;
};

/** The gazetteer: postal codes and what can be said when one is missing. */
export type Places = {
  /** By position: where each destination is; undefined where nothing is known of it. */
  readonly resolve: (tx: Pick<LogTransaction, 'query'>, destinations: readonly Destination[]) => Promise<readonly (ResolvedPlace | undefined)[]>;
  /** Learns postal codes; known ones are replaced. */
  readonly learn: (coordinates: readonly PostalCoordinate[]) => Promise<void>;
};

/** The centers, in memory. */
export type Centers = {
  /** All of them, with their cut-offs and their load, at this moment. */
  readonly now: (nowMs: number) => readonly CenterNow[];
  /** Units were planned: counted here until the read model has them. */
  readonly planned: (centerId: string, shipBy: string, units: number) => void;
  readonly save: (tx: LogTransaction, center: CenterRecord & { readonly version: number }) => Promise<void>;
  /** Reads them again. */
  readonly refresh: () => Promise<void>;
};

/** The copy of the stock that may be promised, less what plans of a moment ago will take from it. */
export type Availability = {
  readonly of: (sku: string, centerId: string, nowMs: number) => AvailabilityNow | undefined;
  readonly planned: (centerId: string, lines: readonly PlanLine[], nowMs: number) => void;
};

/** The copy of the items. */
export type Weights = { readonly gramsOf: (sku: string) => number | undefined };

/** What the use cases stand on. */
export type Routing = {
  readonly places: Places;
  readonly centers: Centers;
  readonly availability: Availability;
  readonly weights: Weights;
  readonly policy: RoutingPolicy;
  readonly policyHash: string;
  readonly nowMs: () => number;
};
