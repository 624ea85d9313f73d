import { CountryCode, Matching, MinorUnits, NestedList, NumberBetween, OneOf, Text, TextList, Truth, WholeNumber } from '@orderlog/edge';
import { centerKinds, type CenterKind } from '@orderlog/routing-domain';

/** A fulfillment center, without its id. */
export class CenterRequest {
  @Text({ max: 100 }) name!: string;
  @OneOf(centerKinds) kind!: CenterKind;
  @CountryCode() countryCode!: string;
  @Text({ max: 100, min: 0, optional: true }) region?: string;
  @Text({ max: 20, min: 0, optional: true }) postalCode?: string;
  @Text({ max: 100 }) city!: string;
  @NumberBetween({ min: -90, max: 90, optional: true, description: 'taken from the postal code or city unless told' }) latitude?: number;
  @NumberBetween({ min: -180, max: 180, optional: true }) longitude?: number;
  @Text({ max: 64, description: 'IANA', example: 'Europe/Vienna' }) timeZone!: string;
  @Matching({ pattern: /^([01]\d|2[0-3]):[0-5]\d$/, says: 'has to be a time of day, such as 14:30', description: 'by the clock of the center' }) cutOff!: string;
  @WholeNumber({ min: 1, max: 100_000_000 }) capacityUnitsPerDay!: number;
  @TextList({ max: 250, maxLength: 2, optional: true, description: 'country codes; empty: everywhere' }) shipsTo?: string[];
  @MinorUnits({ optional: true, description: 'minor units a parcel; 0 unless told' }) handlingCost?: number;
  @Truth({ optional: true, description: 'true: the center gets no new work' }) stopped?: boolean;
}

/** Where one postal code is. */
export class CoordinateRequest {
  @CountryCode() countryCode!: string;
  @Text({ max: 20 }) postalCode!: string;
  @Text({ max: 100, min: 0, optional: true }) city?: string;
  @Text({ max: 100, min: 0, optional: true }) region?: string;
  @NumberBetween({ min: -90, max: 90 }) latitude!: number;
  @NumberBetween({ min: -180, max: 180 }) longitude!: number;
}

/** Where many postal codes are. */
export class CoordinatesRequest {
  @NestedList(() => CoordinateRequest, { min: 1, max: 5000 }) coordinates!: CoordinateRequest[];
}
