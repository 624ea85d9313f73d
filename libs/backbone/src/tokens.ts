/** Injection tokens of what the backbone provides to every module of a service. */

/** The service's `EventLog`. Commands on a parked stream are refused by it (409 `stream-parked`). */
export const EVENT_LOG = Symbol('orderlog:event-log');
/** A `SqlExecutor` for single statements on the service's schema, prepared once a session; the connections are those of DATA_SOURCE. */
export const SQL = Symbol('orderlog:sql');
/** The `pg` Pool behind SQL and DATA_SOURCE. */
export const PG_POOL = Symbol('orderlog:pg-pool');
/** The TypeORM `DataSource` of the read models. */
export const DATA_SOURCE = Symbol('orderlog:data-source');
/** The `KafkaClient`. Services rarely need it: facts come through listeners, events leave through the log. */
export const KAFKA = Symbol('orderlog:kafka');
/** A `CopiesPublisher` for compacted topics; connects at its first record. */
export const COPIES = Symbol('orderlog:copies');
/** `(topic) => Promise<boolean>`: whether this service's copy of a compacted topic holds all that stands on it now. */
/** `() => boolean`: have all copies been read to where their topics ended when the service started? What a copy does not have by then may still come. */
export const COPIES_ARE_READ = Symbol('orderlog:copies-are-read');
export const COPY_IS_CURRENT = Symbol('orderlog:copy-is-current');
/** The service's running `Projections`; also for reading your own writes (`caughtUp`). */
export const PROJECTIONS = Symbol('orderlog:projections');
/** The service's `ParkedStreams`. */
export const PARKED = Symbol('orderlog:parked');
/** The service's `QuarantinedMessages`. */
export const QUARANTINED = Symbol('orderlog:quarantined');
/** Sets the relay's cursors back: `(shard?, fromSeq?) => Promise<Republished[]>`. */
export const REPUBLISH = Symbol('orderlog:republish');
/** Answers the `BackboneStatus` now. */
export const STATUS = Symbol('orderlog:status');
/** The service's `ProjectionProof`: compares read models with a rebuild from the log. */
export const PROOF = Symbol('orderlog:proof');
/** What runs beside requests: the `Engine` of the service. */
export const ENGINE = Symbol('orderlog:engine');
