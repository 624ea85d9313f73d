import type { MigrationFolder } from '@orderlog/event-log';

/** A database of one test file, migrated, with the roles of one service. */
export type FreshDatabase = {
  readonly service: string;
  /** The service's schema in it. */
  readonly schema: string;
  /** Logs in as the service does: may not change its log. */
  readonly appUrl: string;
  /** Logs in as the server's superuser, search path on the schema. */
  readonly adminUrl: string;
  /** Removes it, with the connections that are still open. */
  drop(): Promise<void>;
};

/** Makes a database for one test file on the server of DATABASE_URL: a clone of a migrated template, so that it takes milliseconds. */
export const freshDatabase = async (_options: {
  readonly service: string;
  /** After the event log's own. */
  readonly folders?: readonly MigrationFolder[];
}): Promise<FreshDatabase> => {
  throw new Error('under construction');
};
