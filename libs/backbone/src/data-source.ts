import type { ServiceName } from '@orderlog/contracts';
import { rowTypes, SessionClient, sessionOptions } from '@orderlog/event-log';
import type { Pool } from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import type { BackboneConfig } from './backbone-config.js';

/** Connections for queries, projections and the short statements of relay and timers: 4 of a service's 10. */
const queryConnectionsMax = 4;

/** Opens the read models' data source. TypeORM never changes a schema: migrations are numbered SQL, run by the owner role. */
export const openDataSource = async (service: ServiceName, config: BackboneConfig, entities: DataSourceOptions['entities']): Promise<DataSource> => {
  const source = new DataSource({
    type: 'postgres',
    url: config.databaseUrl,
    schema: config.schema,
    applicationName: `orderlog ${service} queries`,
    entities: entities ?? [],
    synchronize: false,
    migrationsRun: false,
    installExtensions: false,
    logging: false,
    poolSize: queryConnectionsMax,
    connectTimeoutMS: 5_000,
    extra: { options: sessionOptions(config.schema), types: rowTypes, keepAlive: true, idleTimeoutMillis: 60_000, Client: SessionClient },
  });
  return source.initialize();
};

/** The `pg` pool inside a data source, so that both share their connections. */
export const poolOf = (source: DataSource): Pool => (source.driver as PostgresDriver).master;
