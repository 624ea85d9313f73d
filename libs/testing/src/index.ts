export { eventually } from './eventually.js';
export { freshDatabase, type FreshDatabase } from './postgres.js';
export { freshTopics, kafkaBrokers, type FreshTopics } from './kafka.js';
export { specification } from './specification.js';
