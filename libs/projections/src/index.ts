export { compareWithRebuild, type RebuildComparison, type TableDifference } from './compare-with-rebuild.js';
export { digestOf } from './digest.js';
export { projection, projectionMigrations, type Projection } from './projection.js';
export { createProjections, type Projections, type ProjectionsOptions } from './runner.js';
