export { eventually } from './eventually.js';
export { describeGoldenFolds, goldenStream, type GoldenStream } from './golden-folds.js';
export { leftToOldHeap } from './heap.js';
export { freshTopics, kafkaBrokers, type FreshTopics } from './kafka.js';
export { freshDatabase, type FreshDatabase } from './postgres.js';
export { projectionSpecification, recorded } from './projection-specification.js';
export { specification } from './specification.js';
