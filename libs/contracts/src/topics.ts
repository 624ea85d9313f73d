/** Logical shards of every log and partitions of every `*.events` topic, fixed at install. */
export const shardsPerLog = 16;

/** The five services; each has a schema, a log and a topic of its own. */
export const services = ['order', 'inventory', 'routing', 'warehouse', 'shipping'] as const;
export type ServiceName = (typeof services)[number];

/** A topic that carries a service's log one to one, partition = shard. */
export const eventsTopic = (service: ServiceName): string => `${service}.events`;

/** Compacted topics: copies of state, each record with its own version, outside the position protocol. */
export const compactedTopics = ['inventory.items', 'inventory.availability', 'routing.centers'] as const;
export type CompactedTopic = (typeof compactedTopics)[number];
/** Partitions of a compacted topic. */
export const compactedPartitions = 4;

/** Value of a record on `inventory.items`; key = sku. */
export type ItemCopy = {
  readonly sku: string;
  readonly name: string;
  readonly weightGrams: number;
  readonly lengthMm: number;
  readonly widthMm: number;
  readonly heightMm: number;
  readonly hazmat: boolean;
  readonly barcodes: readonly { readonly symbology: string; readonly value: string }[];
  readonly active: boolean;
  /** Stream version of the item; a copy never goes back to a smaller one. */
  readonly version: number;
};

/** Value of a record on `inventory.availability`; key = `<sku>@<centerId>`. */
export type AvailabilityCopy = {
  readonly sku: string;
  readonly centerId: string;
  /** Units that may be promised now (available, safety stock not counted). */
  readonly available: number;
  /** The stock row's version. */
  readonly version: number;
};

/** Value of a record on `routing.centers`; key = center id. */
export type CenterCopy = {
  readonly centerId: string;
  readonly name: string;
  readonly kind: 'own' | 'third_party' | 'store';
  readonly countryCode: string;
  readonly region: string;
  readonly postalCode: string;
  readonly city: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly timeZone: string;
  readonly cutOff: string;
  readonly capacityUnitsPerDay: number;
  readonly stopped: boolean;
  readonly version: number;
};
