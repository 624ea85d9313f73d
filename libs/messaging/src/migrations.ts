import type { MigrationFolder } from '@orderlog/event-log';

/** Positions of relay and consumer, parking and quarantine; after the event log's own. */
export const messagingMigrations: MigrationFolder = { name: 'messaging', path: new URL('../sql/', import.meta.url) };
