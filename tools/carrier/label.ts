/** An address as carriers take it. */
export type CarrierAddress = {
  readonly name?: string;
  readonly company?: string;
  readonly line1?: string;
  readonly line2?: string;
  readonly city: string;
  readonly region?: string;
  readonly postalCode: string;
  readonly countryCode: string;
  readonly phone?: string;
};

/** What a shipper asks a label for. */
export type LabelRequest = {
  /** The shipper's idempotency key: the same key is the same label, whatever else the request says. */
  readonly key: string;
  readonly carrier: string;
  readonly serviceLevel: string;
  readonly weightGrams: number;
  /** What is in the parcel; the simulation's magic words are looked for at its beginning. */
  readonly description: string;
  readonly from?: CarrierAddress;
  readonly to: CarrierAddress;
  /** Returned as it came. */
  readonly metadata?: Readonly<Record<string, string>>;
};

/** A label that was sold. */
export type SoldLabel = {
  readonly id: string;
  readonly key: string;
  readonly accountId: string;
  readonly carrier: string;
  readonly serviceLevel: string;
  readonly trackingNumber: string;
  readonly trackingUrl: string;
  readonly cost: number;
  readonly currency: string;
  readonly soldAt: string;
  readonly expectedDelivery: string;
  readonly expectedFrom: string;
  readonly expectedUntil: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly description: string;
  /** An earlier parcel had the same description: a `LOST-` one that is sent again arrives. */
  readonly isRepeat: boolean;
  readonly from: { readonly city: string; readonly countryCode: string };
  readonly to: { readonly city: string; readonly countryCode: string };
  readonly voided: boolean;
};

/** The answer to one request of a batch. */
export type LabelAnswer =
  | { readonly key: string; readonly label: SoldLabel }
  | { readonly key: string; readonly refused: { readonly reason: string; readonly detail: string } };

const isText = (value: unknown): value is string => typeof value === 'string';

const addressOf = (value: unknown): CarrierAddress | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const { city, postalCode, countryCode } = value as Record<string, unknown>;
  if (!isText(city) || !isText(postalCode) || !isText(countryCode) || !/^[A-Z]{2}$/.test(countryCode)) return undefined;
  return { city, postalCode, countryCode };
};

const metadataOf = (value: unknown): Readonly<Record<string, string>> =>
  typeof value !== 'object' || value === null
    ? {}
    : Object.fromEntries(Object.entries(value).flatMap(([name, entry]) => (isText(entry) ? [[name, entry] as const] : [])));

/** Reads a request that came over the wire; answers what is wrong with it as a text. Of the address only what the price needs is kept. */
export const readLabelRequest = (value: unknown, key: unknown): LabelRequest | string => {
  if (typeof value !== 'object' || value === null) return 'the request is not an object';
  if (!isText(key) || key === '' || key.length > 255) return 'an idempotency key of 1 to 255 characters is needed';
  const { carrier, serviceLevel, weightGrams, description, from, to, metadata } = value as Record<string, unknown>;
  const destination = addressOf(to);
  if (!isText(carrier) || !isText(serviceLevel) || !isText(description)) return 'carrier, serviceLevel and description have to be texts';
  if (typeof weightGrams !== 'number' || !Number.isInteger(weightGrams) || weightGrams <= 0) return 'weightGrams has to be a whole number above 0';
  if (destination === undefined) return 'to needs city, postalCode and countryCode';
  const origin = addressOf(from);
  return {
    key,
    carrier,
    serviceLevel,
    weightGrams,
    description,
    ...(origin === undefined ? {} : { from: origin }),
    to: destination,
    metadata: metadataOf(metadata),
  };
};
