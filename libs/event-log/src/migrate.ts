/** A folder of numbered SQL files; a migration's id is `<name>/<number>`. */
export type MigrationFolder = { readonly name: string; readonly path: string | URL };

/** What `migrate` needs to know. */
export type MigrateOptions = {
  /** A URL that may create the schema and, where they do not exist yet, the roles. No running service has it. */
  readonly adminUrl: string;
  readonly schema: string;
  /** Owns schema and tables; nobody logs in as it. Default `<schema>_owner`. */
  readonly ownerRole?: string;
  /** What the service logs in as; owns nothing. Default `<schema>_app`. */
  readonly appRole?: string;
  /** Set for the app role when given (and the role may be altered); a role created without one cannot log in with a password. */
  readonly appPassword?: string;
  /** After the event log's own, which always come first: messaging's, projections', then the service's. */
  readonly folders?: readonly MigrationFolder[];
};

/** The event log's own migrations. */
export const eventLogMigrations: MigrationFolder = { name: 'event-log', path: new URL('../sql/', import.meta.url) };

/** Brings a service's schema up to date; safe to run from many processes at once. Answers the ids it applied. */
export const migrate = async (_options: MigrateOptions): Promise<readonly string[]> => {
  throw new Error('under construction');
};
