import type { Type } from '@nestjs/common';
import type { CompactedTopic, ServiceName } from '@orderlog/contracts';
import type { EventLog, SqlExecutor, Upcasters } from '@orderlog/event-log';
import type { CompactedRecord, CopiesPublisher, EffectHandler, KafkaClient, TimerHandler } from '@orderlog/messaging';
import type { Logger } from '@orderlog/observability';
import type { Projection } from '@orderlog/projections';
import type { DataSource } from 'typeorm';
import type { ServiceConfig } from './backbone-config.js';

/** What handlers that are not Nest controllers are made of. */
export type Wiring = {
  readonly log: EventLog;
  readonly sql: SqlExecutor;
  readonly dataSource: DataSource;
  readonly kafka: KafkaClient;
  readonly copies: CopiesPublisher;
  readonly config: ServiceConfig;
  readonly logger: Logger;
  /** Anything else the service provides, by its injection token. */
  readonly get: <T>(token: symbol | string | Type<T>) => T;
};

/** A compacted topic this service keeps a copy of. Records come from the beginning at every start, and may come twice: keep the higher version. */
export type Copy<T = unknown> = { readonly topic: CompactedTopic; readonly onRecord: (record: CompactedRecord<T>) => void };

/** Types a copy by its record. */
export const copy = <T>(definition: Copy<T>): Copy => definition as Copy;

/** One service's share of the backbone. Its listeners are not named here: they are controllers of the service's module with `@OnFacts` methods. */
export type BackboneDefinition = {
  readonly name: ServiceName;
  /** Path of the operators' API, the service's own: `/v1/orders`, `/v1/stock`, … */
  readonly prefix: string;
  readonly upcasters?: Upcasters;
  readonly timers?: (wiring: Wiring) => readonly TimerHandler[];
  readonly effects?: (wiring: Wiring) => readonly EffectHandler[];
  readonly projections?: (wiring: Wiring) => readonly Projection<never>[];
  /** TypeORM entities of the read models (`*.row.ts`). */
  readonly entities?: readonly (new () => object)[];
  /** Copies of compacted topics. All are caught up before the first fact is heard. */
  readonly copies?: (wiring: Wiring) => readonly Copy[];
};
