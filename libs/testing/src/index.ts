export { eventually } from './eventually.js';
export { specification } from './specification.js';
