import { Inject, type DynamicModule, type OnModuleDestroy, type Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { CompactedTopic } from '@orderlog/contracts';
import { CONFIG, GRPC_SERVICES, HEALTH, LIFECYCLE, LOGGER, type GrpcServices, type Lifecycle } from '@orderlog/edge';
import { createEventLog, executorOf, refuseNewerSchema, type PostgresEventLog, type SqlExecutor } from '@orderlog/event-log';
import { addLogReader, openKafka, quarantinedMessages, republish, type CopiesPublisher, type KafkaClient, type ParkedStreams } from '@orderlog/messaging';
import type { Health, Logger } from '@orderlog/observability';
import { createProjections, type Projection, type Projections } from '@orderlog/projections';
import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import type { ServiceConfig } from './backbone-config.js';
import { lazyCopies } from './copies-publisher.js';
import { openDataSource, poolOf } from './data-source.js';
import type { BackboneDefinition, Wiring } from './definition.js';
import { createEngine, engineSteps, type Engine } from './engine.js';
import { serviceMigrations } from './migrate-service.js';
import { opsController } from './ops.controller.js';
import { guardParked, type GuardedLog } from './parked-guard.js';
import { parkedOf } from './parked.js';
import { projectionProof } from './proof.js';
import { observeBackbone } from './backbone-metrics.js';
import { registerHealth } from './backbone-health.js';
import { statusOf, type BackboneStatus } from './status.js';
import { COPIES, COPIES_ARE_READ, COPY_IS_CURRENT, DATA_SOURCE, ENGINE, EVENT_LOG, KAFKA, PARKED, PG_POOL, PROJECTIONS, PROOF, QUARANTINED, REPUBLISH, SQL, STATUS } from './tokens.js';

const DEFINITION = Symbol('orderlog:backbone-definition');
const POSTGRES_LOG = Symbol('orderlog:postgres-log');
const WIRING = Symbol('orderlog:wiring');
const PROJECTION_LIST = Symbol('orderlog:projection-list');

const openLog = async (definition: BackboneDefinition, config: ServiceConfig, logger: Logger): Promise<PostgresEventLog> => {
  const log = await createEventLog({
    service: definition.name,
    connectionString: config.databaseUrl,
    schema: config.schema,
    connectionsMax: config.logConnections,
    ...(definition.upcasters === undefined ? {} : { upcasters: definition.upcasters }),
    onError: (error) => logger.error({ err: error }, 'the event log met an error nobody waits for'),
  });
  await refuseNewerSchema(log.sql, serviceMigrations(definition.name)).catch(async (error: unknown) => {
    await log.close();
    throw error;
  });
  return log;
};

const wiringOf = (
  log: PostgresEventLog,
  sql: SqlExecutor,
  dataSource: DataSource,
  kafka: KafkaClient,
  copies: CopiesPublisher,
  config: ServiceConfig,
  logger: Logger,
  modules: ModuleRef,
): Wiring => ({ log, sql, dataSource, kafka, copies, config, logger, get: (token) => modules.get(token, { strict: false }) });

const providersOf = (definition: BackboneDefinition): Provider[] => [
  { provide: DEFINITION, useValue: definition },
  { provide: ENGINE, useFactory: createEngine },
  { provide: DATA_SOURCE, inject: [CONFIG], useFactory: (config: ServiceConfig) => openDataSource(definition.name, config, [...(definition.entities ?? [])]) },
  { provide: PG_POOL, inject: [DATA_SOURCE], useFactory: poolOf },
  { provide: SQL, inject: [PG_POOL], useFactory: (pool: Pool) => executorOf(pool) },
  { provide: POSTGRES_LOG, inject: [CONFIG, LOGGER], useFactory: (config: ServiceConfig, logger: Logger) => openLog(definition, config, logger) },
  { provide: EVENT_LOG, inject: [POSTGRES_LOG], useFactory: guardParked },
  {
    provide: KAFKA,
    inject: [CONFIG, LOGGER],
    useFactory: (config: ServiceConfig, logger: Logger) => openKafka(config.kafkaClient, { brokers: config.kafkaBrokers, clientId: `orderlog-${definition.name}`, logger }),
  },
  { provide: COPIES, inject: [KAFKA, CONFIG], useFactory: (kafka: KafkaClient, config: ServiceConfig) => lazyCopies(kafka, config.topicPrefix) },
  { provide: WIRING, inject: [POSTGRES_LOG, SQL, DATA_SOURCE, KAFKA, COPIES, CONFIG, LOGGER, ModuleRef], useFactory: wiringOf },
  { provide: PROJECTION_LIST, inject: [WIRING], useFactory: (wiring: Wiring) => definition.projections?.(wiring) ?? [] },
  {
    provide: PROJECTIONS,
    inject: [WIRING, PROJECTION_LIST],
    useFactory: (wiring: Wiring, projections: readonly Projection<never>[]) =>
      createProjections({
        log: wiring.log,
        dataSource: wiring.dataSource,
        projections,
        another: (name) => definition.projections?.(wiring).find((projection) => projection.name === name),
        ...(definition.upcasters === undefined ? {} : { upcasters: definition.upcasters }),
        onError: (name, error) => wiring.logger.error({ projection: name, err: error }, 'a projection could not go on'),
      }),
  },
  { provide: PARKED, inject: [ENGINE, WIRING], useFactory: (engine: Engine, wiring: Wiring) => parkedOf(engine, wiring.log, wiring.sql) },
  { provide: COPIES_ARE_READ, inject: [ENGINE], useFactory: (engine: Engine) => () => engine.copiesCaughtUp },
  {
    provide: COPY_IS_CURRENT,
    inject: [ENGINE],
    useFactory: (engine: Engine) => async (topic: CompactedTopic) => (await engine.copies.find((copies) => copies.topic === topic)?.isCurrent()) ?? false,
  },
  { provide: QUARANTINED, inject: [SQL], useFactory: quarantinedMessages },
  {
    provide: REPUBLISH,
    inject: [WIRING],
    useFactory: ({ log, sql }: Wiring) => (shard?: number, fromSeq?: number) =>
      republish({ log, sql, ...(shard === undefined ? {} : { shards: [shard] }), ...(fromSeq === undefined ? {} : { fromSeq }) }),
  },
  {
    provide: STATUS,
    inject: [ENGINE, WIRING, PROJECTIONS, PARKED],
    useFactory: (engine: Engine, { log }: Wiring, projections: Projections, parked: ParkedStreams) => () => statusOf({ log, engine, projections, parked }),
  },
  {
    provide: PROOF,
    inject: [POSTGRES_LOG, WIRING],
    useFactory: (log: PostgresEventLog, wiring: Wiring) => projectionProof(log, wiring.sql, () => definition.projections?.(wiring) ?? [], definition.upcasters),
  },
];

/** One service's share of the backbone. Global: its tokens are injectable everywhere in the service. */
export class BackboneModule implements OnModuleDestroy {
  private readonly stopWatching: readonly (() => void)[];

  /** Wires and starts nothing: the edge opens gRPC, for which the log reader has to be known now, then HTTP, then starts the steps. */
  constructor(
    @Inject(DEFINITION) definition: BackboneDefinition,
    @Inject(WIRING) private readonly wiring: Wiring,
    @Inject(PG_POOL) pool: Pool,
    @Inject(EVENT_LOG) private readonly log: GuardedLog,
    @Inject(POSTGRES_LOG) postgresLog: PostgresEventLog,
    @Inject(ENGINE) engine: Engine,
    @Inject(PROJECTIONS) projections: Projections,
    @Inject(PARKED) parked: ParkedStreams,
    @Inject(STATUS) status: () => Promise<BackboneStatus>,
    @Inject(LIFECYCLE) lifecycle: Lifecycle,
    @Inject(HEALTH) health: Health,
    @Inject(GRPC_SERVICES) grpcServices: GrpcServices,
  ) {
    const { config, logger, sql } = wiring;
    grpcServices.add((server) => addLogReader(server, postgresLog, config.serviceToken));
    for (const step of engineSteps(engine, { definition, wiring, projections, sql })) lifecycle.add(step);
    registerHealth(health, engine, pool);
    this.stopWatching = [
      log.watch(() => parked.list(), (error) => logger.warn({ err: error }, 'parked streams could not be read')),
      ...observeBackbone(engine, status, { log: postgresLog.pool, queries: pool }, logger),
    ];
  }

  /** Declares the backbone of a service, in the imports of its module. */
  static forService(definition: BackboneDefinition): DynamicModule {
    return {
      module: BackboneModule,
      global: true,
      controllers: [opsController(definition.prefix)],
      providers: providersOf(definition),
      exports: [EVENT_LOG, SQL, DATA_SOURCE, KAFKA, COPIES, COPIES_ARE_READ, COPY_IS_CURRENT, PROJECTIONS, PARKED, STATUS],
    };
  }

  /** After the steps were stopped: pools and connections. */
  async onModuleDestroy(): Promise<void> {
    for (const stop of this.stopWatching) stop();
    await this.wiring.copies.close();
    await this.log.close();
    await this.wiring.dataSource.destroy();
  }
}
