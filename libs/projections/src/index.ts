export {
  createProjections,
  projection,
  projectionMigrations,
  type Projection,
  type Projections,
  type ProjectionsOptions,
} from './projection.js';
