export { eventually } from './eventually.js';
export { freshDatabase, type FreshDatabase } from './postgres.js';
export { specification } from './specification.js';
