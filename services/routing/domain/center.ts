import { type Command, type Decider, type Event } from '@orderlog/decider';

/** Who runs a center: we, another company, or a shop that also sends. */
export const centerKinds = ['own', 'third_party', 'store'] as const;
export type CenterKind = (typeof centerKinds)[number];

/** The owner's record of a fulfillment center. */
export type CenterRecord = {
  readonly centerId: string;
  readonly name: string;
  readonly kind: CenterKind;
  readonly countryCode: string;
  readonly region: string;
  readonly postalCode: string;
  readonly city: string;
  readonly latitude: number;
  readonly longitude: number;
  /** IANA. */
  readonly timeZone: string;
  /** HH:MM of the center's day; what is routed later ships on the next day. */
  readonly cutOff: string;
  readonly capacityUnitsPerDay: number;
  /** Country codes; empty: everywhere. */
  readonly shipsTo: readonly string[];
  /** Minor units a parcel. */
  readonly handlingCost: number;
  /** Stop-ship: the center gets no new work. */
  readonly stopped: boolean;
};

export type CenterCommand = Command<'DefineCenter', CenterRecord>;
export type CenterEvent = Event<'CenterDefined', CenterRecord>;

/** The record as last defined; undefined before the first time. */
export type Center = { readonly record: CenterRecord | undefined };

const copy = (record: CenterRecord): CenterRecord => ({
  centerId: record.centerId,
  name: record.name,
  kind: record.kind,
  countryCode: record.countryCode,
  region: record.region,
  postalCode: record.postalCode,
  city: record.city,
  latitude: record.latitude,
  longitude: record.longitude,
  timeZone: record.timeZone,
  cutOff: record.cutOff,
  capacityUnitsPerDay: record.capacityUnitsPerDay,
  shipsTo: [...record.shipsTo],
  handlingCost: record.handlingCost,
  stopped: record.stopped,
});

/** One fulfillment center. Stream `center-<centerId>`. */
export const center: Decider<CenterCommand, CenterEvent, Center> = {
  initialState: { record: undefined },
  decide: ({ data }, { record }) =>
    // Both sides are rebuilt in one order of fields, so that they compare as text.
    record !== undefined && JSON.stringify(copy(data)) === JSON.stringify(record) ? [] : [{ type: 'CenterDefined', data: copy(data) }],
  evolve: (_, { data }) => ({ record: copy(data) }),
};
