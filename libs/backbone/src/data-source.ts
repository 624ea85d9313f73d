import type { ServiceName } from '@orderlog/contracts';
import pg, { type Pool } from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import type { BackboneConfig } from './backbone-config.js';

/** Connections for queries, projections and the short statements of relay and timers: 4 of a service's 10. */
const queryConnectionsMax = 4;

const int8 = 20;
const timestamptz = 1184;

const safeInteger = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} does not fit into a number`);
  return value;
};

const instant = (text: string): string => new Date(text).toISOString();

/** The same in every pool of a service: `bigint` is a number, `timestamptz` an RFC 3339 text with milliseconds. */
const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => {
    if (format !== 'binary' && oid === int8) return safeInteger;
    if (format !== 'binary' && oid === timestamptz) return instant;
    return pg.types.getTypeParser(oid, format);
  },
};

/** The session limits of the event log, and the service's schema. */
const sessionOptions = (schema: string): string =>
  [
    `search_path=${pg.escapeIdentifier(schema)}`,
    'TimeZone=UTC',
    'idle_in_transaction_session_timeout=5000',
    'lock_timeout=3000',
    'statement_timeout=10000',
    'client_min_messages=warning',
  ]
    .map((setting) => `-c ${setting}`)
    .join(' ');

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
    extra: { options: sessionOptions(config.schema), types, keepAlive: true, idleTimeoutMillis: 60_000 },
  });
  return source.initialize();
};

/** The `pg` pool inside a data source, so that both share their connections. */
export const poolOf = (source: DataSource): Pool => (source.driver as PostgresDriver).master;
