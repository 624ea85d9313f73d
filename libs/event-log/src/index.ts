export {
  OutcomeUnknown,
  Overloaded,
  VersionConflict,
  type Aggregate,
  type Condition,
  type EffectRequest,
  type EventLog,
  type LogFollower,
  type LogTransaction,
  type Meta,
  type NewStream,
  type Outcome,
  type PendingOutcome,
  type Reactions,
  type ShardCursors,
  type ShardHead,
  type SqlExecutor,
  type StoredEvent,
  type StreamCommand,
  type TimerChange,
} from './event-log.js';
export { createGroupCommit, type GroupCommit, type GroupCommitOptions } from './group-commit.js';
export { newEventId, newOrderId, shardOfId, shardOfStream } from './ids.js';
export { eventLogMigrations, migrate, MigrationRefused, readMigrations, refuseNewerSchema, type MigrateOptions, type Migration, type MigrationFolder } from './migrate.js';
export { createEventLog, type EventLogOptions, type PostgresEventLog } from './postgres-event-log.js';
export { copyOut } from './replay.js';
export { executorOf, openPool, rowTypes, sessionOptions } from './session.js';
export { SessionClient } from './session-client.js';
export { isConnectionLoss, isContention, isTransient, sqlStateOf } from './sql-errors.js';
export { schemaVersionOf, upcast, type Upcaster, type Upcasters } from './upcasting.js';
export { verifyChain, type BrokenLink, type ChainReport } from './verify-chain.js';
