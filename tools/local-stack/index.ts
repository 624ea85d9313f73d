export { spawnGuarded, type Exit, type GuardedOptions, type GuardedProcess } from './guarded.js';
export { countBrokers } from './kafka-probe.js';
export { startKafka, type RunningKafka } from './kafka.js';
export { freePort, freePorts, requirePort } from './ports.js';
export { startPostgres, type RunningPostgres } from './postgres.js';
export type { OnProgress, Progress } from './progress.js';
export { StackError } from './stack-error.js';
export { removeStack, startStack, type RunningStack } from './stack.js';
