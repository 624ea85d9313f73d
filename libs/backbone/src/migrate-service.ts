import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ServiceName } from '@orderlog/contracts';
import { migrate, type MigrationFolder } from '@orderlog/event-log';
import { messagingMigrations } from '@orderlog/messaging';
import { projectionMigrations } from '@orderlog/projections';

/** Everything a service's schema is made of besides the event log, in order: messaging, projections, then its own folder. */
export const serviceMigrations = (service: ServiceName): readonly MigrationFolder[] => {
  const own = new URL(`../../../services/${service}/infrastructure/migrations/`, import.meta.url);
  return [messagingMigrations, projectionMigrations, ...(existsSync(fileURLToPath(own)) ? [{ name: service, path: own }] : [])];
};

/**
 * Creates a service's schema and roles where they are missing and brings them up to date; answers the migrations it ran. Called by the launcher, by
 * deployments and by tests, never by a running service: that one's role owns nothing.
 */
export const migrateService = (options: {
  /** May create schemas and roles. */
  readonly adminUrl: string;
  readonly service: ServiceName;
  /** Password of the runtime role `<service>_app`. */
  readonly appPassword?: string;
  /** Default: `serviceMigrations(service)`. */
  readonly folders?: readonly MigrationFolder[];
}): Promise<readonly string[]> =>
  migrate({
    adminUrl: options.adminUrl,
    schema: options.service,
    ...(options.appPassword === undefined ? {} : { appPassword: options.appPassword }),
    folders: options.folders ?? serviceMigrations(options.service),
  });
